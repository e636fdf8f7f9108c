import Backends
import Foundation
import Gateway
import Ledger
import TestSupport
import Testing
import Transport

@Suite("An upstream with several endpoints")
struct EndpointPoolTests {
    private func closedAddress() throws -> String {
        let server = try ScriptedServer { _ in [] }
        server.stop()
        return server.baseURL
    }

    @Test("requests go to the endpoint with the least under way")
    func leastUnderWay() async throws {
        let gate = ScriptedSignal()
        let slow = try ScriptedServer { request in [.await(gate)] + FaultFixture.sound(request) }
        let quick = try ScriptedServer(FaultFixture.sound)
        let fixture = try await FaultFixture(
            upstreams: [slow.baseURL, quick.baseURL], options: { $0.limits.firstByte = .seconds(10) })
        try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask { try await fixture.chat().status }
            #expect(await slow.waitForRequests(1))
            for _ in 0..<10 { #expect(try await fixture.chat().status == 200) }
            gate.fire()
            for try await status in group { #expect(status == 200) }
        }
        #expect(slow.requests.count == 1 && quick.requests.count == 10)
    }

    @Test("idle endpoints take turns")
    func turns() async throws {
        let servers = try (0..<3).map { _ in try ScriptedServer(FaultFixture.sound) }
        let fixture = try await FaultFixture(upstreams: servers.map(\.baseURL))
        for _ in 0..<9 { #expect(try await fixture.chat().status == 200) }
        #expect(servers.map { $0.requests.count } == [3, 3, 3])
    }

    @Test("a stream counts as under way until it has been read or let go of")
    func streams() async throws {
        let servers = try (0..<2).map { _ in
            try ScriptedServer { _ in [.chunkedHead(headers: FaultFixture.events), .chunk(FaultFixture.chunk), .hold] }
        }
        let fixture = try await FaultFixture(
            upstreams: servers.map(\.baseURL), options: { $0.limits.idle = .seconds(20) })
        func open() async throws -> ClientReply {
            let reply = await fixture.gateway.chat(
                Received(id: Received.newID(), body: FaultFixture.body(task: false, streams: true)))
            _ = try await reply.body.next()
            return reply
        }
        var held = [try await open(), try await open()]
        #expect(servers.map { $0.requests.count } == [1, 1])
        let third = try await open()
        let busy = try #require(servers.firstIndex { $0.requests.count == 2 })
        held.removeAll()
        #expect(await servers[1 - busy].waitForClientClose() != nil)
        let fourth = try await open()
        #expect(servers[1 - busy].requests.count == 2)
        withExtendedLifetime((third, fourth)) {}
    }

    @Test("an endpoint that nobody answers at costs no request: the next one is asked at once, with a row for each try")
    func connectFailure() async throws {
        let sound = try ScriptedServer(FaultFixture.sound)
        let fixture = try await FaultFixture(upstreams: [try closedAddress(), sound.baseURL])
        var attempts = 0
        for _ in 0..<20 {
            let outcome = try await fixture.chat()
            #expect(outcome.status == 200)
            #expect(outcome.rows.map(\.isFinal) == Array(repeating: false, count: outcome.rows.count - 1) + [true])
            attempts += outcome.rows.count
        }
        // One that just failed is asked last, and after five failures not at all.
        #expect(attempts > 20 && attempts <= 25)
        #expect(sound.requests.count == 20)
    }

    @Test(
        "five failures of twenty close an endpoint's door; after the rest one request probes, and its success opens it")
    func breaker() async throws {
        let isWell = ScriptedSignal()
        let sick = try ScriptedServer { request in
            isWell.isFired ? FaultFixture.sound(request) : [.response(503, headers: FaultFixture.json)]
        }
        let fixture = try await FaultFixture(
            upstreams: [sick.baseURL, try closedAddress()],
            options: {
                $0.breaker = .init(rest: .milliseconds(1500))
                $0.retry = .never
            })
        for _ in 0..<10 { _ = try await fixture.chat() }
        #expect(sick.requests.count == 5)
        let refused = try await fixture.chat()
        #expect(refused.status == 503 && ["1", "2"].contains(refused.headers.first(named: "retry-after")))
        #expect(refused.rows.map(\.status) == [0] && refused.rows.first?.tokens.sent.total == 0)
        #expect(sick.requests.count == 5)
        isWell.fire()
        try await Task.sleep(for: .milliseconds(1600))
        var wins = 0
        for _ in 0..<6 { wins += try await fixture.chat().status == 200 ? 1 : 0 }
        #expect(wins >= 4)
    }

    @Test(
        "a wish for rest is granted where the key is ours: nobody is asked until it is over", arguments: ["2", "date"])
    func retryAfter(value: String) async throws {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        let wish = value == "date" ? formatter.string(from: Date() + 5) : value
        let limited = try ScriptedServer { _ in [.response(429, headers: [("Retry-After", wish)])] }
        let other = try ScriptedServer(FaultFixture.sound)
        let fixture = try await FaultFixture(upstreams: [limited.baseURL, other.baseURL], key: "ours")
        var statuses: [Int] = []
        for _ in 0..<6 { statuses.append(try await fixture.chat().status) }
        #expect(statuses.filter { $0 == 429 }.count == 1 && statuses.filter { $0 == 200 }.count == 5)
        #expect(limited.requests.count == 1)

        let alone = try await FaultFixture(upstreams: [limited.baseURL], key: "ours")
        let first = try await alone.chat()
        #expect(first.status == 429 && first.headers.first(named: "retry-after") == wish)
        let second = try await alone.chat()
        let wait = try #require(second.headers.first(named: "retry-after").flatMap { Int($0) })
        #expect(second.status == 503 && (1...5).contains(wait))
        #expect(limited.requests.count == 2)

        let passing = try await FaultFixture(upstreams: [limited.baseURL])
        for _ in 0..<3 { #expect(try await passing.chat().status == 429) }
        #expect(limited.requests.count == 5)
    }

    @Test("one endpoint's statuses are answers: they never close its door")
    func single() async throws {
        let server = try ScriptedServer { _ in [.response(500, headers: FaultFixture.json)] }
        let fixture = try await FaultFixture(upstreams: [server.baseURL])
        for _ in 0..<8 { #expect(try await fixture.chat().status == 500) }
        #expect(server.requests.count == 8)
    }
}
