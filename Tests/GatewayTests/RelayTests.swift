import Foundation
import Gateway
import Ledger
import Synchronization
import TestSupport
import Testing

@Suite("How answers go back")
struct RelayTests {
    private static let streamBody = GatewayFixture.body(template: "x", extra: #","stream":true"#)

    @Test("a stream's bytes are relayed as they come, and usage is read along")
    func stream() async throws {
        let parts = [": hi\n\n", "data: {\"choi", "ces\":[]}\r\n\r\n", Answers.chunk("a"), Answers.finish]
        let all = parts + [Answers.usageChunk, Answers.done]
        let gateway = try await GatewayFixture(full: { _ in Answers.events(all) })
        let reply = await gateway.chat(Self.streamBody)
        var chunks: [String] = []
        while let chunk = try await reply.body.next() { chunks.append(String(decoding: chunk, as: UTF8.self)) }
        #expect(chunks == all)
        let row = try #require(try await gateway.rows().first)
        #expect(row.outcome == .complete && row.tokens.completion == 3 && row.tokens.completionSource == .reported)
        #expect(row.timeToFirstToken != nil)
    }

    @Test(
        "events that pass the reader by are read along as well, but the last one comes to the reader, after the row",
        arguments: [1, 2, 3, 100], [false, true])
    func passing(declinesEvery number: Int, hidesUsage: Bool) async throws {
        let parts = [": hi\n\n", "data: {\"choi", "ces\":[]}\r\n\r\n", Answers.chunk("a"), Answers.finish]
        let all = parts + [Answers.usageChunk, Answers.done]
        let gateway = try await GatewayFixture(
            configure: { $0.addsStreamUsage = hidesUsage }, full: { _ in Answers.offered(all) })
        let reply = await gateway.chat(Self.streamBody)
        let seen = Mutex<[UInt8]>([])
        let offers = Mutex(0)
        let taker: ReplyStream.Taker = { chunk in
            let takes = offers.withLock { offers in
                offers += 1
                return offers % number != 0
            }
            if takes { seen.withLock { $0 += chunk } }
            return takes
        }
        var last: [UInt8] = []
        while let chunk = try await reply.body.next(passing: taker) {
            seen.withLock { $0 += chunk }
            last = chunk
            if chunk == Array(Answers.done.utf8) {
                #expect(try await gateway.rows().map(\.outcome) == [.complete])
            }
        }
        #expect(last == Array(Answers.done.utf8))
        let visible = hidesUsage ? all.filter { $0 != Answers.usageChunk } : all
        #expect(String(decoding: seen.withLock { $0 }, as: UTF8.self) == visible.joined())
        let row = try #require(try await gateway.rows().first)
        #expect(row.outcome == .complete && row.tokens.completion == 3 && row.tokens.completionSource == .reported)
    }

    @Test(
        "the row is committed before the client has the last byte", arguments: ["stream", "announced", "unannounced"])
    func committedFirst(kind: String) async throws {
        let gateway = try await GatewayFixture(full: { _ in
            switch kind {
            case "stream": Answers.events([Answers.chunk("a"), Answers.finish, Answers.done])
            default: Answers.whole(announced: kind == "announced")
            }
        })
        let reply = await gateway.chat(Self.streamBody)
        let last = kind == "stream" ? Answers.done : Answers.completion
        var found = false
        while let chunk = try await reply.body.next() {
            if String(decoding: chunk, as: UTF8.self) == last {
                found = true
                break
            }
        }
        #expect(found)
        #expect(try await gateway.rows().map(\.outcome) == [.complete])
        #expect(try await reply.body.next() == nil)
        #expect(try await gateway.rows().count == 1)
    }

    @Test(
        "a stream that is cut ends broken, also when the connection was closed in the orderly way",
        arguments: [true, false])
    func cut(breaks: Bool) async throws {
        let gateway = try await GatewayFixture(full: { _ in
            Answers.events([Answers.chunk("a")], error: breaks ? Answers.error(.broken) : nil)
        })
        let reply = await gateway.chat(Self.streamBody)
        await #expect(throws: BackendError.self) { _ = try await reply.body.collect() }
        #expect(try await gateway.rows().map(\.outcome) == [.partial])
    }

    @Test("an error event in a stream reaches the client, and the row says partial")
    func errorEvent() async throws {
        let error = "data: {\"error\":{\"message\":\"overloaded\"}}\n\n"
        let gateway = try await GatewayFixture(full: { _ in Answers.events([Answers.chunk("a"), error]) })
        let reply = await gateway.chat(Self.streamBody)
        #expect(try await reply.text() == Answers.chunk("a") + error)
        #expect(try await gateway.rows().map(\.outcome) == [.partial])
    }

    @Test(
        "an answer that nobody reads to its end is written down as aborted, with the tokens so far", arguments: [0, 2])
    func abandoned(chunks: Int) async throws {
        let released = ReleaseProbe()
        let gateway = try await GatewayFixture(full: { _ in
            let probe = released.hold()
            return Reply(
                status: 200, headers: [("content-type", "text/event-stream")],
                body: ReplyStream { withExtendedLifetime(probe) { Array(Answers.chunk("a").utf8) } })
        })
        do {
            let reply = await gateway.chat(Self.streamBody)
            for _ in 0..<chunks { _ = try await reply.body.next() }
        }
        #expect(await eventually { released.isReleased })
        var rows: [LedgerEntry] = []
        for _ in 0..<500 where rows.isEmpty {
            rows = try await gateway.rows()
            try await Task.sleep(for: .milliseconds(4))
        }
        #expect(rows.map(\.outcome) == [.aborted])
        #expect(rows.first?.tokens.completion == chunks)
    }

    @Test("a task that is cancelled while it reads leaves an aborted row")
    func cancelledReader() async throws {
        let gateway = try await GatewayFixture(full: { _ in
            Reply(
                status: 200, headers: [("content-type", "text/event-stream")],
                body: ReplyStream {
                    try await Task.sleep(for: .seconds(60))
                    return nil
                })
        })
        let reply = await gateway.chat(Self.streamBody)
        let reader = Task { try await reply.body.collect() }
        reader.cancel()
        await #expect(throws: (any Error).self) { try await reader.value }
        #expect(try await gateway.rows().map(\.outcome) == [.aborted])
    }

    @Test("the usage chunk that only the gateway asked for is hidden", arguments: [true, false])
    func hiddenUsage(clientAsks: Bool) async throws {
        let gateway = try await GatewayFixture(
            configure: { $0.addsStreamUsage = true },
            full: { _ in
                // Cut in the middle of events on purpose.
                let all = Answers.chunk("a") + Answers.finish + Answers.usageChunk + Answers.done
                return Answers.events([
                    String(all.prefix(30)), String(all.dropFirst(30).prefix(140)), String(all.dropFirst(170)),
                ])
            })
        let options = clientAsks ? #","stream_options":{"include_usage":true}"# : ""
        let body = GatewayFixture.body(template: "x", extra: #","stream":true"# + options)
        let reply = await gateway.chat(body)
        let usage = clientAsks ? Answers.usageChunk : ""
        #expect(try await reply.text() == Answers.chunk("a") + Answers.finish + usage + Answers.done)
        let sent = String(decoding: gateway.full.requests[0].body, as: UTF8.self)
        #expect(sent.contains(#""include_usage":true"#))
        if clientAsks { #expect(Array(sent.utf8) == body) }
        #expect(try await gateway.rows().first?.tokens.completionSource == .reported)
    }

    @Test("tokens that nobody reports are estimated, and the ledger says how")
    func estimated() async throws {
        let text = #"{"id":"c","choices":[{"message":{"content":"abc"},"finish_reason":"stop"}]}"#
        let gateway = try await GatewayFixture(full: { _ in Answers.whole(text) })
        _ = try await gateway.chat(GatewayFixture.body(template: "x")).text()
        let row = try #require(try await gateway.rows().first)
        #expect(row.tokens.sentSource == .estimated("bytes/4") && row.tokens.completionSource == .estimated("bytes/4"))
        #expect(row.tokens.sent.total > 0 && row.tokens.sent == row.tokens.full)
    }

    @Test("many requests at once have one final row each")
    func concurrent() async throws {
        let gateway = try await GatewayFixture(tuned: { request throws(BackendError) in
            if request.id.hasSuffix("7") { throw Answers.error(.failed) }
            return Answers.whole()
        })
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask { _ = try? await gateway.chat(id: "req-\(number)").text() }
            }
        }
        for number in 0..<200 {
            let rows = try await gateway.rows("req-\(number)")
            #expect(rows.map(\.isFinal) == (number % 10 == 7 ? [false, true] : [true]))
        }
        let totals = try await gateway.service.savings().totals
        #expect(totals.requests == 200 && totals.attempts == 220)
    }

    @Test("a ledger that cannot be written costs no answer, is counted, and makes the gateway not ready")
    func ledgerFailure() async throws {
        let counter = EventCounter()
        let gateway = try await GatewayFixture(onEvent: { if case .ledgerFailed = $0 { counter.add() } })
        #expect(gateway.service.health.isReady)
        await gateway.ledger.close()
        let reply = await gateway.chat()
        #expect(try await reply.text() == Answers.completion)
        #expect(gateway.service.health.ledgerErrors == 1)
        #expect(!gateway.service.health.isReady)
        #expect(counter.count == 1)
    }
}

/// Counts events from any thread.
final class EventCounter: Sendable {
    private let number = Mutex(0)

    var count: Int { number.withLock { $0 } }

    func add() { number.withLock { $0 += 1 } }
}

/// Tells whether what it handed out was let go of.
final class ReleaseProbe: Sendable {
    private final class Token: Sendable {
        let onRelease: @Sendable () -> Void

        init(_ onRelease: @escaping @Sendable () -> Void) { self.onRelease = onRelease }

        deinit { onRelease() }
    }

    private let released = Mutex(false)

    var isReleased: Bool { released.withLock { $0 } }

    func hold() -> any Sendable {
        Token { [self] in released.withLock { $0 = true } }
    }
}
