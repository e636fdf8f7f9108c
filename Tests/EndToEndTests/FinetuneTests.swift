import Foundation
import Testing
import TestSupport

@Suite("the program tunes at a provider", .serialized, .timeLimit(.minutes(1)))
struct FinetuneTests {
    private func task() throws -> TinyTask {
        let task = try TinyTask(manifest: false)
        let rows = (0..<12).map { "{\"query\": \"question \($0)\", \"answer\": \"=A\($0)\"}\n" }
        try FileManager.default.createDirectory(atPath: task.path + "/data", withIntermediateDirectories: true)
        _ = try task.folder.write(rows.joined(), to: "tasks/tiny/data/train.jsonl")
        return task
    }

    private func arguments(_ task: TinyTask, _ provider: ScriptedProvider, poll: String) -> [String] {
        [
            "finetune", "openai", "--task", task.path, "--model", "gpt-test", "--base-url", provider.baseURL,
            "--examples", "0", "--poll-seconds", poll,
        ]
    }

    @Test("kill -9, the same command again, and the gateway's tuned backend is the provider's model")
    func killAndServe() async throws {
        let (task, provider) = (try task(), try ScriptedProvider())
        let environment = ["OPENAI_API_KEY": ScriptedProvider.key]
        let first = Program.process(arguments(task, provider, poll: "5"), environment: environment)
        let log = task.folder.path + "/log"
        first.standardError = try Program.handle(log)
        first.standardOutput = FileHandle.nullDevice
        try first.run()
        #expect(await eventually(within: .seconds(20)) { provider.jobs.count == 1 })
        kill(first.processIdentifier, SIGKILL)
        first.waitUntilExit()

        let second = try Program.run(arguments(task, provider, poll: "0.01"), environment: environment)
        #expect(second.status == 0, "\(second.errors)")
        #expect(second.output.contains("model: ft:gpt-test:org:stage:ftjob-3"))
        #expect(provider.jobs.count == 4 && second.errors.contains("stage 1/4: job ftjob-0, going on"))
        for text in [second.output, second.errors, Program.read(log)] { #expect(!text.contains(ScriptedProvider.key)) }
        let last = String(decoding: provider.jobs[3].file, as: UTF8.self)
        #expect(last.hasPrefix("{\"messages\":[{\"content\":\"question 0\",\"role\":\"user\"},"))
        #expect(!last.contains("formulas"))

        let (tuned, upstream) = (try chatServer("tuned"), try chatServer("full"))
        try task.configure(
            """
            upstreams:
              api: {base_url: "http://127.0.0.1:\(upstream.port)/v1"}
              provider: {base_url: "http://127.0.0.1:\(tuned.port)/v1", key: sk-x}
            tasks:
              - folder: tasks/tiny
                mode: on
                tuned: {backend: provider}
                full_prompt: {backend: api, model: big}
            """)
        let gateway = try await RunningGateway(["--config", task.config])
        let answer = try await gateway.chat(TinyTask.prompt("what is it"))
        #expect(answer.header("x-promptintern-arm") == "internalized", "\(gateway.output)")
        let asked = try #require(tuned.requests.last)
        #expect(asked.bodyText.contains("\"ft:gpt-test:org:stage:ftjob-3\"") && !asked.bodyText.contains("formulas"))
        #expect(gateway.stop() == 0)
    }

    @Test(
        "an earlier stage's model is put into service with what the gateway then sends, and the rest is trained later")
    func earlierStage() throws {
        let (task, provider) = (try task(), try ScriptedProvider())
        let environment = ["OPENAI_API_KEY": ScriptedProvider.key]
        func tune(_ more: [String]) throws -> Program.Result {
            try Program.run(arguments(task, provider, poll: "0.01") + more, environment: environment)
        }
        let early = try tune(["--stage", "2", "--compressor", "rules"])
        #expect(early.status == 0 && provider.jobs.count == 2, "\(early.errors)")
        let manifest = Program.read(task.path + "/manifest.json")
        #expect(manifest.contains("\"format_version\" : 3") && manifest.contains(":ftjob-1\""), "\(manifest)")
        let unknown = try tune(["--stage", "5", "--compressor", "rules"])
        #expect(unknown.status == 1 && unknown.errors.contains("--stage: 5 is not from 1 to 4"))
        let all = try tune(["--compressor", "rules"])
        #expect(all.status == 0 && provider.jobs.count == 4, "\(all.errors)")
        #expect(Program.read(task.path + "/manifest.json").contains("\"format_version\" : 2"))
    }

    @Test("without a key, and with too few rows, it says so and asks nobody")
    func refusals() throws {
        let (task, provider) = (try task(), try ScriptedProvider())
        let missing = try Program.run(arguments(task, provider, poll: "0") + ["--key-env", "NO_SUCH_KEY"])
        #expect(missing.status == 1 && missing.errors.contains("NO_SUCH_KEY is not set"))
        _ = try task.folder.write("{\"query\": \"q\", \"answer\": \"a\"}\n", to: "tasks/tiny/data/train.jsonl")
        let few = try Program.run(
            arguments(task, provider, poll: "0"), environment: ["OPENAI_API_KEY": ScriptedProvider.key])
        #expect(few.status == 1 && few.errors.contains("stage-0.jsonl: has 1 rows; openai needs at least 10"))
        #expect(provider.requests.isEmpty)
    }
}
