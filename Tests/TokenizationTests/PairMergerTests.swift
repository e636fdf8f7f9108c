import TestSupport
import Testing

@testable import Tokenization

struct PairMergerTests {
    /// The definition, without any cleverness: the leftmost pair of lowest rank, until there is none.
    private func merged(_ word: [Int32], _ table: MergeTable) -> [Int32] {
        var symbols = word
        while true {
            let merges = zip(symbols, symbols.dropFirst()).map { table.merge($0, $1) }
            guard let best = merges.min(), best != MergeTable.none, let place = merges.firstIndex(of: best) else {
                return symbols
            }
            symbols[place] = MergeTable.token(of: best)
            symbols.remove(at: place + 1)
        }
    }

    @Test("short and long words are merged as the definition says, for any table of merges")
    func equalsDefinition() {
        let seed: UInt64 = 21
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        for _ in 0..<150 {
            var spellings: [[UInt8]] = [[0], [1], [2]]
            var table = MergeTable(capacity: 40)
            for rank in 0..<Int.random(in: 0..<40, using: &random) {
                let left = Int.random(in: 0..<spellings.count, using: &random)
                let right = Int.random(in: 0..<spellings.count, using: &random)
                let spelling = spellings[left] + spellings[right]
                let token = spellings.firstIndex(of: spelling) ?? spellings.count
                if token == spellings.count { spellings.append(spelling) }
                table.set(Int32(left), Int32(right), to: MergeTable.merge(rank: rank, token: Int32(token)))
            }
            let length = Int.random(in: 1..<200, using: &random)
            let word = (0..<length).map { _ in Int32.random(in: 0..<3, using: &random) }
            var merger = PairMerger()
            merger.start()
            for symbol in word { merger.add(symbol) }
            var tokens: [Int32] = [-7]
            merger.finish(table, into: &tokens)
            #expect(tokens == [-7] + merged(word, table))
        }
    }
}
