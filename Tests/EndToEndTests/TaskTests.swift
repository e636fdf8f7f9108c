import Foundation
import Testing
import TestSupport

@Suite("the program with a task", .serialized, .timeLimit(.minutes(1)))
struct TaskTests {
    @Test("a recognised prompt is stripped, a changed one arrives in full, and the ledger says why")
    func stripping() async throws {
        let (tuned, upstream) = (try chatServer("tuned"), try chatServer("full"))
        let task = try TinyTask()
        try task.configure(tuned: tuned.port, upstream: upstream.port)
        let gateway = try await RunningGateway(["--config", task.config])
        let known = try await gateway.chat(TinyTask.prompt("what is it"))
        #expect(known.header("x-promptintern-task") == "tiny")
        #expect(known.header("x-promptintern-arm") == "internalized")
        #expect(known.header("x-promptintern-reason") == "on")
        #expect(known.text.contains("tuned"))
        let stripped = try #require(tuned.requests.last)
        #expect(!stripped.bodyText.contains("formulas") && stripped.bodyText.contains("what is it"))
        #expect(stripped.bodyText.contains("\"tiny-tuned\""))
        let before = try #require(known.header("x-promptintern-tokens-before").flatMap { Int($0) })
        let after = try #require(known.header("x-promptintern-tokens-after").flatMap { Int($0) })
        #expect(known.header("x-promptintern-tokens-saved") == "\(before - after)" && after < before)

        let changed = TinyTask.prompt(
            "what is it", template: TinyTask.template.replacingOccurrences(of: "formulas", with: "formulae"))
        let drifted = try await gateway.chat(changed)
        #expect(drifted.header("x-promptintern-arm") == "full_prompt")
        #expect(drifted.header("x-promptintern-reason") == "drift")
        #expect(
            upstream.requests.last?.bodyText
                == changed.replacingOccurrences(of: "\"model\":\"tiny\"", with: "\"model\":\"big\""))

        let bypassed = try await gateway.chat(TinyTask.prompt("x"), headers: ["x-promptintern-bypass: true"])
        #expect(bypassed.header("x-promptintern-reason") == "bypass")
        let streamed = try await gateway.chat(TinyTask.prompt("x", stream: true))
        #expect(streamed.isWhole && streamed.text.hasSuffix("data: [DONE]\n\n"))

        let savings = try await gateway.send("GET", "/v1/savings?task=tiny").text
        let report = try Program.run(["savings", "--config", task.config, "--json"])
        #expect(report.status == 0)
        for text in [savings, report.output] {
            #expect(text.contains("\"drift\"") && text.contains("\"bypass\""))
            #expect(text.totalRequests == 4)
        }
        #expect(try Program.run(["savings", "--ledger", task.ledger]).output.contains("drift"))
        #expect(gateway.stop() == 0)
    }

    @Test("a mode set while serving holds at once and after a restart")
    func modes() async throws {
        let (tuned, upstream) = (try chatServer("tuned"), try chatServer("full"))
        let task = try TinyTask()
        try task.configure(tuned: tuned.port, upstream: upstream.port)
        let first = try await RunningGateway(["--config", task.config])
        let put = try await first.send(
            "PUT", "/admin/tasks/tiny/mode", body: Array(#"{"mode":"off"}"#.utf8), admin: true)
        #expect(put.status == 200)
        #expect(try await first.chat(TinyTask.prompt("x")).header("x-promptintern-reason") == "off")
        let admin = "http://127.0.0.1:\(first.adminPort)"
        let audit = try Program.run(["mode", "tiny", "audit", "--admin", admin])
        #expect(audit.output == "tiny: mode audit\n")
        #expect(try Program.run(["tasks", "--admin", admin]).output.contains("audit"))
        let unknown = try Program.run(["mode", "tinny", "on", "--admin", admin])
        #expect(unknown.status == 1 && unknown.errors.contains("there is no task \"tinny\": the tasks are tiny"))
        #expect(try Program.run(["mode", "tiny", "canary:200", "--admin", admin]).status == 2)
        #expect(first.stop() == 0)
        let second = try await RunningGateway(["--config", task.config])
        #expect(second.output.contains("tiny: mode audit"))
        #expect(try await second.chat(TinyTask.prompt("x")).header("x-promptintern-reason") == "audit")
        #expect(second.stop() == 0)
    }

    @Test("kill -9 in the middle of traffic: every answer that a client received whole is in the ledger")
    func kills() async throws {
        let (tuned, upstream) = (try chatServer("tuned"), try chatServer("full"))
        let task = try TinyTask()
        try task.configure(tuned: tuned.port, upstream: upstream.port)
        var received: [String] = []
        for round in 0..<3 {
            let gateway = try await RunningGateway(["--config", task.config])
            let port = gateway.port
            let clients = (0..<6).map { client in
                Task.detached { () -> [String] in
                    var ids: [String] = []
                    guard let connection = try? RawConnection(port: port) else { return [] }
                    for number in 0..<10_000 {
                        let body = TinyTask.prompt("q\(client)-\(number)", stream: (client + number) % 2 == 0)
                        let bytes = RunningGateway.request("POST", "/v1/chat/completions", body: Array(body.utf8))
                        guard (try? connection.send(bytes)) != nil else { break }
                        let answer = await connection.response()
                        guard answer.isWhole, answer.status == 200, let id = answer.header("x-request-id") else {
                            break
                        }
                        ids.append(id)
                    }
                    return ids
                }
            }
            try await Task.sleep(for: .milliseconds(600 + 150 * round))
            gateway.kill9()
            for client in clients { received += await client.value }
        }
        #expect(received.count > 50)
        let last = try await RunningGateway(["--config", task.config])
        #expect(try await last.send("GET", "/health/ready").status == 200)
        let counted = try await last.send("GET", "/v1/savings").text.totalRequests
        #expect(last.stop() == 0)
        let attempts = try Program.run(["attempts", "--ledger", task.ledger] + received)
        #expect(attempts.status == 0, "\(attempts.errors)")
        let rows = attempts.output.split(separator: "\n").dropFirst()
        #expect(Set(rows.compactMap { $0.split(separator: " ").first.map { String($0) } }) == Set(received))
        #expect(rows.count == received.count)
        #expect((counted ?? 0) >= received.count)
        #expect(Set(received).count == received.count)
    }

    @Test("`schema explain` shows what would be taken out, and where a request leaves the schema")
    func explain() throws {
        let task = try TinyTask(manifest: false)
        let right = try Program.run(["schema", "explain", "--task", task.path, "-"], input: TinyTask.prompt("what?"))
        #expect(right.status == 0)
        #expect(right.output.contains("example 1 of the bank") && right.output.contains("taken out"))
        #expect(right.output.contains("query") && right.output.contains("what?"))
        let wrong = try Program.run(
            ["schema", "explain", "--task", task.path, "-"],
            input: TinyTask.prompt("what?", template: "You turn questions into cake!"))
        #expect(wrong.status == 1)
        #expect(wrong.output.contains("drift") && wrong.output.contains("byte 24"))
        let missing = try Program.run(["schema", "explain", "--task", "nowhere", "-"], input: "{}")
        #expect(missing.status == 1 && missing.errors.contains("there is no task 'nowhere'"))
    }
}

extension String {
    /// The requests in the totals of a savings report.
    var totalRequests: Int? {
        guard let totals = range(of: "\"totals\""),
            let place = self[totals.upperBound...].range(of: "\"requests\"")
        else { return nil }
        return Int(self[place.upperBound...].drop { !$0.isNumber }.prefix { $0.isNumber })
    }
}
