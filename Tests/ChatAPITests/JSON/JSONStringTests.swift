import ChatAPI
import TestSupport
import Testing

@Suite("JSON strings")
struct JSONStringTests {
    @Test(
        "escapes resolve to the text they stand for",
        arguments: [
            (#""plain""#, "plain"), (#""""#, ""), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""\u0041\u00e9\u20AC\uD83D\uDE00""#, "Aé€😀"), (#""\u0000""#, "\u{0}"), (#""é\né""#, "é\né"),
        ])
    func unescapes(_ json: String, text: String) throws {
        let string = try string(json)
        #expect(string.text == text)
        #expect(string.utf8 == Array(text.utf8))
    }

    @Test(
        "a surrogate without its partner leaves the string without text",
        arguments: [#""\uD800""#, #""a\uDC00b""#, #""\uD83D\u0041""#, #""\uDE00\uD83D""#, #""\uD83D\uD83D\uDE00""#])
    func refusesLoneSurrogates(_ json: String) throws {
        let string = try string(json)
        #expect(!string.isUnicode)
        #expect(string.text == nil)
        #expect(string.utf8 == nil)
        #expect(string.rawRange(ofText: 0..<0) == nil)
        #expect(!(string == "a"))
    }

    @Test("a range of the text maps to the raw bytes that stand for it, and never cuts a character")
    func mapsRanges() throws {
        let string = try string(#""a\nb\uD83D\uDE00é""#)
        #expect(string.text == "a\nb😀é")
        let raw = { (range: Range<Int>) in string.rawRange(ofText: range).map { $0.lowerBound...$0.upperBound } }
        #expect(raw(0..<1) == 1...2)
        #expect(raw(1..<2) == 2...4)
        #expect(raw(2..<7) == 4...17)
        #expect(raw(3..<7) == 5...17)
        #expect(raw(7..<9) == 17...19)
        #expect(raw(9..<9) == 19...19)
        for bound in [4, 5, 6, 8] {
            #expect(raw(0..<bound) == nil)
            #expect(raw(bound..<9) == nil)
        }
        #expect(raw(0..<10) == nil)
    }

    @Test("the text's length and its first bytes are those of the whole text, however it is written")
    func readsOpenings() throws {
        let seed: UInt64 = 0x0FE7
        print("seed \(seed)")
        var json = RandomJSON(seed: seed)
        for _ in 0..<1_000 {
            let text = json.text(length: 80)
            let string = try string(String(decoding: json.quoted(text), as: UTF8.self))
            let whole = Array(text.utf8)
            #expect(string.utf8Count == whole.count)
            let wanted = Int.random(in: 0...whole.count + 2, using: &json.random)
            let opening = try #require(string.utf8(first: wanted))
            #expect(opening == Array(whole.prefix(opening.count)))
            #expect(opening.count >= min(wanted, whole.count) && opening.count < wanted + 4)
        }
        let newlines = 70_000
        #expect(try string("\"" + String(repeating: "\\n", count: newlines) + "é\"").utf8Count == newlines + 2)
    }

    @Test("ranges out of order are refused")
    func refusesDisorder() throws {
        let string = try string(#""abcdef""#)
        #expect(string.rawRanges(ofText: [0..<2, 2..<3]) == [1..<3, 3..<4])
        #expect(string.rawRanges(ofText: [0..<2, 1..<3]) == nil)
        #expect(string.rawRanges(ofText: [3..<4, 0..<1]) == nil)
        #expect(string.rawRanges(ofText: []) == [])
        #expect(string.rawRanges(ofText: [-1..<1]) == nil)
    }

    @Test("random cuts map to raw pieces that read back as the pieces of the text")
    func mapsRandomCuts() throws {
        let seed: UInt64 = 0x57A1
        print("seed \(seed)")
        var json = RandomJSON(seed: seed)
        for _ in 0..<5_000 {
            let text = json.text(length: 20)
            let raw = json.quoted(text)
            let string = try string(String(decoding: raw, as: UTF8.self))
            let utf8 = Array(text.utf8)
            #expect(string.utf8 == utf8)
            let bounds = (0..<4).map { _ in Int.random(in: 0...utf8.count, using: &json.random) }.sorted()
            let ranges = [bounds[0]..<bounds[1], bounds[2]..<bounds[3]]
            let onBorders = bounds.allSatisfy { $0 == utf8.count || utf8[$0] & 0xC0 != 0x80 }
            let mapped = string.rawRanges(ofText: ranges)
            #expect((mapped != nil) == onBorders)
            for (range, rawRange) in zip(ranges, mapped ?? []) {
                let quote = [UInt8(ascii: "\"")]
                let piece = try JSONDocument(quote + raw[rawRange] + quote).root.string
                #expect(piece?.utf8 == Array(utf8[range]))
            }
        }
    }

    private func string(_ json: String) throws -> JSONString {
        try #require(try JSONDocument(Array(json.utf8)).root.string)
    }
}
