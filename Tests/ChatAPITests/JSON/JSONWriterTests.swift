import ChatAPI
import Foundation
import TestSupport
import Testing

@Suite("JSON writer")
struct JSONWriterTests {
    @Test("members and elements get their commas, and nothing else")
    func writesCommas() {
        var json = JSONWriter()
        json.object { json in
            json.member("a", 1)
            json.array("b") { json in
                json.int(-2)
                json.object { _ in }
                json.array { $0.bool(true) }
                json.null()
            }
            json.object("c") { json in
                json.member("d", 0.5)
                json.member("e", nil as String?)
            }
            json.key("f")
            json.raw("[1, 2]".utf8)
            json.member("g", false)
        }
        #expect(
            String(decoding: json.bytes, as: UTF8.self)
                == #"{"a":1,"b":[-2,{},[true],null],"c":{"d":0.5,"e":null},"f":[1, 2],"g":false}"#)
    }

    @Test("any text reads back as itself")
    func escapesText() throws {
        let seed: UInt64 = 0x3C21
        print("seed \(seed)")
        var random = RandomJSON(seed: seed)
        for _ in 0..<3_000 {
            let text = random.text(length: 40)
            let encoded = JSONWriter.encoded(text)
            #expect(try JSONDocument(encoded).root.string?.text == text)
            let read = try JSONSerialization.jsonObject(with: Data(encoded), options: .fragmentsAllowed) as? String
            #expect(read.map { Array($0.utf8) } == Array(text.utf8))
        }
    }

    @Test("doubles are written as numbers that read back the same, and as null where JSON has none")
    func writesDoubles() throws {
        for value in [0, -0.0, 0.1, 1e-7, 1e300, 1e-300, 123_456_789.125, -2.5e-10, 1e16] {
            var json = JSONWriter()
            json.double(value)
            #expect(try JSONDocument(json.bytes).root.double == value)
        }
        for value in [Double.nan, .infinity, -.infinity] {
            var json = JSONWriter()
            json.double(value)
            #expect(json.bytes == Array("null".utf8))
        }
    }
}
