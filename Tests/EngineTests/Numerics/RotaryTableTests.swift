import Testing

@testable import Engine

@Suite("the rotary table")
struct RotaryTableTests {
    @Test(
        "rows that are made when they are reached are those of the whole table", arguments: [1, 511, 512, 700, 1_500])
    func growth(positions: Int) {
        let config = ModelConfig(
            vocabularySize: 8, hiddenSize: 16, intermediateSize: 16, layerCount: 1, headCount: 2, keyValueHeadCount: 1,
            headSize: 8, maximumPositions: 1_500, ropeTheta: 500_000)
        let whole = RotaryTable(config)
        let growing = GrowingRotaryTable(config)
        let before = growing.rows(for: 1)
        let table = growing.rows(for: positions)
        #expect(table.positions >= positions && table.positions <= 1_500)
        #expect(table.cosines == Array(whole.cosines.prefix(table.positions * 4)))
        #expect(table.sines == Array(whole.sines.prefix(table.positions * 4)))
        #expect(before.cosines == Array(whole.cosines.prefix(before.positions * 4)))
    }
}
