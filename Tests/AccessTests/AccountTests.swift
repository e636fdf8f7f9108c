import Foundation
import Synchronization
import Testing
import TestSupport

@testable import Access

@Suite("Rates and budgets", .timeLimit(.minutes(1)))
struct AccountTests {
    private let clock = AccessClock()

    @Test("in any 60 seconds no more is admitted than the limit, over random arrivals")
    func window() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        for _ in 0..<20 {
            let limit = Int.random(in: 1...40, using: &random)
            let account = KeyAccount(KeyLimits(requestsPerMinute: limit), clock: clock)
            var now: Int64 = Int64.random(in: 0...5000, using: &random)
            var admitted: [Int64] = []
            for _ in 0..<400 {
                now += Int64.random(in: 0...(Bool.random(using: &random) ? 200 : 8000), using: &random)
                switch account.reserve(tokens: 0, cost: nil, now: .at(now)) {
                case .success: admitted.append(now)
                case .failure(let refusal):
                    let wait = try #require(refusal.retryAfter)
                    #expect((1...61).contains(wait))
                    let later = account.reserve(tokens: 0, cost: nil, now: .at(now + Int64(wait) * 1000))
                    #expect((try? later.get()) != nil, "after Retry-After the request passes")
                    now += Int64(wait) * 1000
                    admitted.append(now)
                }
            }
            for (place, time) in admitted.enumerated() where place >= limit {
                #expect(time - admitted[place - limit] > 60_000 - 1)
            }
        }
    }

    @Test("a refused request uses nothing of any limit")
    func atomic() throws {
        let account = KeyAccount(
            KeyLimits(requestsPerMinute: 2, tokensPerMinute: 100, dailyBudget: 50), clock: clock, now: .at(0))
        _ = try account.reserve(tokens: 60, cost: 10, now: .at(0)).get()
        #expect(throws: AccessRefusal.self) { try account.reserve(tokens: 60, cost: 10, now: .at(1)).get() }
        #expect(throws: AccessRefusal.self) { try account.reserve(tokens: 10, cost: 41, now: .at(2)).get() }
        #expect(throws: AccessRefusal.self) { try account.reserve(tokens: 10, cost: nil, now: .at(2)).get() }
        let (_, rates) = try account.reserve(tokens: 40, cost: 40, now: .at(3)).get()
        #expect(rates.requests?.remaining == 0 && rates.tokens?.remaining == 0)
        #expect(account.budget(.day)?.reserved == 50)
    }

    @Test("each refusal has its code, and Retry-After where waiting helps")
    func codes() throws {
        func refusal(_ limits: KeyLimits, tokens: Int, cost: Int64?) throws -> AccessRefusal {
            let account = KeyAccount(limits, clock: clock, now: .at(0))
            _ = account.reserve(tokens: 1, cost: 1, now: .at(0))
            switch account.reserve(tokens: tokens, cost: cost, now: .at(1500)) {
            case .success: throw AccessError(.invalid, "not refused")
            case .failure(let refusal): return refusal
            }
        }
        let requests = try refusal(KeyLimits(requestsPerMinute: 1), tokens: 1, cost: 1)
        #expect(requests.code == .requestRate && requests.retryAfter == 60)
        #expect(requests.rates.requests?.remaining == 0)
        let tokens = try refusal(KeyLimits(tokensPerMinute: 10), tokens: 10, cost: 1)
        #expect(tokens.code == .tokenRate && tokens.retryAfter == 60)
        let never = try refusal(KeyLimits(tokensPerMinute: 10), tokens: 11, cost: 1)
        #expect(never.code == .tokenRate && never.retryAfter == nil)
        let day = try refusal(KeyLimits(dailyBudget: 10), tokens: 1, cost: 10)
        #expect(day.code == .budget && day.retryAfter == 43_199)
        let month = try refusal(KeyLimits(monthlyBudget: 10), tokens: 1, cost: 10)
        #expect(month.code == .budget && month.retryAfter == 9 * 86400 + 43_199)
        #expect(try refusal(KeyLimits(monthlyBudget: 10), tokens: 1, cost: nil).code == .unpriced)
    }

    @Test("with 50 requests at once a cap is never passed, whatever they come to")
    func parallel() async throws {
        try await UTCDay.awaitRoom()
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        let cap: Int64 = 10_000
        let reserve: Int64 = 300
        let account = KeyAccount(
            KeyLimits(tokensPerMinute: 1_000_000, dailyBudget: cap, monthlyBudget: cap * 2), clock: clock)
        let tally = Tally()
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<50 {
                group.addTask {
                    var random = SeededRandom(seed: seed &+ UInt64(worker))
                    // Until the cap is reached: what stands against a request meanwhile is another one's reserve.
                    while let spent = account.budget(.day)?.spent, spent <= cap - reserve {
                        guard case .success(let (grant, rates)) = account.reserve(tokens: 10, cost: reserve) else {
                            await Task.yield()
                            continue
                        }
                        tally.note { $0.admitted += 1 }
                        let reservation = Reservation(account, grant, rates: rates)
                        let cost = Int.random(in: 0...Int(reserve), using: &random)
                        if Bool.random(using: &random) { await Task.yield() }
                        // A third ends in order, a third is charged in two attempts, a third is only let go of.
                        switch Int.random(in: 0..<3, using: &random) {
                        case 0:
                            reservation.charge(tokens: 5, cost: Int64(cost))
                            tally.note { $0.spent += cost }
                            reservation.settle()
                            reservation.settle()
                        case 1:
                            reservation.charge(tokens: 1, cost: Int64(cost / 2))
                            reservation.charge(tokens: 1, cost: Int64(cost - cost / 2))
                            tally.note { $0.spent += cost }
                        default: break
                        }
                        let now = account.budget(.day).map { Int($0.spent) } ?? 0
                        tally.note { $0.highest = max($0.highest, now) }
                    }
                }
            }
        }
        let day = try #require(account.budget(.day))
        #expect(day.reserved == 0)
        #expect(day.spent == Int64(tally.numbers.spent))
        #expect(account.budget(.month)?.spent == day.spent)
        #expect(tally.numbers.highest <= Int(cap))
        // It was worth testing: the cap was reached.
        #expect(day.spent > cap - reserve)
        #expect(tally.numbers.admitted > 33)
    }

    @Test("an answer that costs more than its reserve is charged in full, and the next request is refused")
    func overrun() async throws {
        try await UTCDay.awaitRoom()
        let account = KeyAccount(KeyLimits(tokensPerMinute: 100, dailyBudget: 100), clock: clock)
        let (grant, rates) = try account.reserve(tokens: 50, cost: 60).get()
        let reservation = Reservation(account, grant, rates: rates)
        reservation.charge(tokens: 90, cost: 130)
        reservation.settle()
        #expect(account.budget(.day)?.spent == 130)
        #expect(throws: AccessRefusal.self) { try account.reserve(tokens: 20, cost: 0).get() }
        #expect(throws: AccessRefusal.self) { try account.reserve(tokens: 1, cost: 1).get() }
        reservation.charge(tokens: 0, cost: 5)
        #expect(account.budget(.day)?.spent == 135)
    }

    @Test("tokens are settled in the second they were reserved in, and given back only while they count")
    func tokenSettlement() throws {
        let account = KeyAccount(KeyLimits(tokensPerMinute: 100), clock: clock)
        let first = try account.reserve(tokens: 80, cost: nil, now: .at(0)).get().grant
        account.settle(first, tokens: 10, cost: 0, now: .at(5000))
        #expect(try account.reserve(tokens: 20, cost: nil, now: .at(5000)).get().rates.tokens?.remaining == 70)
        let long = try account.reserve(tokens: 50, cost: nil, now: .at(61_000)).get()
        #expect(long.rates.tokens?.remaining == 30)
        account.settle(long.grant, tokens: 0, cost: 0, now: .at(200_000))
        #expect(try account.reserve(tokens: 100, cost: nil, now: .at(200_000)).get().rates.tokens?.remaining == 0)
        let over = try KeyAccount(KeyLimits(tokensPerMinute: 100), clock: clock)
            .reserve(tokens: 1, cost: nil, now: .at(0)).get()
        #expect(over.rates.fields.map(\.value) == ["100", "99", "1m1s"])
    }

    @Test("a day's and a month's budget begin anew with the day and the month, and never go back")
    func periods() throws {
        let noon: Int64 = 1_795_262_400
        let account = KeyAccount(KeyLimits(dailyBudget: 10, monthlyBudget: 15), clock: clock, now: .at(0, utc: noon))
        func spend(_ cost: Int64, utc: Int64) -> Bool {
            let now = AccessClock.Moment(steady: 0, utcMilliseconds: utc * 1000)
            guard case .success(let (grant, _)) = account.reserve(tokens: 0, cost: cost, now: now) else { return false }
            account.settle(grant, tokens: 0, cost: cost, now: now)
            return true
        }
        let month = UTCPeriod.month.start(UTCPeriod.month.index(noon) + 1)
        #expect(spend(10, utc: month + 43200))
        #expect(!spend(1, utc: month + 86399))
        #expect(spend(5, utc: month + 86400))
        #expect(!spend(1, utc: month + 86401))
        #expect(!spend(1, utc: month + 100))
        #expect(!spend(1, utc: month + 2 * 86400))
        #expect(spend(10, utc: month + 31 * 86400))
    }

    @Test("days and months of UTC count as the calendar does", arguments: [-10_000, 0, 11_016, 20_778, 60_000])
    func calendar(_ first: Int) throws {
        var utc = Calendar(identifier: .gregorian)
        utc.timeZone = try #require(TimeZone(identifier: "UTC"))
        for day in first..<(first + 800) {
            let seconds = Int64(day) * 86400 + 86399
            let parts = utc.dateComponents([.year, .month], from: Date(timeIntervalSince1970: Double(seconds)))
            let (year, month) = (try #require(parts.year), try #require(parts.month))
            let index = UTCPeriod.month.index(seconds)
            #expect(index == Int64(year * 12 + month - 1))
            #expect(UTCPeriod.day.index(seconds) == Int64(day))
            let start = try #require(utc.date(from: DateComponents(year: year, month: month, day: 1)))
            #expect(UTCPeriod.month.start(index) == Int64(start.timeIntervalSince1970))
        }
    }

    @Test("a jump of the wall clock counts once it has held for ten minutes, and slow corrections at once")
    func jumps() {
        var calendar = SteadyCalendar(wall: 1_000_000_000, steady: 0)
        #expect(calendar.now(wall: 1_000_001_000, steady: 1000) == 1_000_001_000)
        #expect(calendar.now(wall: 1_000_003_500, steady: 2000) == 1_000_003_500)
        let jumped: Int64 = 1_000_003_500 + 86_400_000
        #expect(calendar.now(wall: jumped + 1000, steady: 3000) == 1_000_004_500)
        #expect(calendar.now(wall: 1_000_005_500, steady: 4000) == 1_000_005_500)
        #expect(calendar.now(wall: jumped + 3000, steady: 5000) == 1_000_006_500)
        #expect(calendar.now(wall: jumped + 602_000, steady: 604_000) == 1_000_605_500)
        #expect(calendar.now(wall: jumped + 604_000, steady: 606_000) == jumped + 604_000)
        let back = calendar.now(wall: 1_000_000, steady: 607_000)
        #expect(back == jumped + 605_000)
    }

    @Test("what was spent before a restart counts on", arguments: [true, false])
    func restart(_ isReadable: Bool) async throws {
        let folder = try KeyFolder()
        let policy = KeyPolicy(name: "a", limits: KeyLimits(dailyBudget: 100, monthlyBudget: 1000))
        let token = try KeyStore(path: folder.file).create(policy).token
        let ring = try KeyRing(path: folder.file)
        guard isReadable else {
            #expect(throws: AccessError.self) {
                try ring.start(spent: { _ in throw AccessError(.store, "unreadable") })
            }
            return
        }
        try await UTCDay.awaitRoom()
        let utc = Int64(Date().timeIntervalSince1970)
        let day = UTCPeriod.day.start(UTCPeriod.day.index(utc))
        // On the first of a month both begin together.
        let month: Int64 = UTCPeriod.month.start(UTCPeriod.month.index(utc)) == day ? 95 : 990
        try ring.start(spent: { since in ["a": since == day ? 95 : month, "b": 1] })
        let caller = try #require(ring.caller(token))
        #expect(throws: AccessRefusal.self) { try caller.reserve(tokens: 1, cost: 6) }
        #expect(try caller.reserve(tokens: 1, cost: 5) != nil)
        #expect(caller.budget(.month)?.spent == month)
    }

    @Test(
        "resets are told as OpenAI tells them",
        arguments: [
            (0, "0ms"), (999, "999ms"), (1000, "1s"), (1001, "2s"), (59_000, "59s"), (59_001, "1m0s"), (61_000, "1m1s"),
        ])
    func resets(_ milliseconds: Int, _ text: String) {
        #expect(RateStatus.text(milliseconds: Int64(milliseconds)) == text)
    }
}

/// Numbers that many tasks add to.
private final class Tally: Sendable {
    struct Numbers {
        var admitted = 0
        var spent = 0
        var highest = 0
    }

    private let state = Mutex(Numbers())

    var numbers: Numbers { state.withLock { $0 } }

    func note(_ change: (inout Numbers) -> Void) { state.withLock { change(&$0) } }
}
