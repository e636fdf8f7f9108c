import ChatAPI
import TestSupport
import Testing

@Suite("Byte edits")
struct ByteEditsTests {
    @Test("changes asked for in any order are made in the order of the bytes")
    func ordersEdits() {
        var edits = ByteEdits()
        edits.remove(6..<8)
        edits.insert([9], at: 2)
        edits.replace(2..<3, with: [7, 7])
        edits.insert([8], at: 2)
        edits.remove(4..<4)
        #expect(edits.applied(to: [0, 1, 2, 3, 4, 5, 6, 7]) == [0, 1, 9, 8, 7, 7, 3, 4, 5])
    }

    @Test("changes that overlap or reach beyond the bytes give nothing")
    func refusesOverlaps() {
        var overlapping = ByteEdits()
        overlapping.remove(0..<3)
        overlapping.remove(2..<4)
        #expect(overlapping.applied(to: [0, 1, 2, 3]) == nil)
        var beyond = ByteEdits()
        beyond.remove(3..<5)
        #expect(beyond.applied(to: [0, 1, 2, 3]) == nil)
        #expect(ByteEdits().applied(to: [1]) == [1])
    }

    @Test("any choice of list elements leaves a list of the others", arguments: 0..<16)
    func removesElements(_ choice: Int) throws {
        let text = Array("[ 10 ,20,  30\n, 40 ]".utf8)
        let elements = try JSONDocument(text).root.elements.map(\.range)
        var edits = ByteEdits()
        edits.removeElements(elements) { choice & (1 << $0) != 0 }
        let result = try JSONDocument(try #require(edits.applied(to: text)))
        #expect(result.root.elements.map(\.int) == (0..<4).filter { choice & (1 << $0) != 0 }.map { ($0 + 1) * 10 })
    }
}
