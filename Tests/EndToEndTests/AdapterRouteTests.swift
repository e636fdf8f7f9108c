import Foundation
import TestSupport
import Testing

@Suite("the program whose adapters change while it serves", .serialized, .timeLimit(.minutes(1)))
struct AdapterRouteTests {
    private static func body(_ model: String, tokens: Int = 24) -> String {
        #"{"model":"\#(model)","messages":[{"role":"user","content":"hello"}],"max_tokens":\#(tokens),"#
            + #""temperature":0,"ignore_eos":true,"logprobs":true}"#
    }

    /// The bytes of an answer's tokens: its text need not be UTF-8.
    private static func tokens(_ answer: RawResponse) -> String {
        answer.text.components(separatedBy: #""bytes":["#).dropFirst().map { $0.prefix { $0 != "]" } + ";" }.joined()
    }

    private func change(
        _ gateway: RunningGateway, _ name: String, _ folder: String, sha256: String? = nil
    ) async throws -> RawResponse {
        let hash = sha256.map { #","sha256":"\#($0)""# } ?? ""
        return try await gateway.send(
            "POST", "/admin/engines/model/adapters",
            body: Array(#"{"name":"\#(name)","folder":"\#(folder)"\#(hash)}"#.utf8), admin: true)
    }

    @Test("adapters are loaded, swapped and unloaded under traffic; every answer is wholly one version's")
    func underTraffic() async throws {
        let model = try TinyEngineModel()
        let folders = try (0..<3).map { try model.addAdapter("version-\($0)", seed: UInt64(10 + $0)) }
        let gateway = try await RunningGateway(["--model", model.base, "--ledger", model.folder.path + "/l.sqlite"])
        #expect(try await gateway.chat(Self.body("team/a")).status == 404)
        // What each version answers alone.
        var expected: [String] = []
        for folder in folders {
            #expect(try await change(gateway, "team/a", folder).status == 200)
            expected.append(Self.tokens(try await gateway.chat(Self.body("team/a"))))
        }
        #expect(Set(expected).count == 3 && expected.allSatisfy { !$0.isEmpty })
        let port = gateway.port
        let traffic = (0..<3).map { _ in Task { try await Self.answers(port: port) } }
        for round in 0..<12 {
            #expect(try await change(gateway, "team/a", folders[round % 3]).status == 200)
            if round % 4 == 1 { #expect(try await change(gateway, "other", folders[0]).status == 200) }
            if round % 4 == 3 {
                let path = "/admin/engines/model/adapters/other"
                #expect(try await gateway.send("DELETE", path, admin: true).status == 200)
            }
            // Requests that begin after the answer are answered by the new version.
            #expect(Self.tokens(try await gateway.chat(Self.body("team/a"))) == expected[round % 3])
        }
        var seen: Set<String> = []
        for task in traffic {
            task.cancel()
            let answers = try await task.value
            #expect(answers.allSatisfy { expected.contains($0) })
            seen.formUnion(answers)
        }
        #expect(!seen.isEmpty)
        let status = try await gateway.send("GET", "/admin/engines", admin: true)
        #expect(status.text.contains(try sha256(folders[2] + "/adapter_model.safetensors")))
        #expect(try await gateway.send("GET", "/v1/models").text.contains("\"team/a\""))
        #expect(!gateway.errors.contains("engines_kept=0"))
        #expect(gateway.stop() == 0)
    }

    /// What the model says, request after request, until the task is cancelled.
    private static func answers(port: Int) async throws -> [String] {
        var answers: [String] = []
        while !Task.isCancelled {
            let connection = try RawConnection(port: port)
            try connection.send(
                RunningGateway.request("POST", "/v1/chat/completions", body: Array(body("team/a").utf8)))
            let answer = await connection.response(to: "POST")
            guard answer.status == 200 else { throw Unanswered(text: answer.text) }
            answers.append(tokens(answer))
        }
        return answers
    }

    private struct Unanswered: Error {
        let text: String
    }

    @Test("a wrong hash, a missing folder and a bad file are refused and change nothing; changes outlast a reload")
    func refusals() async throws {
        let model = try TinyEngineModel()
        let gateway = try await RunningGateway([
            "--model", model.base, "--adapter", "tuned=" + model.adapter, "--ledger", model.folder.path + "/l.sqlite",
        ])
        let before = Self.tokens(try await gateway.chat(Self.body("tuned")))
        let other = try model.addAdapter("other", seed: 20)
        let hash = try sha256(other + "/adapter_model.safetensors")
        let wrong = try await change(gateway, "tuned", other, sha256: String(repeating: "0", count: 64))
        #expect(wrong.status == 422 && wrong.text.contains(hash) && wrong.text.contains("adapter_model.safetensors"))
        #expect(try await change(gateway, "tuned", model.folder.path + "/missing").status == 422)
        let page = try await gateway.send(
            "DELETE", "/admin/engines/model/adapters/tuned", headers: ["Origin: http://page.example"], admin: true)
        #expect(page.status == 403 && page.text.contains("Origin"))
        let bad = try model.addAdapter("bad", seed: 21)
        try Data("{}".utf8).write(to: URL(fileURLWithPath: bad + "/adapter_config.json"))
        #expect(try await change(gateway, "tuned", bad).status == 422)
        for name in ["..", "../x", "/etc/passwd", "a/../../b", "a b", "a//b", "-a", String(repeating: "a", count: 129)]
        {
            let refused = try await change(gateway, name, other)
            #expect(refused.status == 422 && refused.text.contains("not a name that a model can have"), "\(name)")
        }
        #expect(Self.tokens(try await gateway.chat(Self.body("tuned"))) == before)
        #expect(try await change(gateway, "tuned", other, sha256: hash.uppercased()).status == 200)
        let after = Self.tokens(try await gateway.chat(Self.body("tuned")))
        #expect(after != before)
        #expect(try await gateway.send("POST", "/admin/reload", admin: true).status == 200)
        #expect(Self.tokens(try await gateway.chat(Self.body("tuned"))) == after)
        #expect(try await gateway.send("DELETE", "/admin/engines/model/adapters/tuned", admin: true).status == 200)
        #expect(try await gateway.send("POST", "/admin/reload", admin: true).status == 200)
        #expect(try await gateway.chat(Self.body("tuned")).status == 404)
        #expect(try await gateway.chat(Self.body("base")).status == 200)
        #expect(gateway.stop() == 0)
    }

    @Test(
        "an adapter that a task needs is not unloaded; one swapped for a file that its manifest does not name is not used"
    )
    func tasks() async throws {
        let model = try TinyEngineModel()
        let task = try TinyTask(model: model)
        try task.configure(
            """
            engines:
              tiny: {model: \(model.base), adapters: {tiny-tuned: \(model.adapter)}, threads: 1}
            tasks:
              - folder: tasks/tiny
                mode: on
                tuned: {backend: tiny, model: tiny-tuned}
                full_prompt: {backend: tiny}
            """)
        let gateway = try await RunningGateway(["--config", task.config])
        func reason() async throws -> String? {
            try await gateway.chat(TinyTask.prompt("all of it", more: ",\"max_tokens\":2")).header("x-promptintern-arm")
        }
        let tuned = try await reason()
        let path = "/admin/engines/tiny/adapters"
        let refused = try await gateway.send("DELETE", path + "/tiny-tuned", admin: true)
        #expect(refused.status == 422 && refused.text.contains("has no adapter 'tiny-tuned'"))
        let other = try model.addAdapter("other", seed: 30)
        let swap = #"{"name":"tiny-tuned","folder":"\#(other)"}"#
        #expect(try await gateway.send("POST", path, body: Array(swap.utf8), admin: true).status == 200)
        #expect(try await reason() != tuned)
        let back = #"{"name":"tiny-tuned","folder":"\#(model.adapter)"}"#
        #expect(try await gateway.send("POST", path, body: Array(back.utf8), admin: true).status == 200)
        #expect(try await reason() == tuned && tuned == "internalized")
        #expect(gateway.stop() == 0)
    }
}
