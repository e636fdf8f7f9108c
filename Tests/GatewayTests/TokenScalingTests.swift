import Ledger
import TestSupport
import Testing

@testable import Gateway

@Suite("Token counts by kind")
struct TokenScalingTests {
    @Test("scaled counts have exactly the wanted total and stay within one of their share")
    func scaled() {
        var random = SeededRandom(seed: 20_261_121)
        for _ in 0..<10_000 {
            let tokens = SegmentTokens(
                template: Int.random(in: 0...2000, using: &random), examples: Int.random(in: 0...500, using: &random),
                context: Int.random(in: 0...3, using: &random), query: Int.random(in: 0...50, using: &random),
                other: Int.random(in: 0...9, using: &random))
            let total = Int.random(in: 0...4000, using: &random)
            let scaled = tokens.scaled(to: total)
            #expect(scaled.total == total)
            guard tokens.total > 0 else { continue }
            for kind in Ledger.SegmentKind.allCases {
                let share = Double(tokens[kind]) * Double(total) / Double(tokens.total)
                #expect(abs(Double(scaled[kind]) - share) <= 1)
            }
        }
    }
}
