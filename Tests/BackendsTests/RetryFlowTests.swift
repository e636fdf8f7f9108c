import Backends
import Gateway
import Synchronization
import Ledger
import TestSupport
import Testing
import Transport

@Suite("What is tried again")
struct RetryFlowTests {
    /// A server whose first answers are these steps, and whose later ones are sound.
    private func server(failing count: Int, _ steps: [ScriptedStep]) throws -> ScriptedServer {
        let left = Mutex(count)
        return try ScriptedServer { request in
            let fails = left.withLock { left in
                left -= 1
                return left >= 0
            }
            return fails ? steps : FaultFixture.sound(request)
        }
    }

    @Test(
        "by default a POST reaches an upstream once, whatever becomes of it",
        arguments: [
            [ScriptedStep.close], [.reset], [.hold], [.response(429, headers: [("Retry-After", "0")])],
            [.response(500)], [.response(503)], [.response(529)], [.response(408)],
        ])
    func once(steps: [ScriptedStep]) async throws {
        let server = try server(failing: 100, steps)
        var limits = FaultFixture.limits
        if case .hold? = steps.first { limits = FaultFixture.hurried }
        let fixture = try await FaultFixture(upstreams: [server.baseURL], limits: limits)
        #expect(try await fixture.chat().status >= 400)
        #expect(server.requests.count == 1)
    }

    @Test(
        "what is configured to be repeated is, with a row for each attempt, and the last answer goes to the client",
        arguments: ["429", "500", "reset", "timeout"], [1, 3])
    func repeated(kind: String, failures: Int) async throws {
        let (steps, conditions): ([ScriptedStep], RetryPolicy.Conditions) =
            switch kind {
            case "429": ([.response(429, headers: [("Retry-After", "0.05")])], .rateLimit)
            case "500": ([.response(500)], .serverError)
            case "reset": ([.reset], .reset)
            default: ([.hold], .timeout)
            }
        let server = try server(failing: failures, steps)
        let fixture = try await FaultFixture(
            upstreams: [server.baseURL], limits: kind == "timeout" ? FaultFixture.hurried : FaultFixture.limits,
            options: { $0.retry = RetryPolicy(conditions: conditions) })
        let outcome = try await fixture.chat()
        #expect((outcome.status == 200) == (failures < 3))
        #expect(outcome.rows.count == min(failures + 1, 3) && server.requests.count == outcome.rows.count)
        #expect(outcome.rows.map(\.isFinal) == Array(repeating: false, count: outcome.rows.count - 1) + [true])
        #expect(outcome.rows.allSatisfy { $0.reason == "unrecognized" })
        // An upstream that refuses bills nothing.
        #expect(outcome.rows.filter { $0.status >= 400 }.allSatisfy { $0.tokens.sent.total == 0 })
    }

    @Test("a longer wish for rest than 2 s is not waited for, and goes to the client")
    func longWish() async throws {
        let server = try server(failing: 9, [.response(429, headers: [("Retry-After", "3")])])
        let fixture = try await FaultFixture(
            upstreams: [server.baseURL], options: { $0.retry = RetryPolicy(conditions: .rateLimit) })
        let outcome = try await fixture.chat()
        #expect(outcome.status == 429 && outcome.headers.first(named: "retry-after") == "3")
        #expect(outcome.rows.count == 1)
    }

    @Test("nothing is tried again after the first byte, nor past the caller's own time limit")
    func tooLate() async throws {
        let everything: RetryPolicy.Conditions = [.connect, .reset, .timeout, .rateLimit, .serverError]
        let cut = try server(
            failing: 9, [.chunkedHead(headers: FaultFixture.events), .chunk(FaultFixture.chunk), .reset])
        let fixture = try await FaultFixture(
            upstreams: [cut.baseURL], options: { $0.retry = RetryPolicy(conditions: everything) })
        let outcome = try await fixture.chat(streams: true)
        #expect(outcome.isBroken && outcome.rows.map(\.outcome) == [.partial] && cut.requests.count == 1)

        let limited = try server(failing: 9, [.response(429, headers: [("Retry-After", "2")])])
        let hurried = try await FaultFixture(
            upstreams: [limited.baseURL], options: { $0.retry = RetryPolicy(conditions: everything) })
        let late = try await hurried.chat(headers: [("x-promptintern-timeout", "1.5")])
        #expect(late.status == 429 && late.time < .milliseconds(1500))
    }

    @Test("retries are at most ten and a fifth of the requests")
    func budget() async throws {
        let server = try server(failing: .max, [.response(500)])
        let fixture = try await FaultFixture(
            upstreams: [server.baseURL],
            options: { $0.retry = RetryPolicy(retries: 1, conditions: .serverError) })
        var attempts = 0
        for _ in 0..<40 { attempts += try await fixture.chat().rows.count }
        #expect(attempts - 40 >= 10 && attempts - 40 <= 10 + 40 / 5)
        #expect(server.requests.count == attempts)
    }

    @Test("other paths are tried again by the same rules")
    func forwarded() async throws {
        let server = try server(failing: 1, [.response(503)])
        let fixture = try await FaultFixture(
            upstreams: [server.baseURL], options: { $0.retry = RetryPolicy(conditions: .serverError) })
        let outcome = try await fixture.send(Array(#"{"model":"e","input":"a"}"#.utf8), to: "/v1/embeddings")
        #expect(outcome.status == 200 && outcome.rows.map(\.attempt) == [1, 2])
    }
}
