import Foundation
import Ledger

/// Rows per second with 1, 16 and 64 writers in both modes of durability, then what a million rows cost to read and to
/// open: `swift run -c release ledger [ROWS]`.
@main
enum LedgerBenchmarks {
    static func main() async throws {
        let rows = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1_000_000
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ledger-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for durability in LedgerOptions.Durability.allCases {
            for writers in [1, 16, 64] {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                let count = durability == .process ? min(rows, 50_000) : min(rows, 200 * writers)
                try await Run(count, writers: writers, durability, at: folder + "/ledger.sqlite").show()
                try FileManager.default.removeItem(atPath: folder)
            }
        }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await size(rows, at: folder + "/ledger.sqlite")
    }

    /// What the gateway does with so many rows behind it.
    private static func size(_ rows: Int, at path: String) async throws {
        try await Run(rows, writers: 16, .process, at: path).show()
        let start = ContinuousClock.now
        let store = try LedgerStore(path: path)
        let opened = milliseconds(since: start)
        var times: [Double] = []
        for _ in 0..<20 {
            let start = ContinuousClock.now
            _ = try await store.savings(SavingsQuery(bucket: .hour))
            times.append(milliseconds(since: start))
        }
        await store.close()
        times.sort()
        print("\(rows) rows: opened in \(rounded(opened)) ms, savings in \(rounded(times[10])) ms p50")
    }

    static func milliseconds(since start: ContinuousClock.Instant) -> Double {
        (ContinuousClock.now - start) / .milliseconds(1)
    }

    static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}

/// So many rows from so many writers, each of which does a little work of its own between two rows.
struct Run {
    private let label: String
    private let seconds: Double
    private let secondsToTables: Double
    private let processor: Double
    private let times: [Double]

    init(_ rows: Int, writers: Int, _ durability: LedgerOptions.Durability, at path: String) async throws {
        let store = try LedgerStore(path: path, options: LedgerOptions(durability: durability))
        let before = clock()
        let start = ContinuousClock.now
        let times = try await withThrowingTaskGroup(of: [Double].self) { group in
            for _ in 0..<writers { group.addTask { try await Self.write(rows / writers, to: store) } }
            var all: [Double] = []
            for try await part in group { all += part }
            return all
        }
        seconds = LedgerBenchmarks.milliseconds(since: start) / 1000
        _ = try await store.savings()
        secondsToTables = LedgerBenchmarks.milliseconds(since: start) / 1000
        processor = Double(clock() - before) / Double(CLOCKS_PER_SEC)
        await store.close()
        self.times = times.sorted()
        label = "\(durability), \(writers) writers"
    }

    func show() {
        let count = Double(times.count)
        print(
            "\(label): \(Int(count / seconds)) rows/s recorded, \(Int(count / secondsToTables)) rows/s in the tables, "
                + "\(LedgerBenchmarks.rounded(processor / count * 1e6)) µs of processor time a row; record "
                + "\(LedgerBenchmarks.rounded(times[times.count / 2])) µs p50, "
                + "\(LedgerBenchmarks.rounded(times[times.count * 99 / 100])) µs p99")
    }

    private static func write(_ rows: Int, to store: LedgerStore) async throws -> [Double] {
        var times: [Double] = []
        times.reserveCapacity(rows)
        for index in 0..<rows {
            let entry = entry(index)
            let start = ContinuousClock.now
            try await store.record(entry)
            times.append(LedgerBenchmarks.milliseconds(since: start) * 1000)
        }
        return times
    }

    /// A pass-through request's row; ids ascend with time, as the gateway's do.
    private static func entry(_ index: Int) -> LedgerEntry {
        let time = Date()
        let milliseconds = String(UInt64(time.timeIntervalSince1970 * 1000) << 16, radix: 16)
        let tokens = SegmentTokens(other: 245)
        return LedgerEntry(
            requestID: "req_" + milliseconds + String(UInt64.random(in: .min ... .max), radix: 16), time: time,
            task: nil, schemaFingerprint: nil, arm: .passthrough, reason: "unrecognized", backend: "upstream",
            model: "gpt-4o-mini",
            tokens: TokenUse(
                full: tokens, fullSource: .reported, sent: tokens, sentSource: .reported, completion: 5,
                completionSource: .reported),
            money: AttemptMoney(full: 900, fullCached: 900, paid: 900, currency: "USD", priceDate: "2026-06-21"),
            timeToFirstToken: Double(index % 97) + 0.3, totalTime: Double(index % 301) + 1, status: 200,
            outcome: .complete)
    }
}
