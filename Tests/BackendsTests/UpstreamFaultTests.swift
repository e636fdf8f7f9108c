import Backends
import Foundation
import Gateway
import Ledger
import TestSupport
import Testing
import Transport

/// One way in which a server goes wrong, for streams and whole answers.
struct UpstreamFault: CustomTestStringConvertible, Sendable {
    let name: String
    /// What the client of a provider sees: the status.
    let status: Int
    /// The reason with which the full prompt takes over from a tuned model.
    let fallback: String
    /// The status in the row of the attempt that failed.
    var rowStatus = 0
    let steps: @Sendable () -> [ScriptedStep]

    var testDescription: String { name }

    private static func html(_ status: Int) -> ScriptedStep {
        .response(status, headers: [("Content-Type", "text/html")], body: Array("<html>Log in</html>".utf8))
    }

    /// Short only where time has to run out.
    var limits: TransportLimits { status == 504 ? FaultFixture.hurried : FaultFixture.limits }

    /// The cause that the ledger tells.
    var failure: String {
        if status == 504 { return "ttfb_timeout" }
        return name.hasSuffix("without a word") ? "broken" : "protocol"
    }

    /// Faults before anything of an answer.
    static let early: [UpstreamFault] = [
        .init(name: "headers too late", status: 504, fallback: "tuned_timeout") { [.hold] },
        .init(name: "half a header block", status: 504, fallback: "tuned_timeout") {
            [.text("HTTP/1.1 200 OK\r\nContent-Ty"), .hold]
        },
        .init(name: "closed without a word", status: 502, fallback: "tuned_failed") { [.close] },
        .init(name: "reset without a word", status: 502, fallback: "tuned_failed") { [.reset] },
        .init(name: "not HTTP", status: 502, fallback: "tuned_failed") { [.text("hello\r\n\r\n"), .close] },
        .init(name: "two lengths", status: 502, fallback: "tuned_failed") {
            [.text("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), .close]
        },
        .init(name: "a storm of interim answers", status: 502, fallback: "tuned_failed") {
            [.text(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 10_000)), .response()]
        },
        .init(name: "a redirect", status: 502, fallback: "tuned_failed", rowStatus: 302) {
            [.response(302, headers: [("Location", "http://127.0.0.1:1/")])]
        },
        .init(name: "a web page", status: 502, fallback: "tuned_failed", rowStatus: 200) { [html(200)] },
        .init(name: "an empty answer of known length", status: 502, fallback: "tuned_failed", rowStatus: 200) {
            [.response(headers: FaultFixture.json)]
        },
        .init(name: "an empty answer of unknown length", status: 502, fallback: "tuned_failed", rowStatus: 200) {
            [.chunkedHead(headers: FaultFixture.json), .lastChunk]
        },
    ]
}

@Suite("The upstream fault table")
struct UpstreamFaultTests {
    @Test(
        "a provider's fault before an answer becomes an error of ours, in time, with one row and one request sent",
        arguments: UpstreamFault.early, [false, true])
    func providerEarly(fault: UpstreamFault, streams: Bool) async throws {
        let server = try ScriptedServer { _ in fault.steps() }
        let fixture = try await FaultFixture(upstreams: [server.baseURL], limits: fault.limits)
        let outcome = try await fixture.chat(streams: streams)
        #expect(outcome.status == fault.status && !outcome.isBroken)
        #expect(outcome.text.contains(fault.status == 504 ? "upstream_timeout" : "upstream_unavailable"))
        #expect(!outcome.text.contains("127.0.0.1") && !outcome.text.contains("Log in"))
        #expect(outcome.headers.first(named: "location") == nil)
        #expect(outcome.rows.map(\.outcome) == [.failed] && outcome.rows.map(\.isFinal) == [true])
        #expect(outcome.rows.map(\.status) == [fault.rowStatus] && outcome.rows.map(\.reason) == ["unrecognized"])
        #expect(outcome.rows.map(\.failure) == [fault.failure])
        #expect(server.requests.count == 1)
        #expect(outcome.time < .milliseconds(1500))
    }

    @Test(
        "a tuned model's fault before an answer sends the full prompt, and both attempts have rows",
        arguments: UpstreamFault.early, [false, true])
    func tunedEarly(fault: UpstreamFault, streams: Bool) async throws {
        let tuned = try ScriptedServer { _ in fault.steps() }
        let full = try ScriptedServer(FaultFixture.sound)
        let fixture = try await FaultFixture(
            tuned: tuned.baseURL, upstreams: [full.baseURL], firstToken: fault.limits.firstByte)
        let outcome = try await fixture.chat(task: true, streams: streams)
        #expect(outcome.status == 200 && !outcome.isBroken)
        #expect(
            outcome.text
                == (streams ? FaultFixture.chunk + FaultFixture.finish + FaultFixture.done : FaultFixture.answer))
        #expect(outcome.rows.map(\.reason) == ["on", fault.fallback])
        #expect(outcome.rows.map(\.arm) == [.internalized, .fullPrompt])
        #expect(outcome.rows.map(\.outcome) == [.failed, .complete])
        #expect(outcome.rows.first?.status == fault.rowStatus)
        #expect(outcome.rows.map(\.failure) == [fault.failure, nil])
        #expect(full.requests.map(\.body) == [FaultFixture.body(task: true, streams: streams)])
        #expect(outcome.time < .milliseconds(1750))
    }

    @Test("nobody at the address: two more tries of what was never sent, then 502", arguments: [false, true])
    func refused(streams: Bool) async throws {
        let closed = try ScriptedServer { _ in [] }
        closed.stop()
        let fixture = try await FaultFixture(upstreams: [closed.baseURL])
        let outcome = try await fixture.chat(streams: streams)
        #expect(outcome.status == 502 && outcome.text.contains("upstream_unavailable"))
        #expect(outcome.rows.map(\.isFinal) == [false, false, true])
        #expect(outcome.rows.map(\.attempt) == [1, 2, 3])
        #expect(outcome.rows.allSatisfy { $0.outcome == .failed && $0.tokens.sent.total == 0 })
        #expect(outcome.rows.allSatisfy { $0.failure == "connect" })
        #expect(outcome.time < .seconds(1))
    }

    @Test(
        "a name without an address: 502, and a tuned model's is replaced by the full prompt", arguments: [false, true])
    func unknownHost(streams: Bool) async throws {
        let fixture = try await FaultFixture(upstreams: ["http://nowhere.invalid"])
        #expect(try await fixture.chat(streams: streams).status == 502)
        let full = try ScriptedServer(FaultFixture.sound)
        let tuned = try await FaultFixture(tuned: "http://nowhere.invalid", upstreams: [full.baseURL])
        let outcome = try await tuned.chat(task: true, streams: streams)
        #expect(outcome.status == 200 && outcome.rows.map(\.reason) == ["on", "tuned_failed"])
        #expect(outcome.rows.map(\.failure) == ["dns", nil])
    }

    @Test(
        "a connection that is never made: 504 at the connect limit, and nothing is tried again",
        arguments: [false, true])
    func blackHole(streams: Bool) async throws {
        let hole = try ScriptedServer(backlog: 0, accepts: false) { _ in [] }
        let blocker = try RawConnection(port: hole.port)
        defer { blocker.close() }
        let fixture = try await FaultFixture(upstreams: [hole.baseURL], limits: FaultFixture.hurried)
        let start = ContinuousClock.now
        let outcome = try await fixture.chat(streams: streams)
        #expect(outcome.status == 504 && outcome.rows.count == 1)
        #expect(ContinuousClock.now - start > .milliseconds(400) && outcome.time < .milliseconds(1500))
        let full = try ScriptedServer(FaultFixture.sound)
        let tuned = try await FaultFixture(
            tuned: hole.baseURL, upstreams: [full.baseURL], limits: FaultFixture.hurried)
        let fallen = try await tuned.chat(task: true, streams: streams)
        #expect(fallen.status == 200 && fallen.rows.map(\.reason) == ["on", "tuned_timeout"])
    }

    /// Ends of an answer that has begun.
    static let ends: [(name: String, step: ScriptedStep)] = [("stall", .hold), ("close", .close), ("reset", .reset)]

    /// Short only where time has to run out.
    private static func limits(_ index: Int) -> TransportLimits {
        index == 0 ? FaultFixture.hurried : FaultFixture.limits
    }

    @Test(
        "a stream that stalls, ends or breaks tells an error event, never [DONE], and then breaks",
        arguments: ends.indices, [false, true])
    func midStream(index: Int, task: Bool) async throws {
        let end = Self.ends[index].step
        let read = ScriptedSignal()
        let server = try ScriptedServer { _ in
            [.chunkedHead(headers: FaultFixture.events), .chunk(FaultFixture.chunk), .await(read), end]
        }
        let other = try ScriptedServer(FaultFixture.sound)
        let fixture = try await FaultFixture(
            tuned: task ? server.baseURL : other.baseURL, upstreams: [task ? other.baseURL : server.baseURL],
            limits: Self.limits(index))
        let outcome = try await fixture.chat(task: task, streams: true, onChunk: read.fire)
        #expect(outcome.status == 200 && outcome.isBroken)
        #expect(outcome.text.hasPrefix(FaultFixture.chunk + #"data: {"error":{"message":"#))
        #expect(outcome.text.contains(index == 0 ? "upstream_timeout" : "upstream_unavailable"))
        #expect(!outcome.text.contains("[DONE]"))
        #expect(outcome.rows.map(\.outcome) == [.partial])
        #expect(outcome.rows.first?.tokens.completion == 1)
        #expect(outcome.rows.map(\.failure) == [index == 0 ? "timeout" : "broken"])
        #expect(outcome.time < .milliseconds(1500))
        #expect(other.requests.isEmpty)
    }

    @Test("a stream that breaks within an event just breaks", arguments: ends.indices)
    func midEvent(index: Int) async throws {
        let end = Self.ends[index].step
        let read = ScriptedSignal()
        let server = try ScriptedServer { _ in
            [.chunkedHead(headers: FaultFixture.events), .chunk("data: {\"cho"), .await(read), end]
        }
        let fixture = try await FaultFixture(upstreams: [server.baseURL], limits: Self.limits(index))
        let outcome = try await fixture.chat(streams: true, onChunk: read.fire)
        #expect(outcome.text == "data: {\"cho" && outcome.isBroken)
        #expect(outcome.rows.map(\.outcome) == [.partial])
    }

    @Test(
        "a whole answer that breaks off is broken for the client; a tuned model's is replaced", arguments: ends.indices)
    func midBody(index: Int) async throws {
        let end = Self.ends[index].step
        let half = Array(FaultFixture.answer.utf8.prefix(60))
        let heads: [ScriptedStep] = [
            .text("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"),
            .chunkedHead(headers: FaultFixture.json),
        ]
        for (number, head) in heads.enumerated() {
            // Read by then: a reset takes with it what is not.
            let server = try ScriptedServer { _ in
                [head, number == 0 ? .send(half) : .chunk(half), .wait(milliseconds: 200), end]
            }
            let full = try ScriptedServer(FaultFixture.sound)
            let provider = try await FaultFixture(upstreams: [server.baseURL], limits: Self.limits(index))
            let outcome = try await provider.chat()
            #expect(outcome.status == 200 && outcome.isBroken)
            #expect(outcome.rows.map(\.outcome) == [.partial])
            let fixture = try await FaultFixture(
                tuned: server.baseURL, upstreams: [full.baseURL], limits: Self.limits(index))
            let fallen = try await fixture.chat(task: true)
            #expect(fallen.text == FaultFixture.answer && !fallen.isBroken)
            #expect(fallen.rows.map(\.isFinal) == [false, true])
        }
    }

    @Test(
        "a status of an error is passed on with its bytes and headers; a tuned model's is replaced",
        arguments: [400, 401, 403, 404, 422, 429, 500, 502, 503, 529], [false, true])
    func statuses(status: Int, streams: Bool) async throws {
        let text = #"{"error":{"message":"no","type":"t","param":null,"code":"c"}}"#
        let headers = FaultFixture.json + [("Retry-After", "7"), ("x-should-retry", "false")]
        let server = try ScriptedServer { _ in [.response(status, headers: headers, body: Array(text.utf8))] }
        let provider = try await FaultFixture(upstreams: [server.baseURL])
        let outcome = try await provider.chat(streams: streams)
        #expect(outcome.status == status && outcome.text == text && !outcome.isBroken)
        #expect(outcome.headers.first(named: "retry-after") == "7")
        #expect(outcome.headers.first(named: "x-should-retry") == "false")
        #expect(outcome.rows.map(\.status) == [status] && outcome.rows.map(\.outcome) == [.failed])
        let failure = status == 429 ? "rate_limited" : status >= 500 ? "upstream_5xx" : "upstream_4xx"
        #expect(outcome.rows.map(\.failure) == [failure])
        #expect(server.requests.count == 1)

        let full = try ScriptedServer(FaultFixture.sound)
        let fixture = try await FaultFixture(tuned: server.baseURL, upstreams: [full.baseURL])
        let fallen = try await fixture.chat(task: true, streams: streams)
        #expect(fallen.status == 200)
        #expect(fallen.rows.map(\.reason) == ["on", status < 500 ? "tuned_refused" : "tuned_failed"])
        #expect(fallen.rows.first?.status == status)
    }

    @Test("with server_errors: hide a status of 500 and above is a 502 that shows nothing", arguments: [500, 503, 529])
    func hidden(status: Int) async throws {
        let server = try ScriptedServer { _ in
            [.response(status, headers: FaultFixture.json, body: Array("secret".utf8))]
        }
        let fixture = try await FaultFixture(upstreams: [server.baseURL], options: { $0.hidesServerErrors = true })
        let outcome = try await fixture.chat()
        #expect(outcome.status == 502 && !outcome.text.contains("secret"))
        #expect(outcome.rows.map(\.status) == [status])
    }

    @Test("a tuned server's stream must bring its first text in time, whatever else it sends")
    func firstText() async throws {
        let server = try ScriptedServer { _ in
            [.chunkedHead(headers: FaultFixture.events)]
                + (0..<40).flatMap { _ in [.chunk(": wait\n\n"), .wait(milliseconds: 50)] } + [
                    .chunk(FaultFixture.chunk)
                ]
        }
        let full = try ScriptedServer(FaultFixture.sound)
        let fixture = try await FaultFixture(
            tuned: server.baseURL, upstreams: [full.baseURL], firstToken: .milliseconds(300))
        let outcome = try await fixture.chat(task: true, streams: true)
        #expect(outcome.rows.map(\.reason) == ["on", "tuned_timeout"])
        #expect(outcome.time < .milliseconds(1200))
        #expect(await server.waitForClientClose() != nil)
    }

    @Test("a caller's own time limit ends the work; what has not begun by then is never sent")
    func deadline() async throws {
        let server = try ScriptedServer { _ in [.wait(milliseconds: 100), .hold] }
        let fixture = try await FaultFixture(upstreams: [server.baseURL])
        let outcome = try await fixture.chat(headers: [("x-promptintern-timeout", "0.1")])
        #expect(outcome.status == 504 && outcome.time < .milliseconds(1100))
        let late = Received(
            id: "late", headers: [("x-promptintern-timeout", "0.1")],
            body: FaultFixture.body(task: false, streams: false), arrival: .now - .seconds(1))
        let reply = await fixture.gateway.chat(late)
        #expect(reply.status == 504)
        #expect(server.requests.count == 1)
        #expect(server.requests.first?.header("x-promptintern-timeout") == nil)
    }

    @Test("after 5 failures a tuned model is left alone, and after a rest it is asked again")
    func tunedBreaker() async throws {
        let isWell = ScriptedSignal()
        let tuned = try ScriptedServer { request in isWell.isFired ? FaultFixture.sound(request) : [.close] }
        let full = try ScriptedServer(FaultFixture.sound)
        let fixture = try await FaultFixture(
            tuned: tuned.baseURL, upstreams: [full.baseURL], tunedBreaker: .init(rest: .milliseconds(1500)))
        for _ in 0..<5 { #expect(try await fixture.chat(task: true).rows.last?.reason == "tuned_failed") }
        let spared = try await fixture.chat(task: true)
        #expect(spared.rows.map(\.reason) == ["tuned_unavailable"] && spared.status == 200)
        #expect(tuned.requests.count == 5)
        isWell.fire()
        try await Task.sleep(for: .milliseconds(1600))
        #expect(try await fixture.chat(task: true).rows.map(\.reason) == ["on"])
        #expect(try await fixture.chat(task: true).rows.map(\.reason) == ["on"])
    }
}
