import ChatAPI
import TestSupport
import Testing

@Suite("JSON documents")
struct JSONDocumentTests {
    @Test("a random document reads back as what was written")
    func readsRandomDocuments() throws {
        let seed: UInt64 = 0x1D0C
        print("seed \(seed)")
        var json = RandomJSON(seed: seed)
        for _ in 0..<5_000 {
            let tree = json.tree()
            let text = json.write(tree)
            let document = try JSONDocument(text)
            #expect(document.bytes == text)
            #expect(try read(document.root) == tree)
        }
    }

    @Test("a value's raw bytes are exactly what stands in the text")
    func givesRawBytes() throws {
        let document = try JSONDocument(Array(#"{"a" : [ 1.50 , "x\ny" ,{} ] , "b":-0e1}"#.utf8))
        let raw = { (value: JSONValue?) in value.map { String(decoding: $0.rawBytes, as: UTF8.self) } }
        #expect(raw(document.root["a"]) == #"[ 1.50 , "x\ny" ,{} ]"#)
        #expect(document.root["a"]?.elements.map { raw($0) } == ["1.50", #""x\ny""#, "{}"])
        #expect(raw(document.root["b"]) == "-0e1")
        #expect(document.root["c"] == nil)
        #expect(document.root["a"]?["a"] == nil)
    }

    @Test("a key is found however it is escaped, and the first of two counts")
    func findsKeys() throws {
        let document = try JSONDocument(Array(#"{"\u006eame":1,"n":2,"name":3,"n\"":4}"#.utf8))
        #expect(document.root["name"]?.int == 1)
        #expect(document.root["n"]?.int == 2)
    }

    @Test(
        "an integer reads exactly or not at all",
        arguments: [
            ("0", 0), ("-0", 0), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("1.0", nil), ("1e3", nil),
            ("99999999999999999999999", nil), ("-12", -12), ("\"1\"", nil), ("true", nil),
        ] as [(String, Int?)])
    func readsIntegers(_ text: String, value: Int?) throws {
        #expect(try JSONDocument(Array(text.utf8)).root.int == value)
    }

    @Test(
        "a number reads as the nearest double",
        arguments: [("0.1", 0.1), ("1e400", .infinity), ("-0.0", -0.0), ("1E-2", 0.01), ("12", 12)]
            as [(String, Double)])
    func readsDoubles(_ text: String, value: Double) throws {
        #expect(try JSONDocument(Array(text.utf8)).root.double == value)
    }

    @Test("values of other kinds have no bool, string, elements or members")
    func keepsKindsApart() throws {
        for (text, kind) in [
            ("1", .number), ("true", .boolean), ("null", .null), ("\"\"", .string), ("[]", .array), ("{}", .object),
        ] as [(String, JSONValue.Kind)] {
            let root = try JSONDocument(Array(text.utf8)).root
            #expect(root.kind == kind)
            #expect((root.bool != nil) == (kind == .boolean))
            #expect((root.string != nil) == (kind == .string))
            #expect((root.double != nil) == (kind == .number))
            #expect(root.isNull == (kind == .null))
            #expect(root.elements.map(\.range).isEmpty)
            #expect(root.members.map(\.value.range).isEmpty)
        }
    }

    private func read(_ value: JSONValue) throws -> Tree {
        switch value.kind {
        case .null: return .null
        case .boolean: return .bool(try #require(value.bool as Bool?))
        case .number: return .number(String(decoding: value.rawBytes, as: UTF8.self))
        case .string: return .string(try #require(value.string?.text))
        case .array: return .array(try value.elements.map { try read($0) })
        case .object:
            return .object(
                try value.members.map { Tree.Member(key: try #require($0.key.text), value: try read($0.value)) })
        }
    }
}
