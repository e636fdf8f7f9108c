import Foundation
import Testing
import TestSupport

@Suite("a configuration that is read again", .serialized, .timeLimit(.minutes(1)))
struct ReloadTests {
    /// Lines in place of the good configuration's, and what the errors must name.
    struct Bad: CustomTestStringConvertible {
        var name: String
        var lines: String
        var texts: [String]
        var testDescription: String { name }
    }

    private static let api = "upstreams:\n  api: {base_url: \"http://127.0.0.1:PORT/v1\"}\n"

    static let bad = [
        Bad(name: "syntax", lines: api + "tasks: [unclosed", texts: ["gateway.yaml:", "not valid YAML"]),
        Bad(
            name: "unknown key", lines: api + "tassks: []", texts: ["gateway.yaml:4: tassks:", "did you mean 'tasks'?"]),
        Bad(
            name: "missing variable", lines: "upstreams:\n  api: {base_url: \"${NO_SUCH_VARIABLE}/v1\"}",
            texts: ["gateway.yaml:3: upstreams.api.base_url: the environment variable NO_SUCH_VARIABLE is not set"]),
        Bad(
            name: "bad URL", lines: "upstreams:\n  api: {base_url: \"http://user:pass@h/v1\"}",
            texts: ["gateway.yaml:3: upstreams.api.base_url:", "must not hold a user name"]),
        Bad(
            name: "duplicate name", lines: api + "servers:\n  api: {base_url: \"http://127.0.0.1:1/v1\"}",
            texts: [": upstreams.api: another backend has the same name"]),
        Bad(
            name: "duplicate key", lines: api + "kill_switch: true\nkill_switch: false",
            texts: ["a mapping has a key twice"]),
        Bad(
            name: "missing model and adapter",
            lines: api + "engines:\n  e:\n    model: nowhere\n    adapters: {a: nowhere/adapter}",
            texts: ["gateway.yaml:6: engines.e.model:", "nowhere"]),
        Bad(
            name: "percentage", lines: api + "tasks:\n  - folder: tasks/tiny\n    mode: canary:101",
            texts: ["gateway.yaml:6: tasks[0].mode: 'canary:101' is not a mode"]),
        Bad(name: "empty", lines: "", texts: ["gateway.yaml: the file is empty"]),
        Bad(name: "wrong type", lines: "upstreams: [a, b]", texts: ["gateway.yaml:2: upstreams: it must be a mapping"]),
        Bad(name: "cyclic alias", lines: api + "tasks: &loop [*loop]", texts: ["gateway.yaml:4", "not valid YAML"]),
        Bad(
            name: "huge", lines: api + String(repeating: "# padding to fill the file\n", count: 200_000),
            texts: ["gateway.yaml: it is larger than 4194304 bytes"]),
        Bad(name: "unreadable", lines: "UNREADABLE", texts: ["gateway.yaml: it is a folder"]),
    ]

    /// Requests without a pause, until they are stopped.
    private final class Traffic: Sendable {
        private let task: Task<[String], Never>

        init(port: Int) {
            task = Task.detached {
                var failures: [String] = []
                while !Task.isCancelled {
                    do {
                        let connection = try RawConnection(port: port)
                        let body = Array(#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#.utf8)
                        try connection.send(RunningGateway.request("POST", "/v1/chat/completions", body: body))
                        let response = await connection.response(to: "POST")
                        if response.status != 200 || !response.isWhole { failures.append("\(response.status)") }
                    } catch {
                        failures.append("\(error)")
                    }
                }
                return failures
            }
        }

        func stop() async -> [String] {
            task.cancel()
            return await task.value
        }
    }

    private func write(_ bad: Bad, _ task: TinyTask, port: Int) throws {
        if bad.name == "unreadable" {
            try FileManager.default.removeItem(atPath: task.config)
            return try FileManager.default.createDirectory(atPath: task.config, withIntermediateDirectories: true)
        }
        let lines = bad.lines.replacingOccurrences(of: "PORT", with: "\(port)")
        guard !lines.isEmpty else { return _ = try task.folder.write("", to: "gateway.yaml") }
        try task.configure(lines)
    }

    @Test("a bad file changes nothing, is explained three times in the same words, and fails no request")
    func badFiles() async throws {
        let upstream = try chatServer("old")
        let task = try TinyTask(manifest: false)
        try task.configure(Self.api.replacingOccurrences(of: "PORT", with: "\(upstream.port)"))
        let gateway = try await RunningGateway(["--config", task.config])
        let traffic = Traffic(port: gateway.port)
        for bad in Self.bad {
            try write(bad, task, port: upstream.port)
            let answer = try await gateway.send("POST", "/admin/reload", admin: true)
            #expect(answer.status == 422, "\(bad.name)")
            let check = try Program.run(["check", "--config", task.config])
            #expect(check.status == 2, "\(bad.name)")
            let report = try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
            #expect(report["result"] as? String == "error")
            let messages = try #require(report["errors"] as? [[String: Any]]).compactMap { $0["message"] as? String }
            #expect(
                messages == check.errors.split(separator: "\n").map { String($0.dropFirst("promptintern: ".count)) })
            for text in bad.texts {
                #expect(messages.contains { $0.contains(text) }, "\(bad.name): \(messages)")
            }
            let serve = try Program.run(["serve", "--config", task.config])
            #expect(serve.status == 2 && serve.errors == check.errors, "\(bad.name)")
            if bad.name == "unreadable" { try FileManager.default.removeItem(atPath: task.config) }
        }
        #expect(await traffic.stop() == [])
        #expect(
            try await gateway.chat(#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#).text.contains("old"))
        let metrics = try await gateway.send("GET", "/metrics", admin: true)
        #expect(metrics.text.contains("pi_config_reload_total{result=\"error\"} \(Self.bad.count)\n"))
        #expect(metrics.text.contains("pi_config_reload_total{result=\"ok\"} 0\n"))
        #expect(await eventually { gateway.errors.contains("configuration refused") })
        #expect(gateway.stop() == 0)
    }

    @Test("a good file takes over at once; requests under way end on the old one; signals under traffic fail nothing")
    func goodFile() async throws {
        let released = ScriptedSignal()
        let old = try ScriptedServer { _ in
            [
                .chunkedHead(headers: [("content-type", "text/event-stream")]),
                .chunk(
                    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"old\"},\"finish_reason\":null}]}\n\n"),
                .await(released), .chunk("data: [DONE]\n\n"), .lastChunk,
            ]
        }
        let new = try chatServer("new")
        let task = try TinyTask(manifest: false)
        try task.configure("upstreams:\n  api: {base_url: \"http://127.0.0.1:\(old.port)/v1\"}")
        let gateway = try await RunningGateway(["--config", task.config])
        let stream = try RawConnection(port: gateway.port)
        let body = #"{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}"#
        try stream.send(RunningGateway.request("POST", "/v1/chat/completions", body: Array(body.utf8)))
        _ = await eventually(within: .seconds(5)) { old.requests.count == 1 }
        try task.configure(
            """
            listen: 127.0.0.1:1
            upstreams:
              api: {base_url: "http://127.0.0.1:\(new.port)/v1"}
            tasks: [{folder: tasks/tiny, mode: off}]
            """)
        let report = try await gateway.send("POST", "/admin/reload", admin: true)
        #expect(report.status == 200 && report.text.contains("\"ok\""))
        let plain = #"{"model":"m","messages":[{"role":"user","content":"x"}]}"#
        #expect(try await gateway.chat(plain).text.contains("new"))
        #expect(try await gateway.send("GET", "/admin/tasks", admin: true).text.contains("\"task\" : \"tiny\""))
        let traffic = Traffic(port: gateway.port)
        let taken = "configuration taken over by=SIGHUP"
        // Signals that come during a reload count as one.
        for round in 0..<400 where round < 20 || gateway.errors.components(separatedBy: taken).count <= 5 {
            kill(gateway.process.processIdentifier, SIGHUP)
            try await Task.sleep(for: .milliseconds(25))
        }
        #expect(gateway.errors.components(separatedBy: taken).count > 5)
        #expect(await traffic.stop() == [])
        var during = ""
        for _ in 0..<50 where !during.contains("\npi_connections 1\n") {
            during = try await gateway.send("GET", "/metrics", admin: true).text
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(during.contains("\npi_requests_in_progress 1\n") && during.contains("\npi_connections 1\n"))
        released.fire()
        let answer = await stream.response(to: "POST")
        #expect(answer.isWhole && answer.text.contains("old") && answer.text.contains("[DONE]"))
        #expect(gateway.stop() == 0)
    }

    @Test(
        "a base model whose files are the same is not loaded again, whatever its adapters; one whose files changed is")
    func engines() async throws {
        let model = try TinyEngineModel()
        let task = try TinyTask(manifest: false)
        let lines = """
            engines:
              tiny: {model: \(model.base), adapters: {tiny-tuned: \(model.adapter)}, threads: 1, queue: 2}

            """
        try task.configure(lines)
        let gateway = try await RunningGateway(["--config", task.config])
        let request = #"{"model":"tiny-base","max_tokens":4,"messages":[{"role":"user","content":"x"}]}"#
        let before = try await gateway.chat(request)
        #expect(before.status == 200)
        try task.configure(lines + "kill_switch: true\n")
        #expect(try await gateway.send("POST", "/admin/reload", admin: true).status == 200)
        #expect(await eventually { gateway.errors.contains("engines_kept=1 engines_loaded=0") })
        let weights = model.adapter + "/adapter_model.safetensors"
        let bytes = try #require(FileManager.default.contents(atPath: weights))
        try bytes.write(to: URL(fileURLWithPath: weights), options: .atomic)
        #expect(try await gateway.send("POST", "/admin/reload", admin: true).status == 200)
        let kept = "engines_kept=1 engines_loaded=0"
        #expect(await eventually { gateway.errors.components(separatedBy: kept).count == 3 })
        let base = model.base + "/model.safetensors"
        let baseBytes = try #require(FileManager.default.contents(atPath: base))
        try baseBytes.write(to: URL(fileURLWithPath: base), options: .atomic)
        #expect(try await gateway.send("POST", "/admin/reload", admin: true).status == 200)
        #expect(await eventually { gateway.errors.contains("engines_kept=0 engines_loaded=1") })
        #expect(try await gateway.chat(request).text.contains("chat.completion"))
        try FileManager.default.removeItem(atPath: weights)
        let refused = try await gateway.send("POST", "/admin/reload", admin: true)
        #expect(refused.status == 422 && refused.text.contains("engines.tiny.adapters.tiny-tuned"))
        #expect(try await gateway.chat(request).status == 200)
        #expect(gateway.stop() == 0)
    }

    @Test("what belongs to the process is named, and a listener that others reach keeps its keys")
    func restart() async throws {
        let upstream = try chatServer("x")
        let task = try TinyTask(manifest: false)
        let api = "upstreams:\n  api: {base_url: \"http://127.0.0.1:\(upstream.port)/v1\"}\n"
        try task.configure(api)
        let gateway = try await RunningGateway(["--config", task.config])
        _ = try task.folder.write(
            api + "ledger: {file: other.sqlite}\nlimits: {drain_seconds: 3}\n", to: "gateway.yaml")
        let report = try await gateway.send("POST", "/admin/reload", admin: true)
        #expect(report.status == 200)
        #expect(report.text.contains("\"ledger.file\"") && report.text.contains("\"limits.drain_seconds\""))
        let told = "a changed setting takes effect only with a restart key=ledger.file"
        #expect(await eventually { gateway.errors.contains(told) })
        #expect(try await gateway.send("GET", "/admin/reload", admin: true).status == 405)
        #expect(try await gateway.send("POST", "/admin/reload").status == 404)
        #expect(try await gateway.send("GET", "/metrics").status == 404)
        #expect(gateway.stop() == 0)
    }
}
