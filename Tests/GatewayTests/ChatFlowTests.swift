import ChatAPI
import Experimentation
import Foundation
import Gateway
import Ledger
import PromptSchema
import Testing

@Suite("What is sent where")
struct ChatFlowTests {
    @Test("a recognized prompt reaches the tuned model without its template, the query byte for byte")
    func stripped() async throws {
        let gateway = try await GatewayFixture()
        let reply = await gateway.chat()
        #expect(reply.status == 200)
        #expect(try await reply.text() == Answers.completion)
        let sent = try #require(gateway.tuned.requests.first)
        let query = String(decoding: JSONWriter.encoded(GatewayFixture.query), as: UTF8.self)
        #expect(
            String(decoding: sent.body, as: UTF8.self)
                == #"{ "model":"formulas-v1" ,"seed":1234567890123456789,"messages" : ["#
                + #"{"content":\#(query),"role":"user"} ] }"#)
        #expect(sent.model == "formulas-v1")
        #expect(sent.chat?.messages?.map { String(decoding: $0.text, as: UTF8.self) } == [GatewayFixture.query])
        #expect(gateway.full.requests.isEmpty)
        #expect(reply.header("x-request-id") == "req-1")
        #expect(reply.header("x-upstream-request-id") == "upstream-1")
        #expect(reply.header("x-promptintern-task") == "formulas")
        #expect(reply.header("x-promptintern-arm") == "internalized")
        #expect(reply.header("x-promptintern-reason") == "on")
        #expect(reply.header("x-promptintern-model") == "formulas-v1")
        let counts = ["before", "after", "saved"].compactMap { reply.header("x-promptintern-tokens-\($0)") }
            .compactMap { Int($0) }
        #expect(counts.count == 3 && counts[0] - counts[1] == counts[2] && counts[2] > 0)
        let row = try #require(try await gateway.rows().first)
        #expect(row.arm == .internalized && row.reason == "on" && row.outcome == .complete && row.status == 200)
        #expect(row.isFinal && row.attempt == 1 && row.backend == "tuned" && row.model == "formulas-v1")
        #expect(row.tokens.sentSource == .reported && row.tokens.sent.total == 40 && row.tokens.completion == 3)
        #expect(row.tokens.full.total == counts[0] && row.tokens.full.template > 0)
        #expect(row.schemaFingerprint == gateway.service.registry["formulas"]?.schema.fingerprint)
    }

    @Test("an untrained prompt is passed on byte for byte")
    func passthrough() async throws {
        let gateway = try await GatewayFixture()
        let body = GatewayFixture.body(template: "Something else.", extra: #","x_vendor":{"b":1.0,"a":-0.0}"#)
        let reply = await gateway.chat(body)
        _ = try await reply.text()
        #expect(gateway.full.requests.map(\.body) == [body])
        #expect(gateway.tuned.requests.isEmpty)
        #expect(reply.header("x-promptintern-arm") == "passthrough")
        #expect(reply.header("x-promptintern-reason") == "unrecognized")
        #expect(reply.header("x-promptintern-tokens-before") == nil)
        let row = try #require(try await gateway.rows().first)
        #expect(row.arm == .passthrough && row.task == nil && row.tokens.sent == SegmentTokens(other: 40))
        #expect(row.tokens.full == row.tokens.sent)
    }

    @Test("a template that differs by one character goes in full, and the ledger says drift")
    func drift() async throws {
        let gateway = try await GatewayFixture()
        let changed = GatewayFixture.template.replacingOccurrences(of: "QX7", with: "QX8")
        let body = GatewayFixture.body(template: changed)
        let reply = await gateway.chat(body)
        _ = try await reply.text()
        #expect(gateway.full.requests.map(\.body) == [body])
        #expect(gateway.tuned.requests.isEmpty)
        let row = try #require(try await gateway.rows().first)
        #expect(row.arm == .fullPrompt && row.reason == "drift" && row.task == "formulas")
        let place = GatewayFixture.template.utf8.count - 2
        #expect(reply.header("x-promptintern-detail")?.hasSuffix("differs at byte \(place).") == true)
        #expect(reply.header("x-promptintern-tokens-saved") == "0")
    }

    @Test("the full-prompt model's name is spliced in, and nothing else changes")
    func modelName() async throws {
        let gateway = try await GatewayFixture(mode: .off, fullModel: "vendor/large")
        _ = try await gateway.chat().text()
        #expect(gateway.full.requests.map(\.body) == [GatewayFixture.body(model: "vendor/large")])
    }

    @Test("bypass, kill switch and mode off send the full prompt", arguments: ["bypass", "kill_switch", "off"])
    func switches(reason: String) async throws {
        let gateway = try await GatewayFixture(
            mode: reason == "off" ? .off : .on, configure: { $0.killSwitch = reason == "kill_switch" })
        let headers: HeaderFields = reason == "bypass" ? [("X-PromptIntern-Bypass", "true")] : []
        let reply = await gateway.chat(headers: headers)
        _ = try await reply.text()
        #expect(gateway.full.requests.map(\.body) == [GatewayFixture.body()])
        #expect(gateway.full.requests.first?.headers.isEmpty == true)
        #expect(reply.header("x-promptintern-reason") == reason)
        #expect(try await gateway.rows().map(\.reason) == [reason])
    }

    @Test("an audit changes nothing and tells what it would have")
    func audit() async throws {
        let gateway = try await GatewayFixture(mode: .audit, manifest: .missing)
        let reply = await gateway.chat()
        _ = try await reply.text()
        #expect(gateway.full.requests.map(\.body) == [GatewayFixture.body()])
        #expect(gateway.tuned.requests.isEmpty)
        #expect(reply.header("x-promptintern-arm") == "full_prompt")
        #expect(reply.header("x-promptintern-reason") == "audit")
        #expect(reply.header("x-promptintern-tokens-saved") == "0")
        #expect(reply.header("x-promptintern-tokens-before") == reply.header("x-promptintern-tokens-after"))
        #expect(Int(reply.header("x-promptintern-tokens-savable") ?? "") ?? 0 > 0)
    }

    @Test("a manifest that is missing or differs keeps the prompt whole")
    func manifest() async throws {
        for check in [ManifestCheck.missing, .differs(["the base model's hash is another"])] {
            let gateway = try await GatewayFixture(manifest: check)
            _ = try await gateway.chat().text()
            #expect(gateway.full.requests.map(\.body) == [GatewayFixture.body()])
            #expect(try await gateway.rows().map(\.reason) == ["manifest_mismatch"])
        }
    }

    @Test(
        "features that the tuned backend lacks or the schema does not allow go in full",
        arguments: [
            #","tools":[{"type":"function","function":{"name":"f"}}]"#, #","n":2"#, #","logprobs":true"#,
            #","response_format":{"type":"json_object"}"#, #","logit_bias":{"1":2}"#, #","presence_penalty":1"#,
            #","top_k":5"#, #","audio":{"voice":"x"}"#, #","max_tokens":"many""#, #","web_search_options":{}"#,
        ])
    func features(extra: String) async throws {
        let gateway = try await GatewayFixture()
        let body = GatewayFixture.body(extra: extra)
        let reply = await gateway.chat(body)
        _ = try await reply.text()
        #expect(reply.header("x-promptintern-detail")?.isEmpty == false)
        #expect(gateway.full.requests.map(\.body) == [body])
        #expect(try await gateway.rows().map(\.reason) == ["unsupported_feature"])
    }

    @Test(
        "fields that change no answer do not keep a prompt from being stripped",
        arguments: [
            #","user":"u""#, #","metadata":{"a":"b"}"#, #","store":true"#, #","service_tier":"flex""#,
            #","safety_identifier":"s""#, #","prompt_cache_key":"k""#, #","n":1,"tools":[],"logprobs":false"#,
            #","temperature":0.5,"top_p":0.9,"max_completion_tokens":5,"stop":["x"]"#,
        ])
    func harmless(extra: String) async throws {
        let gateway = try await GatewayFixture()
        _ = try await gateway.chat(GatewayFixture.body(extra: extra)).text()
        #expect(gateway.tuned.requests.count == 1)
    }

    @Test("a feature must be both allowed by the schema and known to the backend")
    func allowed() async throws {
        let body = GatewayFixture.body(extra: #","logprobs":true"#)
        let open = try await GatewayFixture(allows: ["logprobs"])
        _ = try await open.chat(body).text()
        #expect(open.tuned.requests.count == 1)
        let lacking = try await GatewayFixture(allows: ["logprobs"], lacking: [.logprobs])
        _ = try await lacking.chat(body).text()
        #expect(lacking.tuned.requests.isEmpty && lacking.full.requests.count == 1)
    }

    @Test("a message that carries more than role and text goes in full")
    func messageFields() async throws {
        let gateway = try await GatewayFixture()
        let plain = String(decoding: GatewayFixture.body(), as: UTF8.self)
        let named = plain.replacingOccurrences(of: #""role":"user""#, with: #""role":"user","name":"Ann""#)
        _ = try await gateway.chat(Array(named.utf8)).text()
        #expect(gateway.full.requests.map(\.body) == [Array(named.utf8)])
        #expect(try await gateway.rows().map(\.reason) == ["unsupported_feature"])
    }

    @Test(
        "a task's prompt with more than text in it is the task's, and goes in full as it came",
        arguments: [
            #"[{"type":"text","text":"q"},{"type":"image_url","image_url":{"url":"data:,"}}]"#,
            #"[{"type":"input_audio","input_audio":{"data":"","format":"wav"}}]"#, #"[{"type":"file","file":{}}]"#, "7",
        ])
    func moreThanText(content: String) async throws {
        let gateway = try await GatewayFixture()
        let system = String(decoding: JSONWriter.encoded(GatewayFixture.template), as: UTF8.self)
        func body(_ system: String) -> [UInt8] {
            Array(
                #"{"model":"m", "messages":[{"role":"system","content":\#(system)},{"role":"user","content":\#(content)}]}"#
                    .utf8)
        }
        let reply = await gateway.chat(body(system))
        _ = try await reply.text()
        #expect(reply.header("x-promptintern-arm") == "full_prompt")
        #expect(reply.header("x-promptintern-reason") == "unsupported_feature")
        #expect(reply.header("x-promptintern-task") == "formulas")
        #expect(reply.header("x-promptintern-detail")?.contains("Message 1 ") == true)
        #expect(Int(reply.header("x-promptintern-tokens-before") ?? "") ?? 0 > 0)
        let other = await gateway.chat(body(#""You are helpful.""#), id: "other")
        _ = try await other.text()
        #expect(other.header("x-promptintern-reason") == "unrecognized")
        #expect(gateway.full.requests.map(\.body) == [body(system), body(#""You are helpful.""#)])
    }

    @Test("content parts are recognized as one text, and each keeps its share of the query")
    func parts() async throws {
        let gateway = try await GatewayFixture()
        let body =
            #"{"model":"m","messages":[{"role":"system","content":[{"type":"text","text":"You translate questions of "},"#
            + #"{"type":"text","text":"the Harbour Desk into one spreadsheet formula.\nAlma = QX7\n"}]},"#
            + #"{"role":"user","content":[{"type":"text","text":"How "},{"type":"text","text":"long?"}]}]}"#
        _ = try await gateway.chat(Array(body.utf8)).text()
        #expect(
            gateway.tuned.requests.map { String(decoding: $0.body, as: UTF8.self) } == [
                #"{"model":"formulas-v1","messages":[{"role":"user","content":[{"type":"text","text":"How "},"#
                    + #"{"type":"text","text":"long?"}]}]}"#
            ])
    }

    @Test("a canary keeps each sticky key on its arm, and only more keys join when it grows")
    func canary() async throws {
        let gateway = try await GatewayFixture(mode: .canary(percent: 30))
        var arms: [[String]] = []
        for percent in [30, 30, 60] {
            _ = try await gateway.service.setMode(.canary(percent: percent), of: "formulas", by: "test")
            var round: [String] = []
            for key in 0..<40 {
                let headers: HeaderFields = [("x-promptintern-sticky-key", "user-\(key)")]
                round.append(
                    await gateway.chat(headers: headers, id: UUID().uuidString).header("x-promptintern-arm") ?? "")
            }
            arms.append(round)
        }
        #expect(arms[0] == arms[1])
        #expect(Set(arms[0]) == ["internalized", "full_prompt"])
        for (before, after) in zip(arms[0], arms[2]) where before == "internalized" { #expect(after == "internalized") }
        #expect(arms[2].count { $0 == "internalized" } > arms[0].count { $0 == "internalized" })
    }

    @Test("a gateway key stays here, and the client's own key goes on")
    func keys() async throws {
        let gateway = try await GatewayFixture(mode: .off)
        let headers: HeaderFields = [("Authorization", "Bearer secret"), ("OpenAI-Project", "p")]
        _ = try await gateway.chat(headers: headers, id: "a").text()
        _ = try await gateway.chat(headers: headers, id: "b", gatewayKey: "team").text()
        #expect(
            gateway.full.requests.map { $0.headers.map(\.name) } == [
                ["Authorization", "OpenAI-Project"], ["OpenAI-Project"],
            ])
    }

    @Test(
        "a body that is no chat request is refused with an error body and a row",
        arguments: ["", "{", #"{"model":"m"}"#, #"{"messages":[]}"#, #"{"model":"m","model":"n","messages":[]}"#])
    func invalid(body: String) async throws {
        let gateway = try await GatewayFixture()
        let reply = await gateway.chat(Array(body.utf8))
        #expect(reply.status == 400)
        #expect(try await reply.text().hasPrefix(#"{"error":{"message":"#))
        #expect(gateway.full.requests.isEmpty)
        let rows = try await gateway.rows()
        #expect(rows.map(\.reason) == ["invalid_request"] && rows.map(\.status) == [400])
        #expect(rows.first?.outcome == .failed)
    }

    @Test("without a default backend an unknown model is 404, and a route's model is answered")
    func routes() async throws {
        let gateway = try await GatewayFixture(configure: {
            $0.defaultBackend = nil
            $0.routes = [.init(name: "own", backend: "full", model: "inner")]
        })
        let unknown = await gateway.chat(GatewayFixture.body(template: "x", model: "nobody"), id: "a")
        #expect(unknown.status == 404)
        #expect(try await unknown.text().contains("No upstream is configured"))
        #expect(try await gateway.rows("a").map(\.status) == [404])
        let known = await gateway.chat(GatewayFixture.body(template: "x", model: "own"), id: "b")
        #expect(known.status == 200)
        #expect(gateway.full.requests.map(\.model) == ["inner"])
    }
}

@Suite("Names and encodings on the way")
struct WireNameTests {
    @Test("a model name of any length and script is served, and what tells it is cut to what a header holds")
    func modelNames() async throws {
        let name = String(repeating: "e\u{301}\u{1F600}", count: 400)
        let gateway = try await GatewayFixture(mode: .off)
        let body = GatewayFixture.body(model: name)
        let reply = await gateway.chat(body)
        #expect(reply.status == 200)
        _ = try await reply.text()
        #expect(gateway.full.requests.map(\.body) == [body])
        #expect(try await gateway.rows().map(\.outcome) == [.complete])
        #expect(reply.headers.allSatisfy { $0.value.utf8.allSatisfy { (0x20...0x7E).contains($0) } })
    }

    @Test("an answer that is read on its way is asked for unpacked")
    func encodings() async throws {
        let gateway = try await GatewayFixture()
        let headers: HeaderFields = [("Accept-Encoding", "gzip"), ("accept", "x")]
        _ = try await gateway.chat(headers: headers, id: "a").text()
        _ = try await gateway.chat(GatewayFixture.body(template: "x"), headers: headers, id: "b").text()
        #expect(gateway.tuned.requests.map { $0.headers.map(\.name) } == [["accept"]])
        #expect(gateway.full.requests.map { $0.headers.map(\.name) } == [["accept"]])
    }
}
