import Backends
import ChatAPI
import Foundation
import Gateway
import TestSupport
import Testing
import Transport

@Suite("what a server caches of prompts, kept apart by caller")
struct CacheSaltTests {
    private let server: ScriptedServer

    init() throws {
        server = try ScriptedServer { _ in [.response(body: Array("{}".utf8))] }
    }

    private func backend(salts: Bool = true, key: String? = "k") throws -> ServerBackend {
        var options = UpstreamOptions()
        options.saltsCache = salts
        return ServerBackend(
            name: "vllm", endpoints: [try UpstreamEndpoint(server.baseURL)], key: key, transport: try CurlTransport(),
            options: options)
    }

    private func request(
        _ body: String, tenant: String? = "a", target: String = "/v1/completions", method: String = "POST",
        type: String? = "application/json"
    ) -> BackendRequest {
        BackendRequest(
            id: "r", method: method, target: target, headers: type.map { [("content-type", $0)] } ?? [],
            body: Array(body.utf8), model: "m", tenant: tenant)
    }

    /// The salt that reached the server, and what stands before it.
    private func salt(_ request: BackendRequest, _ backend: ServerBackend? = nil) async throws -> (String, String)? {
        _ = try await (backend ?? self.backend()).reply(to: request).body.collect()
        let text = try #require(server.requests.last).bodyText
        if text == String(decoding: request.body, as: UTF8.self) { return nil }
        let range = try #require(text.range(of: #","cache_salt":""#))
        #expect(text.hasSuffix("\"}"))
        return (String(text[range.upperBound...].dropLast(2)), String(text[..<range.lowerBound]))
    }

    @Test("each caller has a salt of its own, the same each time, which the server's key decides too")
    func salts() async throws {
        let body = #"{ "model":"m","prompt":"x" }"#
        let (first, before) = try #require(try await salt(request(body)))
        #expect(before == #"{ "model":"m","prompt":"x" "#)
        #expect(first.utf8.count == 64 && first.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) })
        // printf a | openssl dgst -sha256 -mac HMAC -macopt key:'promptintern cache_salt k'
        #expect(first == "109da0a8b639ed0ba30cd8d404ff4bf37295b90760a9504357d6e679a610a6f3")
        #expect(try await salt(request(body))?.0 == first)
        let others = [
            try await salt(request(body, tenant: "b"))?.0, try await salt(request(body), try backend(key: "l"))?.0,
            try await salt(request(body), try backend(key: nil))?.0,
        ]
        #expect(Set(others + [first]).count == 4 && !others.contains(nil))
        let chat = try ChatRequest(Array(#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#.utf8))
        let stripped = Array(#"{"model":"tuned","messages":[{"role":"user","content":"q"}]}"#.utf8)
        let reply = try await backend().reply(
            to: BackendRequest(id: "r", body: stripped, model: "tuned", chat: .init(request: chat), tenant: "a"))
        _ = try await reply.body.collect()
        let sent = String(decoding: stripped.dropLast(), as: UTF8.self) + #","cache_salt":"\#(first)"}"#
        #expect(server.requests.last?.bodyText == sent)
    }

    @Test("without keys, without the setting, and where no model is asked, requests go as they came")
    func untouched() async throws {
        let body = #"{"model":"m","prompt":"x","cache_salt":"own"}"#
        #expect(try await salt(request(body, tenant: nil)) == nil)
        #expect(try await salt(request(body), try backend(salts: false)) == nil)
        #expect(try await salt(request(#"{"input":"x"}"#)) == nil)
        #expect(try await salt(request("--x\r\ncache_salt", type: "multipart/form-data; boundary=x")) == nil)
        #expect(try await salt(request(body, target: "/v1/files", method: "PUT")) == nil)
    }

    @Test(
        "a salt of the client's own is refused, and so is what a server might read and the gateway cannot",
        arguments: [
            #"{"model":"m","cache_salt":"b9d2"}"#, #"{"cache_salt":null,"model":"m"}"#,
            #"{"model":"m","cache\u005fsalt":"x"}"#, #"{"model":"m","a":NaN,"cache_salt":"x"}"#,
            "\u{feff}{\"model\":\"m\",\"cache_salt\":\"x\"}",
            #"{"model":"m","a":"# + String(repeating: "[", count: 300) + String(repeating: "]", count: 300)
                + #","cache_salt":"x"}"#,
        ])
    func refused(_ body: String) async throws {
        for type in ["application/json", "Application/JSON; charset=utf-8", "application/x+json", nil] {
            let error = await #expect(throws: BackendError.self) {
                _ = try await self.backend().reply(to: self.request(body, type: type))
            }
            #expect(error?.code == .refused && error?.wasSent == false && error?.answer.status == 400)
        }
        #expect(server.requests.isEmpty)
    }
}
