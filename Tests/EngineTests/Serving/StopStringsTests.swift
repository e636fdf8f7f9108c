import Engine
import TestSupport
import Testing

@Suite("Stop strings")
struct StopStringsTests {
    private func run(_ text: [UInt8], _ patterns: [[UInt8]], cuts: [Int]) -> (output: [UInt8], isStopped: Bool) {
        var stop = StopStrings(patterns)
        var output: [UInt8] = []
        var start = 0
        for end in cuts + [text.count] {
            output += stop.append(Array(text[start..<end]))
            start = end
        }
        return (output + stop.finish(), stop.isStopped)
    }

    /// The rule read plainly: the stop string that ends first, the longest of those that end there.
    private func expected(_ text: [UInt8], _ patterns: [[UInt8]]) -> (output: [UInt8], isStopped: Bool) {
        for end in text.indices {
            let read = text[...end]
            let matches = patterns.filter { !$0.isEmpty && $0.count <= read.count && read.suffix($0.count) == $0[...] }
            if let longest = matches.map(\.count).max() { return (Array(read.dropLast(longest)), true) }
        }
        return (text, false)
    }

    @Test(
        "the cut is exact over every split in three",
        arguments: [
            ("one\n\ntwo", ["\n\n"]), ("aaab", ["aab"]), ("abcabd", ["abd", "cab"]), ("xyz", ["xyz"]),
            ("no match at all", ["matches"]), ("ababac", ["abac", "bab"]), ("grün €", ["€"]), ("tail</s", ["</s>"]),
        ])
    func everySplit(text: String, stops: [String]) {
        let bytes = Array(text.utf8)
        let patterns = stops.map { Array($0.utf8) }
        let right = expected(bytes, patterns)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let got = run(bytes, patterns, cuts: [first, second])
                #expect(got.output == right.output && got.isStopped == right.isStopped)
            }
        }
    }

    @Test("20,000 random texts, stop strings and splits are cut as the rule says")
    func random() {
        let seed: UInt64 = 20_261_121
        var random = SeededRandom(seed: seed)
        for number in 0..<20_000 {
            func bytes(_ range: ClosedRange<Int>) -> [UInt8] {
                (0..<Int.random(in: range, using: &random)).map { _ in UInt8.random(in: 97...99, using: &random) }
            }
            let text = bytes(0...24)
            let patterns = (0..<Int.random(in: 0...3, using: &random)).map { _ in bytes(0...5) }
            let cuts = (0..<4).map { _ in Int.random(in: 0...text.count, using: &random) }.sorted()
            let got = run(text, patterns, cuts: cuts)
            let right = expected(text, patterns)
            guard got.output == right.output, got.isStopped == right.isStopped else {
                Issue.record("seed \(seed), case \(number): \(text) \(patterns) \(cuts)")
                return
            }
        }
    }

    @Test("bytes that cannot begin a stop string come out at once")
    func promptness() {
        var stop = StopStrings([Array("END".utf8)])
        #expect(stop.append(Array("abcE".utf8)) == Array("abc".utf8))
        #expect(stop.append(Array("X".utf8)) == Array("EX".utf8))
        #expect(stop.append(Array("EN".utf8)) == [])
        #expect(stop.append(Array("D more".utf8)) == [])
        #expect(stop.isStopped)
        #expect(stop.append(Array("never".utf8)) == [])
        #expect(stop.finish() == [])
    }
}
