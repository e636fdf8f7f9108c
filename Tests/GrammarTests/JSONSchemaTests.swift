import ChatAPI
import Grammar
import TestSupport
import Testing

@Suite("JSON schemas as grammars")
struct JSONSchemaTests {
    private func automaton(_ schema: String) throws -> GrammarAutomaton {
        GrammarAutomaton(try Grammar(jsonSchema: try JSONDocument(Array(schema.utf8)).root))
    }

    private static let schemas = [
        #"{"type":"object","properties":{"a":{"type":"string","maxLength":6},"b":{"type":"integer"}},"required":["b"]}"#,
        #"{"type":"object","properties":{"x":{"enum":["red","grün",null,4]},"y":{"const":{"k":[1, 2]}}},"required":["x","y"],"additionalProperties":false}"#,
        #"{"type":"array","items":{"type":"number"},"minItems":2,"maxItems":4}"#,
        #"{"type":["string","null","boolean"],"minLength":2,"maxLength":3}"#,
        #"{"anyOf":[{"type":"integer"},{"type":"array","items":{"type":"boolean"},"maxItems":2}]}"#,
        ##"{"$defs":{"node":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}},"required":["v","next"]}},"$ref":"#/$defs/node"}"##,
        ##"{"type":"object","properties":{"kids":{"type":"array","items":{"$ref":"#"},"maxItems":2}},"required":["kids"]}"##,
        #"{"type":"object","additionalProperties":{"type":"boolean"}}"#,
        #"{"type":"object","properties":{"a":{},"b":true,"c":{"type":"object"}},"title":"t","description":"d"}"#,
        #"{"allOf":[{"type":"object","properties":{}, "additionalProperties":false}]}"#,
        #"{"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"},"c":{"type":"null"},"d":{"type":"null"}}}"#,
    ]

    @Test("every text that the masks allow parses and meets the schema", arguments: schemas)
    func random(schema: String) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)
        let automaton = try automaton(schema)
        let root = try JSONDocument(Array(schema.utf8)).root
        var finished = 0
        for _ in 0..<60 {
            guard let text = automaton.randomText(&random) else { continue }
            finished += 1
            let value = try JSONDocument(text).root
            #expect(
                PlainValidator(root: root).isValid(value, root),
                "seed \(seed): \(String(decoding: text, as: UTF8.self))")
        }
        #expect(finished > 10, "seed \(seed)")
    }

    @Test("any object that the masks of json_object allow parses")
    func jsonObject() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)
        let automaton = GrammarAutomaton(.jsonObject)
        var finished = 0
        for _ in 0..<100 {
            guard let text = automaton.randomText(&random) else { continue }
            finished += 1
            #expect(try JSONDocument(text).root.kind == .object, "seed \(seed)")
        }
        #expect(finished > 20, "seed \(seed)")
    }

    @Test(
        "texts of the language are accepted, others are not",
        arguments: [
            (schemas[0], #"{"b": 1}"#, true), (schemas[0], #"{"a":"xy","b":-12}"#, true),
            (schemas[0], #"{"a":"xy"}"#, false), (schemas[0], #"{"b":1.5}"#, false), (schemas[0], #"{"b":01}"#, false),
            (schemas[0], #"{"a":"1234567","b":1}"#, false), (schemas[0], #"{"b":1,"c":2}"#, false),
            (schemas[0], #"{"a":"日本語日本語","b":1}"#, true), (schemas[0], #"{,"b":1}"#, false),
            (schemas[0], #"{"a":"\u00e9\n\\","b":1}"#, true), (schemas[0], #"{"a":"\uD800","b":1}"#, false),
            (schemas[2], "[1,2]", true), (schemas[2], "[1]", false), (schemas[2], "[1,2,3,4,5]", false),
            (schemas[2], "[1.5e3, -0]", true), (schemas[2], "[1e400,1]", false), (schemas[3], "null", true),
            (schemas[3], #""a""#, false), (schemas[6], #"{"kids":[{"kids":[]},{"kids":[]}]}"#, true),
            (schemas[7], #"{"any": true, "other":false}"#, true), (schemas[9], "{}", true),
            (schemas[9], #"{"a":1}"#, false), (schemas[10], #"{"b":null,"d":null}"#, true),
            (schemas[10], #"{"d":null,"b":null}"#, false),
        ])
    func language(schema: String, text: String, isMember: Bool) throws {
        #expect(try automaton(schema).accepts(text) == isMember)
    }

    @Test(
        "what is not supported is refused by its name and place",
        arguments: [
            (#"{"type":"string","pattern":"a"}"#, "pattern"), (#"{"type":"integer","minimum":1}"#, "minimum"),
            (#"{"type":"string","format":"date"}"#, "format"), (#"{"oneOf":[{"type":"null"}]}"#, "oneOf"),
            (#"{"not":{}}"#, "not"), (#"{"type":"object","patternProperties":{}}"#, "patternProperties"),
            (#"{"type":"array","uniqueItems":true}"#, "uniqueItems"), (#"{"type":"date"}"#, "date"),
            (#"{"properties":{"a":{"if":{}}}}"#, "/properties/a"), (#"{"required":["x"]}"#, "x"),
            (##"{"$ref":"#/$defs/none"}"##, "none"), (#"{"$ref":"http://x/y"}"#, "$ref"),
            (##"{"$defs":{"a":{"anyOf":[{"$ref":"#/$defs/a"},{"type":"null"}]}},"$ref":"#/$defs/a"}"##, "itself"),
            (##"{"anyOf":[{"$ref":"#"}]}"##, "itself"), (#"{"enum":[]}"#, "enum"), ("false", "false"), ("[]", "object"),
            (#"{"type":"array","minItems":3,"maxItems":2}"#, "minItems"), (#"{"maxLength":2}"#, "maxLength"),
            (#"{"type":"string","maxLength":-1}"#, "maxLength"), (#"{"anyOf":[{}],"properties":{}}"#, "properties"),
            (#"{"type":"array","items":{"type":"string","maxLength":10000},"maxItems":10000}"#, "states"),
        ])
    func refused(schema: String, name: String) {
        let error = #expect(throws: GrammarError.self) { _ = try automaton(schema) }
        #expect(error?.description.contains(name) == true, "\(error?.description ?? "")")
    }

    @Test("a schema nested without end is refused before the stack is used up")
    func nested() throws {
        var schema = #"{"type":"null"}"#
        for _ in 0..<100 { schema = #"{"type":"array","items":\#(schema)}"# }
        #expect(throws: GrammarError.self) { _ = try automaton(schema) }
    }

    @Test("a mask holds a token exactly if its bytes may follow")
    func masks() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)
        for schema in Self.schemas {
            let automaton = try automaton(schema)
            var state = GrammarAutomaton.start
            for _ in 0..<30 {
                let allowed = automaton.tokens(state)
                let expected = SmallVocabulary.strings.indices.filter {
                    automaton.next(state, bytes: SmallVocabulary.strings[$0]) != GrammarAutomaton.dead
                }
                #expect(allowed == expected.map(Int32.init), "seed \(seed)")
                guard let token = allowed.randomElement(using: &random) else { break }
                state = automaton.next(state, token: token)
            }
        }
    }

    @Test("strings are well-formed UTF-8 and nothing else")
    func utf8() throws {
        let automaton = try automaton(#"{"type":"string"}"#)
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<3_000 {
            let bytes = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                UInt8.random(in: 0x80...0xFF, using: &random)
            }
            let isText = String(validating: bytes, as: UTF8.self) != nil
            #expect(automaton.accepts(automaton.next(0, bytes: [0x22] + bytes + [0x22])) == isText, "seed \(seed)")
        }
    }
}
