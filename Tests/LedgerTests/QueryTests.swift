import Foundation
import TestSupport
import Testing

@testable import Ledger

@Suite("Filters of the savings report")
struct QueryTests {
    @Test("are read from names and values")
    func reading() throws {
        let query = try SavingsQuery(parameters: [
            ("task", "house"), ("from", "2026-11-21"), ("to", "2026-11-21T12:00:00+02:00"), ("bucket", "hour"),
        ])
        let midnight = Date(timeIntervalSince1970: 1_795_219_200)
        #expect(query == SavingsQuery(task: "house", from: midnight, to: midnight + 36_000, bucket: .hour))
        #expect(try SavingsQuery(parameters: []) == .all)
    }

    @Test(
        "are refused when they are not understood, saying what is allowed",
        arguments: [
            ([("tasks", "house")], "task, from, to and bucket"), ([("task", "")], "name a task"),
            ([("bucket", "week")], "hour or day"), ([("bucket", "Hour")], "hour or day"),
            ([("from", "yesterday")], "2026-11-21"), ([("from", "2026-02-29")], "2026-11-21"),
            ([("to", "2026-11-21T25:00:00Z")], "2026-11-21"), ([("to", "2026-11-21T09:00:00")], "2026-11-21"),
            ([("to", "2026-11-21 ")], "2026-11-21"), ([("from", "")], "2026-11-21"),
            ([("from", "1795219200")], "2026-11-21"), ([("task", "a"), ("task", "b")], "once"),
            ([("from", "2026-11-21"), ("to", "2026-11-21")], "not before"),
        ] as [([(String, String)], String)])
    func refusals(parameters: [(String, String)], hint: String) {
        let error = #expect(throws: LedgerError.self) {
            try SavingsQuery(parameters: parameters.map { (name: $0.0, value: $0.1) })
        }
        #expect(error?.code == .badFilter)
        #expect(error?.message.contains(hint) == true)
    }

    @Test("choose exactly what they say, moved to whole hours, and the report shows them")
    func choosing() async throws {
        let folder = try TemporaryFolder()
        let store = try LedgerStore(path: folder.ledger)
        let midnight = Date(timeIntervalSince1970: 1_795_219_200)
        for hour in 0..<24 {
            let task = hour % 2 == 0 ? "house" : nil
            try await store.record(.tuned("r\(hour)", time: midnight + Double(hour * 3600) + 1800, task: task))
        }
        func requests(_ parameters: [(name: String, value: String)]) async throws -> Int {
            try await store.savings(SavingsQuery(parameters: parameters)).totals.requests
        }
        #expect(try await requests([]) == 24)
        #expect(try await requests([("task", "house")]) == 12)
        #expect(try await requests([("task", "nobody")]) == 0)
        #expect(try await requests([("from", "2026-11-21T10:00:00Z")]) == 14)
        #expect(try await requests([("from", "2026-11-21T10:00:00Z"), ("to", "2026-11-21T12:00:00Z")]) == 2)
        #expect(try await requests([("from", "2026-11-21T10:59:59Z"), ("to", "2026-11-21T11:00:01Z")]) == 2)
        #expect(try await requests([("from", "2026-11-21T10:00:00Z"), ("task", "house")]) == 7)
        #expect(try await requests([("to", "2026-11-20")]) == 0)

        let parameters = [("from", "2026-11-21T10:59:59Z"), ("to", "2026-11-21T11:00:01Z"), ("task", "house")]
        let query = try SavingsQuery(parameters: parameters.map { (name: $0.0, value: $0.1) })
        let filter = try await store.savings(query).filter
        let expected = SavingsReport.Filter(
            task: "house", from: "2026-11-21T10:00:00Z", to: "2026-11-21T12:00:00Z", bucket: nil)
        #expect(filter == expected)
    }

    @Test("write and read times as Foundation does, for 2,000 random moments")
    func timestamps() throws {
        let seed: UInt64 = 41
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let formatter = ISO8601DateFormatter()
        for _ in 0..<2000 {
            let date = Date(
                timeIntervalSince1970: Double(Int.random(in: -2_000_000_000..<8_000_000_000, using: &random)))
            #expect(Timestamp.text(date) == formatter.string(from: date))
            #expect(Timestamp.parse(Timestamp.text(date)) == date)
        }
        #expect(Timestamp.parse("2026-11-21T09:30:00.250-03:30") == Date(timeIntervalSince1970: 1_795_266_000.25))
    }
}
