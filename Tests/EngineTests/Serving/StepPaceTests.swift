import Testing

@testable import Engine

@Suite("The pace of prompts beside running answers")
struct StepPaceTests {
    @Test(
        "pieces settle where a step takes the target's time, within the chunk and not under 16 tokens",
        arguments: [(0.0001, 128), (0.002, 35), (0.01, 16), (0, 128)])
    func settles(cost: Double, expected: Int) {
        var pace = StepPace(target: .milliseconds(100), most: 128)
        #expect(pace.tokens == 32)
        for _ in 0..<40 {
            let tokens = pace.tokens
            // The running answers' own part is 30 ms.
            pace.note(tokens, took: .seconds((cost == 0 ? 0 : 0.03) + cost * Double(tokens)))
        }
        #expect(abs(pace.tokens - expected) <= 1)
        pace.note(0, took: .seconds(1))
        #expect(abs(pace.tokens - expected) <= 1)
    }

    @Test("a chunk smaller than the least piece is kept")
    func smallChunk() {
        var pace = StepPace(target: .milliseconds(100), most: 8)
        #expect(pace.tokens == 8)
        pace.note(8, took: .seconds(4))
        #expect(pace.tokens == 8)
    }
}
