import Foundation
import TestSupport
import Testing

@testable import Ledger

@Suite("Latency percentiles")
struct LatencyTests {
    @Test("are within 1 % of the exact ones", arguments: [1, 2, 19, 20, 1000, 20_000])
    func error(count: Int) {
        let seed: UInt64 = 31
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        // Spread over nine decades, with a few equal values.
        let times = (0..<count).map { _ in exp(Double.random(in: log(0.001)...log(1e6), using: &random)) }
        var counts: [Int: Int] = [:]
        for time in times { counts[LatencyBuckets.bucket(milliseconds: time), default: 0] += 1 }
        let sorted = times.sorted()
        for share in [0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 1] {
            let exact = sorted[max(0, Int((share * Double(count)).rounded(.up)) - 1)]
            let read = LatencyBuckets.quantile(share, of: counts) ?? .nan
            #expect(abs(read - exact) <= exact * (LatencyBuckets.relativeError + 1e-9))
        }
        #expect(counts.count < 1050)
    }

    @Test("of nothing are absent, and extreme times count as the ends of the range")
    func ends() {
        #expect(LatencyBuckets.quantile(0.5, of: [:]) == nil)
        #expect(LatencyBuckets.bucket(milliseconds: 0) == LatencyBuckets.bucket(milliseconds: 0.001))
        #expect(LatencyBuckets.bucket(milliseconds: 1e300) == LatencyBuckets.bucket(milliseconds: 1e9))
    }

    @Test("come by arm, from complete answers alone")
    func report() async throws {
        let folder = try TemporaryFolder()
        let store = try LedgerStore(path: folder.ledger)
        var entries: [LedgerEntry] = []
        for index in 1...100 {
            var tuned = LedgerEntry.tuned("t\(index)")
            tuned.timeToFirstToken = Double(index)
            tuned.totalTime = Double(index) * 10
            var full = LedgerEntry.full("f\(index)")
            full.timeToFirstToken = nil
            full.totalTime = 5000
            var failed = LedgerEntry.tuned("x\(index)")
            failed.outcome = .failed
            failed.totalTime = 100_000
            entries += [tuned, full, failed]
        }
        try await store.recordAll(entries)
        let latency = try await store.savings().latency
        #expect(latency.map(\.arm) == ["full_prompt", "internalized"])
        #expect(latency[0].timeToFirstToken == .init(counts: [:]))
        #expect(latency[0].total.count == 100)
        let tuned = latency[1]
        #expect(tuned.total.count == 100)
        for (read, exact) in [
            (tuned.timeToFirstToken.p50, 50.0), (tuned.timeToFirstToken.p95, 95), (tuned.total.p50, 500),
            (tuned.total.p95, 950),
        ] { #expect(abs((read ?? .nan) - exact) <= exact * 0.0101) }
    }
}
