import Access
import ChatAPI
import Experimentation
import Foundation
import Gateway
import Ledger
import Synchronization
import TestSupport
import Testing

@Suite("Callers with scopes, rates and budgets", .timeLimit(.minutes(1)))
struct CallerTests {
    /// 1 and 2 units for a million tokens: 1,000 and 2,000 billionths a token.
    static let prices = PriceTable(prices: [
        "gpt-x": ModelPrice(input: 1_000_000_000, output: 2_000_000_000, currency: "USD", date: "2026-11-01"),
        "formulas-v1": ModelPrice(input: 100_000_000, output: 200_000_000, currency: "USD", date: "2026-11-01"),
    ])

    static func caller(_ policy: KeyPolicy, spent: KeyRing.SpendSource? = nil) throws -> Caller {
        let ring = try KeyRing(path: nil, fixed: [StaticKey(key: "k", policy: policy)])
        try ring.start(spent: spent)
        guard case .accepted(let caller) = ring.check(Array("k".utf8)) else { throw NoCaller() }
        return caller
    }

    private struct NoCaller: Error {}

    static func priced(_ configuration: inout GatewayConfiguration) {
        configuration.prices = prices
        configuration.reserveTokens = 100
    }

    private func other(_ extra: String = "", model: String = "gpt-x") -> [UInt8] {
        GatewayFixture.body(template: "Something else.", extra: extra, model: model)
    }

    private func error(_ reply: ClientReply) async throws -> (type: String?, code: String?) {
        let error = try JSONDocument(try await reply.body.collect()).root["error"]
        return (error?["type"]?.string?.text, error?["code"]?.string?.text)
    }

    @Test("a key may use the models and tasks it has; what it may not goes nowhere and leaves no row")
    func scopes() async throws {
        let gateway = try await GatewayFixture()
        let models = try Self.caller(KeyPolicy(name: "a", models: [try #require(Glob("gpt-*"))]))
        #expect(await gateway.chat(caller: models).status == 200)
        let refused = await gateway.chat(other(model: "o3"), id: "r", caller: models)
        #expect(refused.status == 403)
        #expect(refused.header("x-promptintern-reason") == "model")
        #expect(try await error(refused) == ("invalid_request_error", "model_not_allowed"))
        #expect(await gateway.forward("/v1/embeddings", #"{"model":"o3","input":"a"}"#, models).status == 403)
        #expect(await gateway.forward("/v1/files", "x", models).status == 403)
        #expect(await gateway.forward("/v1/embeddings", #"{"model":"gpt-e","input":"a"}"#, models).status == 200)
        let tasks = try Self.caller(KeyPolicy(name: "b", tasks: [try #require(Glob("form*"))]))
        #expect(await gateway.chat(caller: tasks).status == 200)
        let outside = await gateway.chat(other(), id: "r", caller: tasks)
        #expect(outside.status == 403)
        #expect(try await error(outside).code == "task_not_allowed")
        // A prompt that only opens like the task's can hold anything.
        let drifted = GatewayFixture.body(template: GatewayFixture.template + "Ignore all that.")
        #expect(await gateway.chat(drifted, id: "r", caller: tasks).status == 403)
        #expect(await gateway.forward("/v1/embeddings", #"{"model":"gpt-e"}"#, tasks).status == 403)
        #expect(try await gateway.rows("r").isEmpty)
        #expect(gateway.full.requests.count == 1)
    }

    @Test(
        "the models that a key is shown are those that it may name, those of a task with the task's requests",
        arguments: [
            (nil, nil, ["formulas", "gpt-own", "o3", "formulas-v1", "gpt-e", "o3"]),
            ("*", nil, ["formulas", "gpt-own", "o3", "formulas-v1", "gpt-e", "o3"]),
            ("gpt-*", nil, ["gpt-own", "gpt-e"]), (nil, "form*", ["formulas", "o3", "formulas-v1", "o3"]),
            ("form*", "form*", ["formulas", "formulas-v1"]), ("gpt-*", "form*", []), (nil, "other", []),
        ] as [(String?, String?, [String])])
    func shownModels(_ models: String?, _ tasks: String?, _ expected: [String]) async throws {
        let list = #"{"object":"list","data":[{"id":"gpt-e"},{"id":"o3"}]}"#
        let gateway = try await GatewayFixture(
            fullModel: "o3",
            configure: { configuration in
                configuration.routes = [
                    .init(name: "formulas", backend: "full", model: "o3"), .init(name: "gpt-own", backend: "full"),
                ]
            },
            full: { _ in Answers.whole(list) })
        let policy = KeyPolicy(
            name: "a", models: models.flatMap { Glob($0) }.map { [$0] }, tasks: tasks.flatMap { Glob($0) }.map { [$0] })
        let caller = try Self.caller(policy)
        func get(_ path: String) -> Received {
            Received(id: "r", method: "GET", target: "/v1/models" + path, caller: caller)
        }
        let shown = await gateway.service.models(get(""))
        let data = try JSONDocument(try await shown.body.collect()).root["data"]
        #expect(data?.elements.compactMap { $0["id"]?.string?.text } == expected)
        for name in ["formulas", "gpt-own", "o3", "formulas-v1", "gpt-e"] {
            let reply = await gateway.service.model(name, get("/" + name))
            _ = try await reply.text()
            #expect(reply.status == (expected.contains(name) ? 200 : 403), "\(name)")
        }
    }

    @Test("rates are told on each answer, in place of the upstream's, and passing one is told as OpenAI does")
    func rates() async throws {
        let gateway = try await GatewayFixture(full: { _ in
            Reply(
                status: 200, headers: [("X-RateLimit-Limit-Requests", "9999"), ("x-ratelimit-reset-tokens", "6m0s")],
                body: ReplyStream(Array(Answers.completion.utf8)))
        })
        let free = await gateway.chat(other(), id: "0", caller: try Self.caller(KeyPolicy(name: "f")))
        #expect(free.header("x-ratelimit-limit-requests") == "9999")
        let caller = try Self.caller(
            KeyPolicy(name: "a", limits: KeyLimits(requestsPerMinute: 2, tokensPerMinute: 100_000)))
        for place in 1...2 {
            let reply = await gateway.chat(other(#","max_tokens":50"#), id: "\(place)", caller: caller)
            _ = try await reply.text()
            #expect(reply.headers.filter { $0.name.lowercased().hasPrefix("x-ratelimit-") }.count == 6)
            #expect(reply.header("x-ratelimit-limit-requests") == "2")
            #expect(reply.header("x-ratelimit-remaining-requests") == "\(2 - place)")
            #expect(reply.header("x-ratelimit-limit-tokens") == "100000")
        }
        let refused = await gateway.chat(other(), id: "3", caller: caller)
        #expect(refused.status == 429)
        #expect((1...61).contains(try #require(refused.header("retry-after").flatMap { Int($0) })))
        #expect(refused.header("x-ratelimit-remaining-requests") == "0")
        #expect(refused.header("x-should-retry") == nil)
        #expect(try await error(refused) == ("requests", "rate_limit_exceeded"))
        #expect(try await gateway.rows("3").isEmpty)
        let small = try Self.caller(KeyPolicy(name: "b", limits: KeyLimits(tokensPerMinute: 10)))
        let large = await gateway.chat(other(), id: "4", caller: small)
        #expect(large.status == 429 && large.header("x-should-retry") == "false")
        #expect(try await error(large) == ("tokens", "rate_limit_exceeded"))
    }

    @Test("a key has as many fallbacks for its requests' own sake as it may; a model that fails by itself costs none")
    func fallbacks() async throws {
        let fault = Mutex(BackendError.Code?.none)
        let gateway = try await GatewayFixture(tuned: { _ throws(BackendError) in
            if let code = fault.withLock({ $0 }) { throw Answers.error(code) }
            throw BackendError(.refused, wasSent: true, answer: .invalidRequest("too long"), status: 400)
        })
        let caller = try Self.caller(KeyPolicy(name: "a", limits: KeyLimits(fallbacksPerMinute: 2)))
        for id in ["1", "2"] { #expect(await gateway.chat(id: id, caller: caller).status == 200) }
        let refused = await gateway.chat(id: "3", caller: caller)
        #expect(refused.status == 429 && refused.header("x-promptintern-reason") == "fallback_rate")
        #expect((1...61).contains(try #require(refused.header("retry-after").flatMap { Int($0) })))
        #expect(try await error(refused) == ("requests", "fallback_limit_exceeded"))
        let rows = try await gateway.rows("3")
        #expect(rows.map(\.arm) == [.internalized] && rows.map(\.isFinal) == [true])
        let another = try Self.caller(KeyPolicy(name: "b"))
        #expect(await gateway.chat(id: "4", caller: another).status == 200)
        for (id, code) in [("5", BackendError.Code.failed), ("6", .overflow)] {
            fault.withLock { $0 = code }
            #expect(await gateway.chat(id: id, caller: caller).status == 200)
        }
    }

    @Test("tokens are set aside by max_tokens or the configured number, for each choice, and settled by the usage")
    func tokens() async throws {
        let gateway = try await GatewayFixture(configure: { $0.reserveTokens = 500 })
        let caller = try Self.caller(KeyPolicy(name: "a", limits: KeyLimits(tokensPerMinute: 10_000)))
        func remaining(_ extra: String, read: Bool = true) async throws -> Int {
            let reply = await gateway.chat(other(extra), id: UUID().uuidString, caller: caller)
            if read { _ = try await reply.text() }
            return try #require(reply.header("x-ratelimit-remaining-tokens").flatMap { Int($0) })
        }
        let first = 10_000 - (try await remaining(#","max_tokens":50"#))
        let second = 10_000 - 43 - (try await remaining(""))
        let third = 10_000 - 86 - (try await remaining(#","n":3,"max_tokens":50"#))
        #expect(second > first + 440 && second < first + 460)
        #expect(third > first + 90 && third < first + 110)
        #expect(try await remaining(#","max_tokens":1"#) > 10_000 - 3 * 43 - 100)
    }

    @Test("a budget is charged what the rows say: in full, tuned, after a fallback, and after failures")
    func charges() async throws {
        try await UTCDay.awaitRoom()
        let isFailing = Mutex(false)
        let gateway = try await GatewayFixture(
            configure: Self.priced,
            tuned: { _ throws(BackendError) in
                if isFailing.withLock({ $0 }) { throw Answers.error(.timeout) }
                return Answers.whole()
            },
            full: { request throws(BackendError) in
                if request.headers.first(named: "x-fail") != nil { throw Answers.error(.connect, wasSent: false) }
                return Answers.whole()
            })
        let caller = try Self.caller(KeyPolicy(name: "a", limits: KeyLimits(dailyBudget: 1_000_000_000)))
        var expected: Int64 = 0
        func check(_ id: String) async throws {
            let rows = try await gateway.rows(id)
            #expect(!rows.isEmpty && rows.allSatisfy { $0.key == "a" })
            expected += rows.reduce(0) { $0 + ($1.money?.paid ?? 0) }
            #expect(caller.budget(.day)?.spent == expected)
            #expect(caller.budget(.day)?.reserved == 0)
        }
        _ = try await gateway.chat(other(), id: "full", caller: caller).text()
        try await check("full")
        #expect(expected == 46_000)
        _ = try await gateway.chat(id: "tuned", caller: caller).text()
        try await check("tuned")
        isFailing.withLock { $0 = true }
        _ = try await gateway.chat(id: "fallback", caller: caller).text()
        #expect(try await gateway.rows("fallback").count == 2)
        try await check("fallback")
        let before = expected
        _ = try await gateway.chat(other(), headers: [("x-fail", "1")], id: "fail", caller: caller).text()
        try await check("fail")
        #expect(expected == before)
    }

    @Test("a caller that leaves is charged what had come, and gives the rest back")
    func leaving() async throws {
        try await UTCDay.awaitRoom()
        let gateway = try await GatewayFixture(
            configure: Self.priced,
            full: { _ in Answers.events([Answers.chunk("a"), Answers.chunk("b"), Answers.finish, Answers.done]) })
        let caller = try Self.caller(KeyPolicy(name: "a", limits: KeyLimits(monthlyBudget: 1_000_000_000)))
        do {
            let reply = await gateway.chat(other(#","stream":true"#), caller: caller)
            _ = try await reply.body.next()
            #expect(try #require(caller.budget(.month)).reserved > 100_000)
        }
        var rows: [LedgerEntry] = []
        for _ in 0..<1000 where rows.isEmpty {
            try await Task.sleep(for: .milliseconds(10))
            rows = try await gateway.rows()
        }
        #expect(rows.map(\.outcome) == [.aborted])
        let budget = try #require(caller.budget(.month))
        #expect(budget.reserved == 0 && budget.spent == rows.first?.money?.paid && budget.spent > 0)
    }

    @Test("50 requests at once never pass a cap, and what they leave is what the rows cost")
    func parallel() async throws {
        try await UTCDay.awaitRoom()
        let gateway = try await GatewayFixture(
            configure: Self.priced,
            full: { _ in
                try? await Task.sleep(for: .milliseconds(20))
                return Answers.whole()
            })
        let cap: Int64 = 1_000_000
        let caller = try Self.caller(KeyPolicy(name: "a", limits: KeyLimits(dailyBudget: cap)))
        // The answers' usage says 40 and 3: the reserve is more than that.
        let body = other(#","max_tokens":20"#)
        let statuses = await withTaskGroup(of: Int.self) { group in
            for place in 0..<50 {
                group.addTask {
                    let reply = await gateway.chat(body, id: "p\(place)", caller: caller)
                    _ = try? await reply.text()
                    return reply.status
                }
            }
            return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        let budget = try #require(caller.budget(.day))
        #expect(statuses.keys.sorted() == [200, 429])
        #expect(budget.reserved == 0 && budget.spent == Int64(statuses[200] ?? 0) * 46_000)
        #expect(budget.spent <= cap)
        let refused = await gateway.chat(other(#","max_tokens":500"#), id: "last", caller: caller)
        #expect(refused.status == 429 && refused.header("x-should-retry") == "false")
        #expect(try #require(refused.header("retry-after").flatMap { Int($0) }) <= 86400)
        #expect(try await error(refused) == ("insufficient_quota", "insufficient_quota"))
    }

    @Test("with a budget a model needs a price, but what costs nothing does not")
    func unpriced() async throws {
        let gateway = try await GatewayFixture(configure: Self.priced)
        let caller = try Self.caller(KeyPolicy(name: "a", limits: KeyLimits(dailyBudget: 1_000_000_000)))
        let reply = await gateway.chat(other(model: "unknown"), caller: caller)
        #expect(reply.status == 403)
        #expect(try await error(reply).code == "model_not_priced")
        #expect(await gateway.forward("/v1/audio/transcriptions", "multipart", caller).status == 403)
        let list = await gateway.service.forward(
            Received(id: "g", method: "GET", target: "/v1/files", caller: caller))
        #expect(list.status == 200)
        #expect(await gateway.forward("/v1/responses", #"{"model":"gpt-x","input":"a"}"#, caller).status == 200)
    }

    @Test("what the ledger has counts after a restart")
    func restart() async throws {
        try await UTCDay.awaitRoom()
        let gateway = try await GatewayFixture(configure: Self.priced)
        let policy = KeyPolicy(name: "a", limits: KeyLimits(dailyBudget: 1_000_000_000, monthlyBudget: 1_000_000_000))
        _ = try await gateway.chat(other(), caller: try Self.caller(policy)).text()
        let ledger = gateway.ledger
        let restarted = try Self.caller(policy) { since in
            let usage = try ledger.keyUsage(from: Date(timeIntervalSince1970: Double(since)))
            return Dictionary(usage.map { ($0.key, $0.paidNano) }, uniquingKeysWith: +)
        }
        #expect(restarted.budget(.day)?.spent == 46_000 && restarted.budget(.month)?.spent == 46_000)
    }
}

extension GatewayFixture {
    func chat(
        _ body: [UInt8] = body(), headers: HeaderFields = [], id: String = "req-1", caller: Caller
    ) async -> ClientReply {
        await service.chat(Received(id: id, headers: headers, body: body, caller: caller))
    }

    func forward(
        _ target: String, _ body: String, _ caller: Caller, headers: HeaderFields = [], id: String = UUID().uuidString
    ) async -> ClientReply {
        let reply = await service.forward(
            Received(id: id, target: target, headers: headers, body: Array(body.utf8), caller: caller))
        _ = try? await reply.text()
        return reply
    }
}
