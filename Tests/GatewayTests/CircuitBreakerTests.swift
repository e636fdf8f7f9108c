import Foundation
import TestSupport
import Testing

@testable import Gateway

@Suite("Circuit breakers, and how long to wait")
struct CircuitBreakerTests {
    @Test("four failures of twenty change nothing, the fifth opens it")
    func opens() {
        let breaker = CircuitBreaker()
        for _ in 0..<4 { breaker.failed() }
        #expect(breaker.admit() == .allowed && !breaker.isOpen)
        breaker.failed()
        guard case .refused(let time) = breaker.admit() else {
            Issue.record("it must be open")
            return
        }
        #expect(time > .seconds(29) && time <= .seconds(30) && breaker.isOpen)
    }

    @Test("failures that lie further back than the window are forgotten")
    func window() {
        let breaker = CircuitBreaker()
        for _ in 0..<4 { breaker.failed() }
        for _ in 0..<17 { breaker.succeeded() }
        breaker.failed()
        #expect(!breaker.isOpen)
        for _ in 0..<40 { breaker.succeeded() }
        for _ in 0..<4 { breaker.failed() }
        #expect(!breaker.isOpen)
    }

    @Test("it agrees with a plain count of the last results", arguments: [1, 2, 3])
    func model(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<200 {
            let breaker = CircuitBreaker(.init(failures: 3, window: 7))
            var last: [Bool] = []
            for _ in 0..<60 {
                let fails = Int.random(in: 0..<4, using: &random) == 0
                if fails { breaker.failed() } else { breaker.succeeded() }
                last = (last + [fails]).suffix(7)
                let opens = last.filter { $0 }.count >= 3
                #expect(breaker.isOpen == opens, "seed \(seed)")
                if opens { break }
            }
        }
    }

    @Test(
        "after the rest one request probes: its success closes it, its failure opens it again, its end without a word lets the next one probe"
    )
    func probes() async {
        let breaker = CircuitBreaker(.init(failures: 1, rest: .milliseconds(600)))
        breaker.failed()
        #expect(breaker.admit() != .allowed)
        #expect(await eventually { breaker.admit() == .allowed })
        #expect(breaker.admit() != .allowed, "only one probes")
        breaker.left()
        #expect(breaker.admit() == .allowed)
        breaker.failed()
        #expect(breaker.admit() != .allowed)
        // A success of a request that began before proves nothing.
        breaker.succeeded()
        #expect(breaker.isOpen)
        #expect(await eventually { breaker.admit() == .allowed })
        breaker.succeeded()
        #expect(!breaker.isOpen && breaker.admit() == .allowed)
    }

    @Test("a rest that is asked for lasts 60 s at most")
    func rest() {
        let breaker = CircuitBreaker()
        breaker.rest(for: .seconds(3600))
        guard case .refused(let time) = breaker.admit() else {
            Issue.record("it must be open")
            return
        }
        #expect(time > .seconds(59) && time <= .seconds(60))
    }

    @Test("one that never opens never opens")
    func never() {
        let breaker = CircuitBreaker(.init(failures: 0))
        for _ in 0..<100 { breaker.failed() }
        #expect(breaker.admit() == .allowed)
    }

    @Test(
        "seconds, milliseconds and dates are read",
        arguments: [
            ("retry-after", "2", 2.0), ("retry-after", "0.5", 0.5), ("Retry-After-Ms", "1500", 1.5),
            ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT", 0),
        ])
    func durations(name: String, value: String, seconds: Double) {
        #expect(RetryAfter.duration([(name, value)]) == .seconds(seconds))
    }

    @Test("what is no time is none", arguments: ["", "-1", "soon", "nan", "Sun, 06 Nov 1994 08:49:37", "1e300"])
    func noDurations(value: String) {
        #expect(RetryAfter.duration([("retry-after", value)]) == nil)
    }

    @Test("dates agree with Foundation's calendar")
    func dates() {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        var random = SeededRandom(seed: 7)
        for _ in 0..<500 {
            let seconds = Int.random(in: 0...4_102_444_800, using: &random)
            let text = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            #expect(RetryAfter.seconds(ofDate: text) == seconds, "\(text)")
        }
    }
}
