import Foundation
import Randomness
import Testing
import Tuning

@testable import Internalization

@Suite("Text of a base model")
struct BaseTextTests {
    static let rows = [
        TaskRow(query: "Find files named \"notes.txt\" below /srv/data", answer: "find /srv/data -name \"notes.txt\""),
        TaskRow(query: "show the last 25 lines of app.log", answer: "tail -n 25 app.log"),
        TaskRow(query: "count lines of main.c", answer: "wc -l main.c"),
        TaskRow(query: "search /opt/lib for links", answer: "find /opt/lib -type l"),
        TaskRow(query: "first 10 lines of app.log", answer: "head -n 10 app.log"),
    ]

    @Test("an exchanged argument changes in query and answer alike, and nothing else changes")
    func swaps() {
        let swap = ArgumentSwap(Self.rows)
        var random = SplitMix64(seed: 7)
        var changed = 0
        for _ in 0..<200 {
            let row = swap.swapped(Self.rows[1], random: &random)
            let words = row.query.split(separator: " ")
            #expect(words.count == 7 && row.query.hasPrefix("show the last "))
            #expect(row.answer == "tail -n \(words[3]) \(words[6])")
            #expect(words[3].count == 2 && words[3].allSatisfy(\.isNumber))
            if row != Self.rows[1] { changed += 1 }
        }
        #expect(changed > 100)
    }

    @Test("words that the answer repeats are never dropped")
    func drops() {
        var random = SplitMix64(seed: 3)
        let row = TaskRow(query: "please remove the file called core now", answer: "rm core")
        for _ in 0..<100 {
            let words = ArgumentSwap.dropping(0.5, from: row, random: &random).query.split(separator: " ")
            #expect(words.contains("core"))
        }
        #expect(ArgumentSwap.dropping(1, from: TaskRow(query: "list", answer: "ls"), random: &random).query == "list")
    }

    @Test("an epoch shows every row once", arguments: [1, 2, 3, 10, 97, 1_000])
    func order(count: Int) {
        for epoch in 0..<3 {
            let order = RowOrder(seed: 5, epoch: epoch, count: count)
            #expect(Set((0..<count).map { order[$0] }) == Set(0..<count))
        }
    }

    @Test("what is held out shares no group, query or answer with training, in whatever order the rows come")
    func heldOut() {
        var random = SplitMix64(seed: 11)
        let rows = (0..<600).map { number in
            TaskRow(
                query: "query \(Int(random.next() % 500))", answer: "answer \(Int(random.next() % 2_000))",
                group: "group \(number / 2)")
        }
        let split = HeldOutRows(rows, percent: 20)
        #expect(!split.heldOut.isEmpty && split.train.count + split.heldOut.count == rows.count)
        for field in [\TaskRow.query, \.answer] {
            #expect(
                Set(split.train.map { $0[keyPath: field] }).isDisjoint(with: split.heldOut.map { $0[keyPath: field] }))
        }
        #expect(Set(split.train.map(\.group)).isDisjoint(with: split.heldOut.map(\.group)))
        #expect(Set(HeldOutRows(rows.reversed(), percent: 20).heldOut) == Set(split.heldOut))
    }

    @Test("a recipe that cannot work is refused with the key that is wrong")
    func recipe() throws {
        let path = FileManager.default.temporaryDirectory.path + "/base-\(UInt64.random(in: 0...(.max))).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let good = """
            {"vocabularySize": 600, "hiddenSize": 32, "intermediateSize": 64, "layerCount": 1, "headCount": 2,
             "keyValueHeadCount": 1, "seed": 1, "steps": 3, "rate": 0.001, "warmUpSteps": 1, "decaySteps": 1,
             "weightDecay": 0, "promptWeight": 0.2, "wordDropout": 0, "examples": 1,
             "sources": [{"file": "a", "prompt": "query", "rowsPerStep": 2, "everySteps": 1, "swapShare": 0}]}
            """
        for (from, to, part) in [
            ("\"headCount\": 2", "\"headCount\": 5", "headCount"), ("\"steps\": 3", "\"steps\": 0", "steps"),
            ("\"rate\": 0.001", "\"rate\": -1", "rate"), ("\"seed\": 1, ", "", "seed"),
            ("\"rowsPerStep\": 2", "\"rowsPerStep\": 0", "rowsPerStep"), ("\"query\"", "\"both\"", "not"),
        ] {
            try Data(good.replacingOccurrences(of: from, with: to).utf8).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: InternalizationError.self) { try BaseRecipe.load(path) }
            #expect(error?.description.contains(part) == true, "\(from): \(error.map { "\($0)" } ?? "")")
        }
        try Data(good.utf8).write(to: URL(fileURLWithPath: path))
        #expect(try BaseRecipe.load(path).steps == 3)
    }
}
