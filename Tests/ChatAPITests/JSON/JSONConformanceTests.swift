import ChatAPI
import Testing

/// Which texts are JSON, by RFC 8259: no NaN, no Infinity, no byte order mark, which lenient readers take.
@Suite("RFC 8259 conformance")
struct JSONConformanceTests {
    @Test(
        "a text the grammar allows is accepted",
        arguments: [
            "0", "-0", "1", "-1", "10", "1.0", "1e5", "1E5", "1e+5", "1e-5", "1.5e300", "-0.0", "1e400",
            "123456789012345678901234567890", "true", "false", "null", "\"\"", "\"a\"", " 1 ", "\t\r\n1\n", "[]", "{}",
            "[ ]", "{ }", "[1]", "[1,2]", "[ 1 , 2 ]", "[[]]", "[[],[]]", "[{}]", "{\"a\":1}", "{\"a\":{}}",
            "{ \"a\" : 1 , \"b\" : [ ] }", "{\"\":0}", "{\"a\":1,\"a\":2}", #""\u0000""#, #""\"\\\/\b\f\n\r\t""#,
            #""\u00e9""#, #""\uD83D\uDE00""#, #""\ud83d\ude00""#, #""\uD800""#, #""\uDC00""#, #""\uD800\uD800""#,
            #""\uDE00\uD83D""#, #""\uD800x""#, #""\uD800\n""#, "\"\u{7f}\"", "\"é\"", "\"日本語\"", "\"😀\"",
            "\"\u{2028}\"", "\"\u{FEFF}\"", "\"\u{FFFF}\"", "\"\u{10FFFF}\"", "[1,[2,[3,{\"a\":[4]}]]]",
            "[null,true,false]",
            "{\"a\":null}", "[\"a\",1,{}]", "\"//\"", "\"/* */\"", "\"12345678\"", "\"123456789\"", "\"1234567\"",
        ])
    func accepts(_ text: String) throws {
        _ = try JSONDocument(Array(text.utf8))
    }

    @Test(
        "a text the grammar forbids is refused at the byte that is wrong",
        arguments: [
            ("", .empty, 0), ("  ", .empty, 2), ("\u{FEFF}1", .byteOrderMark, 0), ("[", .unexpectedEnd, 1),
            ("{", .unexpectedEnd, 1), ("]", .expectedValue, 0), ("}", .expectedValue, 0), ("[1", .unexpectedEnd, 2),
            ("[1,", .unexpectedEnd, 3), ("[1,]", .expectedValue, 3), ("[,1]", .expectedValue, 1),
            ("[1 2]", .expectedCommaOrEnd, 3), ("[1}", .expectedCommaOrEnd, 2), ("{\"a\"}", .expectedColon, 4),
            ("{\"a\":}", .expectedValue, 5), ("{\"a\":1,}", .expectedKey, 7), ("{,}", .expectedKey, 1),
            ("{a:1}", .expectedKey, 1), ("{'a':1}", .expectedKey, 1), ("{\"a\" 1}", .expectedColon, 5),
            ("{1:1}", .expectedKey, 1), ("{\"a\":1]", .expectedCommaOrEnd, 6), ("1 2", .trailingBytes, 2),
            ("{}{}", .trailingBytes, 2), ("[]x", .trailingBytes, 2), ("01", .invalidNumber, 1),
            ("-01", .invalidNumber, 2), ("1.", .unexpectedEnd, 2), ("1.e1", .invalidNumber, 2),
            (".5", .expectedValue, 0),
            ("+1", .expectedValue, 0), ("1e", .unexpectedEnd, 2), ("1e+", .unexpectedEnd, 3), ("-", .unexpectedEnd, 1),
            ("-a", .invalidNumber, 1), ("0x10", .invalidNumber, 1), ("1_000", .invalidNumber, 1),
            ("[1.]", .invalidNumber, 3), ("NaN", .invalidLiteral, 0), ("Infinity", .invalidLiteral, 0),
            ("-Infinity", .invalidNumber, 1), ("True", .invalidLiteral, 0), ("tru", .unexpectedEnd, 3),
            ("trux", .invalidLiteral, 0), ("nul]", .invalidLiteral, 0), ("truee", .trailingBytes, 4),
            ("\"", .unexpectedEnd, 1), ("\"a", .unexpectedEnd, 2), ("\"a\\", .unexpectedEnd, 3),
            ("\"\\\"", .unexpectedEnd, 3), (#""\x""#, .invalidEscape, 1), (#""\u12""#, .invalidEscape, 1),
            (#""\u12G4""#, .invalidEscape, 1), (#""\U0041""#, .invalidEscape, 1), ("\"\\u00", .unexpectedEnd, 5),
            (#""\uD800\u""#, .invalidEscape, 7), ("\"\n\"", .controlCharacter, 1), ("\"a\u{0}\"", .controlCharacter, 2),
            ("\"12345678\u{1f}\"", .controlCharacter, 9), ("'a'", .expectedValue, 0), ("[1]//", .trailingBytes, 3),
            ("/**/1", .expectedValue, 0), ("[1\u{0c}]", .expectedCommaOrEnd, 2), ("1\u{a0}", .trailingBytes, 1),
            ("\u{0}", .expectedValue, 0), ("[1\u{0}]", .expectedCommaOrEnd, 2),
        ] as [(String, JSONError.Reason, Int)])
    func refuses(_ text: String, reason: JSONError.Reason, offset: Int) {
        let error = #expect(throws: JSONError.self) { try JSONDocument(Array(text.utf8)) }
        #expect(error?.reason == reason)
        #expect(error?.offset == offset)
    }

    @Test(
        "bytes that are not UTF-8 are refused in a string and outside",
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x20], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xE1, 0x80], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xEF, 0xBF], [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE],
            [0xFF], [0xC3, 0xC3],
        ] as [[UInt8]])
    func refusesInvalidUTF8(_ bytes: [UInt8]) {
        let rest = Array("\",\"ü\" , 1, \"and so on, for more than one block\"]".utf8)
        for padding in 0...40 {
            for filling in ["a", "é"] {
                let before = Array(("[\"" + String(repeating: filling, count: padding)).utf8)
                for after in [[UInt8](), Array("ist das Ende?".utf8), Array("日本語の文章はこのように続きます".utf8)] {
                    let error = #expect(throws: JSONError.self) { try JSONDocument(before + bytes + after + rest) }
                    #expect(error?.reason == .invalidUTF8)
                    #expect(error?.offset == before.count)
                }
            }
        }
        #expect(throws: JSONError.self) { try JSONDocument(bytes) }
        #expect(throws: JSONError.self) { try JSONDocument(Array("[1".utf8) + bytes + Array("]".utf8)) }
    }

    @Test("characters of every width are accepted at every place of a block, and read back as they are")
    func readsCharacters() throws {
        let edges = "\u{7F}\u{80}\u{7FF}\u{800}\u{FFF}\u{1000}\u{CFFF}\u{D000}\u{D7FF}\u{E000}\u{FFFD}\u{FFFF}"
        for text in [edges + "\u{10000}\u{3FFFF}\u{40000}\u{FFFFF}\u{100000}\u{10FFFF}", "äöüß", "日本語", "😀😀", "한국어"] {
            for padding in 0...33 {
                for space in ["", "a", "twelve bytes"] {
                    let content = String(repeating: "x", count: padding) + text.map { String($0) + space }.joined()
                    let document = try JSONDocument(Array("[\"\(content)\",\"\(text)\\n\(text)\"]".utf8))
                    let strings = document.root.elements.compactMap { $0.string?.utf8 }
                    #expect(strings == [Array(content.utf8), Array("\(text)\n\(text)".utf8)])
                }
            }
        }
    }

    @Test("an error names line and column, and nothing of the text")
    func placesErrors() {
        let error = #expect(throws: JSONError.self) {
            try JSONDocument(Array("{\n  \"secret\": 1,\n  \"other\" 2\n}".utf8))
        }
        #expect(error?.line == 3)
        #expect(error?.column == 11)
        #expect(error?.description == "Invalid JSON at line 3, column 11 (byte 27): a colon is expected here.")
    }
}
