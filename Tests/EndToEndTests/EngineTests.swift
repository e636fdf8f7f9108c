import Foundation
import TestSupport
import Testing

@Suite("the program with an embedded model", .serialized, .timeLimit(.minutes(1)))
struct EngineTests {
    private static func serving(_ model: TinyEngineModel, stage: String? = nil) throws -> TinyTask {
        let task = try TinyTask(model: model, stage: stage)
        try task.configure(
            """
            engines:
              tiny: {model: \(model.base), base_name: tiny-base, adapters: {tiny-tuned: \(model.adapter)}}
            tasks:
              - folder: tasks/tiny
                mode: on
                tuned: {backend: tiny, model: tiny-tuned}
                full_prompt: {backend: tiny, model: tiny-base}
            """)
        return task
    }

    @Test("an intermediate stage: the tuned model gets its share of the template, the last example and the query")
    func ramp() async throws {
        let task = try Self.serving(
            try TinyEngineModel(), stage: #"{"tau": 0.5, "k": 1, "template": {"0": [[0, 9]], "1": []}}"#)
        let gateway = try await RunningGateway(["--config", task.config])
        #expect(gateway.output.contains("still sends 0.50 of the template and 1 example"), "\(gateway.output)")
        let tuned = try await gateway.chat(TinyTask.prompt("what is it", more: ",\"max_tokens\":8"))
        #expect(tuned.header("x-promptintern-arm") == "internalized")
        // A byte is a token: "You turn " and "Q: half of it\nA: =A1/2\n\n" in a system message of 10 more.
        #expect(tuned.header("x-promptintern-tokens-after") == "\(29 + 9 + 24 + 10)")
        let savings = try await gateway.send("GET", "/v1/savings?task=tiny").text
        #expect(savings.totalRequests == 1)
        let tasks = try Program.run(["tasks", "--admin", "http://127.0.0.1:\(gateway.adminPort)"])
        #expect(
            tasks.output.contains("tiny: still sends 0.50 of the template and 1 example"),
            "\(tasks.output)\(tasks.errors)")
        #expect(gateway.stop() == 0)
    }

    private static func body(_ model: String, _ more: String = "") -> String {
        #"{"model":"\#(model)","messages":[{"role":"user","content":"hello"}],"max_tokens":8,"temperature":0\#(more)}"#
    }

    @Test("answers come from the engine, whole and streamed the same, and every token is counted")
    func answers() async throws {
        let task = try Self.serving(try TinyEngineModel())
        #expect(try Program.run(["check", "--config", task.config]).output.contains("can be served"))
        let gateway = try await RunningGateway(["--config", task.config])
        #expect(gateway.output.contains("kernels "))
        let tuned = try await gateway.chat(TinyTask.prompt("what is it", more: ",\"max_tokens\":8"))
        #expect(tuned.status == 200)
        #expect(tuned.header("x-promptintern-arm") == "internalized")
        #expect(tuned.header("x-promptintern-tokens-after") == "29")
        let whole = try await gateway.chat(Self.body("tiny-base"))
        let streamed = try await gateway.chat(Self.body("tiny-base", #","stream":true"#))
        #expect(whole.strings("content") == streamed.strings("content"))
        #expect(!whole.strings("content").isEmpty)
        #expect(streamed.text.hasSuffix("data: [DONE]\n\n"))
        let models = try await gateway.send("GET", "/v1/models").text
        #expect(models.contains("\"tiny-base\"") && models.contains("\"tiny-tuned\""))
        let unknown = try await gateway.chat(Self.body("gpt-9"))
        #expect(unknown.status == 404 && unknown.text.contains("model_not_found"))
        let tools = try await gateway.chat(
            Self.body("tiny-base", #","tools":[{"type":"function","function":{"name":"f"}}]"#))
        #expect(tools.status == 400 && tools.text.contains("unsupported_feature"))
        #expect(gateway.stop() == 0)
    }

    @Test("one byte of the adapter changed: the task goes in full, and the program says why")
    func changedAdapter() async throws {
        let model = try TinyEngineModel()
        let task = try Self.serving(model)
        let path = model.adapter + "/adapter_model.safetensors"
        var bytes = [UInt8](FileManager.default.contents(atPath: path) ?? Data())
        bytes[bytes.count - 2] ^= 1
        _ = try model.folder.write(bytes, to: "adapter/adapter_model.safetensors")
        let check = try Program.run(["check", "--config", task.config])
        #expect(check.status == 2 && check.errors.contains("the adapter's hash"))
        let gateway = try await RunningGateway(["--config", task.config])
        #expect(gateway.output.contains("the manifest differs"))
        let answer = try await gateway.chat(TinyTask.prompt("x", more: ",\"max_tokens\":4"))
        #expect(answer.header("x-promptintern-reason") == "manifest_mismatch")
        #expect(answer.status == 200)
        #expect(gateway.stop() == 0)
    }

    @Test("a second gateway on the same ledger is refused, and a missing weights file is named")
    func refusals() async throws {
        let model = try TinyEngineModel()
        let task = try Self.serving(model)
        let gateway = try await RunningGateway(["--config", task.config])
        let second = try Program.run(
            ["serve", "--config", task.config, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
        #expect(second.status == 1 && second.errors.contains("\(gateway.process.processIdentifier)"))
        #expect(gateway.stop() == 0)
        try FileManager.default.removeItem(atPath: model.base + "/model.safetensors")
        let missing = try Program.run(["serve", "--config", task.config])
        #expect(missing.status == 2 && missing.errors.contains("model.safetensors is missing"))
    }

    @Test("`serve --tasks` finds task folders and starts them in mode audit")
    func discovery() async throws {
        let upstream = try chatServer("full")
        let task = try TinyTask()
        let gateway = try await RunningGateway([
            "--upstream", upstream.baseURL, "--tasks", task.folder.path + "/tasks", "--ledger", task.ledger,
        ])
        let answer = try await gateway.chat(TinyTask.prompt("x"))
        #expect(answer.header("x-promptintern-task") == "tiny")
        #expect(answer.header("x-promptintern-arm") == "full_prompt")
        #expect(upstream.requests.last?.bodyText == TinyTask.prompt("x"))
        #expect(gateway.stop() == 0)
    }
}

extension RawResponse {
    /// Every JSON string with this key, joined.
    func strings(_ key: String) -> String {
        text.components(separatedBy: "\"\(key)\":\"").dropFirst().map { $0.components(separatedBy: "\"")[0] }.joined()
    }
}
