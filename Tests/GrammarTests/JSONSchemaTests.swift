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
        #"{"type":"integer","minimum":-120,"maximum":1005}"#,
        #"{"type":"number","minimum":-2.75,"maximum":13.062}"#,
        #"{"type":"number","maximum":-0.5}"#,
        #"{"type":["integer","null"],"minimum":7}"#,
        #"{"type":["string","integer"],"enum":["a",1,null,2.5]}"#,
        #"{"anyOf":[{"type":"integer","minimum":3},{"type":"null"}],"type":["integer","null"]}"#,
        #"{"type":"array","prefixItems":[{"type":"integer"},{"type":"string","maxLength":2}],"items":{"type":"null"},"minItems":1,"maxItems":4}"#,
        #"{"type":"array","prefixItems":[{"type":"boolean"},{"type":"null"}],"items":false}"#,
        #"{"type":"integer","multipleOf":7}"#,
        #"{"type":"integer","multipleOf":12,"minimum":-50,"maximum":100}"#,
        #"{"type":"number","multipleOf":0.01,"minimum":-1.5,"maximum":20}"#,
        ##"{"oneOf":[{"$ref":"#/$defs/cat"},{"$ref":"#/$defs/dog"},{"type":"null"}],"discriminator":{"propertyName":"kind"},"$defs":{"cat":{"type":"object","properties":{"kind":{"const":"cat"},"lives":{"type":"integer"}},"required":["kind"]},"dog":{"type":"object","properties":{"kind":{"const":"dog"},"friend":{"$ref":"#"}},"required":["kind","friend"]}}}"##,
        ##"{"allOf":[{"$ref":"#/$defs/base"},{"type":"object","properties":{"b":{"type":"boolean"}},"required":["b"]}],"$defs":{"base":{"type":"object","properties":{"a":{"type":"integer"},"b":{}},"required":["a"]}}}"##,
        #"{"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"}},"anyOf":[{"required":["a"]},{"required":["b"]}]}"#,
        ##"{"$ref":"#/$defs/n","maximum":9,"$defs":{"n":{"type":"integer","minimum":5}}}"##,
        #"{"type":"object","patternProperties":{"^x_[a-z]+$":{"type":"integer"}},"additionalProperties":false}"#,
        #"{"type":"object","propertyNames":{"enum":["p","q"]},"additionalProperties":{"type":"boolean"}}"#,
        ##"{"type":"object","properties":{"v":{"type":"integer","format":"int64"},"l":{"allOf":[{"$ref":"#"},{"type":"object"}]},"r":{"allOf":[{"$ref":"#"},{"type":"object"}]}},"required":["v"]}"##,
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
        "strings are held to patterns and formats",
        arguments: [
            (#"{"type":"string","pattern":"^[A-Z]{2}-\\d+$"}"#, [#""AB-1""#], [#""AB-""#, #""xAB-1""#, #""AB-1 ""#]),
            (#"{"type":"string","pattern":"b+"}"#, [#""b""#, #""abbc""#, #""日b\n""#], [#""""#, #""ac""#]),
            (#"{"type":"string","pattern":"^a|z$"}"#, [#""abc""#, #""xyz""#, #""a""#], [#""ba""#, #""zb""#]),
            (
                #"{"type":"string","pattern":"^.[^a]$"}"#, [#""a\"""#, #""\\b""#, #""\t\n""#, #""日é""#],
                [#""ab\"""#, #""ba""#]
            ),
            (
                #"{"type":"string","format":"date"}"#, [#""2024-02-29""#, #""2023-12-31""#],
                [#""2023-02-29""#, #""2024-04-31""#, #""1900-02-29""#]
            ),
            (
                #"{"type":"string","format":"time"}"#, [#""23:59:59Z""#, #""00:00:00.5+05:30""#],
                [#""24:00:00Z""#, #""12:00:00""#]
            ),
            (
                #"{"type":"string","format":"date-time"}"#, [#""2000-02-29T12:00:00Z""#],
                [#""2024-01-01 12:00:00Z""#, #""2024-01-01""#]
            ),
            (
                #"{"type":"string","format":"uuid"}"#, [#""123e4567-e89b-12d3-a456-426614174000""#],
                [#""123e4567e89b12d3a456426614174000""#]
            ),
            (
                #"{"type":"string","format":"email"}"#, [#""a.b+c@example.org""#],
                [#""a@b""#, #"".a@b.c""#, #""a b@c.d""#]
            ),
            (#"{"type":"string","format":"hostname"}"#, [#""a-1.example""#], [#""-a.example""#, #""a..b""#]),
            (#"{"type":"string","format":"ipv4"}"#, [#""192.168.0.255""#], [#""192.168.0.256""#, #""1.2.3""#]),
        ])
    func strings(schema: String, members: [String], others: [String]) throws {
        let automaton = try automaton(schema)
        for text in members { #expect(automaton.accepts(text), "\(text)") }
        for text in others { #expect(!automaton.accepts(text), "\(text)") }
    }

    @Test(
        "numbers are held to their bounds exactly",
        arguments: [
            (
                #"{"type":"integer","minimum":-12,"maximum":105}"#, ["-12", "-1", "0", "9", "10", "99", "100", "105"],
                ["-13", "106", "-0", "1.0", "05"]
            ),
            (#"{"type":"integer","exclusiveMinimum":5,"exclusiveMaximum":7.5}"#, ["6", "7"], ["5", "8"]),
            (#"{"type":"integer","minimum":0.5}"#, ["1", "999999999999999"], ["0", "-1"]),
            (#"{"type":"integer","maximum":-3}"#, ["-3", "-40"], ["-2", "3"]),
            (
                #"{"type":"number","minimum":0.25,"maximum":0.75}"#, ["0.25", "0.5", "0.7500", "0.2500001"],
                ["0.249", "0.7501", "0", "1"]
            ),
            (
                #"{"type":"number","exclusiveMinimum":1,"exclusiveMaximum":2.5}"#, ["1.0001", "2", "2.49999"],
                ["1", "1.0", "2.5", "2.50", "3"]
            ),
            (
                #"{"type":"number","minimum":-1.5}"#, ["-1.5", "-1.49", "-0.1", "0", "0.0", "12.5"],
                ["-1.51", "-2", "1e5"]
            ),
            (#"{"type":"number","minimum":1e3,"maximum":1000}"#, ["1000", "1000.0"], ["999.9", "1000.1"]),
        ])
    func numbers(schema: String, members: [String], others: [String]) throws {
        let automaton = try automaton(schema)
        for text in members { #expect(automaton.accepts(text), "\(text)") }
        for text in others { #expect(!automaton.accepts(text), "\(text)") }
    }

    @Test(
        "schemas together, apart and with places of their own admit what they should",
        arguments: [
            (
                schemas[17], ["[1]", #"[1,"ab"]"#, #"[1,"", null, null]"#],
                ["[]", "[null]", #"[1,"abc"]"#, #"[1,"a",2]"#]
            ),
            (schemas[18], ["[]", "[true]", "[false,null]"], ["[true,null,1]", "[null]"]),
            (schemas[19], ["0", "7", "-14", "700000000000000"], ["1", "-0", "07", "8", "7000000000000000"]),
            (schemas[20], ["-48", "0", "96"], ["-60", "6", "108"]),
            (schemas[21], ["-1.5", "0", "0.01", "19.99", "20.00"], ["-1.51", "0.001", "20.01", "1e1"]),
            (
                schemas[22],
                [#"{"kind":"cat"}"#, #"{"kind":"dog","friend":{"kind":"cat","lives":9}}"#, "null"],
                [#"{"kind":"dog"}"#, #"{"kind":"cow"}"#]
            ),
            (schemas[23], [#"{"a":1,"b":true}"#], [#"{"a":1}"#, #"{"b":true}"#, #"{"a":1,"b":1}"#]),
            (schemas[24], [#"{"a":null}"#, #"{"b":null}"#, #"{"a":null,"b":null}"#], ["{}"]),
            (schemas[25], ["5", "9"], ["4", "10"]), (schemas[26], ["{}", #"{"x_ab":1}"#], [#"{"y":1}"#]),
            (schemas[27], [#"{"q":true}"#], [#"{"r":true}"#]),
            (schemas[28], [#"{"v":1,"l":{"v":2,"r":{"v":3}}}"#], [#"{"v":1,"l":{}}"#]),
            (#"{"type":"string","nullable":true,"enum":["a"]}"#, [#""a""#, "null"], [#""b""#]),
            (
                ##"{"allOf":[{"$ref":"#/$defs/x"}],"nullable":true,"$defs":{"x":{"type":"integer"}}}"##, ["null", "3"],
                ["true"]
            ),
            (#"{"type":"string","anyOf":[true]}"#, [#""a""#], ["1"]),
            (
                #"{"type":"object","properties":{"a":{"type":"null"}},"unevaluatedProperties":false}"#, ["{}"],
                [#"{"b":1}"#]
            ),
            (#"{"type":"object","unevaluatedProperties":false}"#, ["{}"], [#"{"b":1}"#]),
            (
                #"{"type":"array","items":[{"type":"null"}],"additionalItems":{"type":"boolean"}}"#, ["[null,true]"],
                ["[true]"]
            ),
            (
                #"{"type":"string","format":"uri"}"#,
                [#""https://a.example:8080/b/c?d=1&e#f""#, #""http://localhost""#],
                [#""ftp://a""#, #""https://""#, #""https://a b""#]
            ),
            (
                #"{"type":"string","format":"duration"}"#, [#""P3D""#, #""PT1H30M""#, #""P2W""#],
                [#""P""#, #""PT""#, #""1D""#]
            ),
            (#"{"type":"string","format":"ipv6"}"#, [#""2001:db8:0:0:0:0:0:1""#], [#""2001:db8""#]),
        ])
    func combinations(schema: String, members: [String], others: [String]) throws {
        let automaton = try automaton(schema)
        for text in members { #expect(automaton.accepts(text), "\(text)") }
        for text in others { #expect(!automaton.accepts(text), "\(text)") }
    }

    @Test("calls in Qwen3-Coder's form hold arguments to the function's schema, strings as they are")
    func markupCalls() throws {
        let schema = ##"""
            {"type":"object","required":["path","n"],"properties":{"path":{"type":"string"},"n":{"type":"integer","minimum":1},
            "mode":{"enum":["r","w"]},"day":{"type":"string","format":"date"},"o":{"$ref":"#/$defs/o"}},
            "$defs":{"o":{"type":"object","properties":{"x":{"type":"boolean"}}}}}
            """##
        let automaton = GrammarAutomaton(
            try Grammar(markupCalls: [
                .init(name: "f", schema: try JSONDocument(Array(schema.utf8)).root),
                .init(name: "g", schema: try JSONDocument(Array(#"{"type":"object"}"#.utf8)).root),
            ]))
        func call(_ arguments: [(String, String)]) -> String {
            "<function=f>\n" + arguments.map { "<parameter=\($0)>\n\($1)\n</parameter>\n" }.joined() + "</function>"
        }
        let long = String(repeating: "a\n<b>\"日本\n</p", count: 100)
        for arguments in [
            [("path", "/a b"), ("n", "3")], [("path", ""), ("n", "1"), ("mode", "w")], [("path", long), ("n", "12")],
            [("path", "x"), ("n", "1"), ("day", "2024-02-29"), ("o", #"{"x": true}"#)],
        ] { #expect(automaton.accepts(call(arguments)), "\(arguments)") }
        for arguments in [
            [("path", "x")], [("n", "1"), ("path", "x")], [("path", "x"), ("n", "0")],
            [("path", "x"), ("n", "1"), ("mode", "\"w\"")],
            [("path", "x"), ("n", "1"), ("day", "today")], [("path", "x"), ("n", "1"), ("o", "{\"x\": 1}")],
        ] { #expect(!automaton.accepts(call(arguments)), "\(arguments)") }
        #expect(automaton.accepts("<function=g>\n</function>") && !automaton.accepts("<function=h>\n</function>"))
    }

    @Test("an automaton holds no more than its room, and answers go on in its successor")
    func room() throws {
        // Every string of letters leads to another set of places.
        let grammar = try Grammar(regularExpression: "[ab]*a[ab]{40}")
        let automaton = GrammarAutomaton(grammar, vocabulary: SmallVocabulary.trie, room: 20_000)
        var random = SeededRandom(seed: 3)
        var text: [UInt8] = []
        var state = GrammarAutomaton.start
        for _ in 0..<400 {
            let byte: UInt8 = Bool.random(using: &random) ? 0x61 : 0x62
            let next = automaton.next(state, bytes: [byte])
            guard next != GrammarAutomaton.dead else { break }
            text.append(byte)
            state = next
        }
        #expect(automaton.isCrowded)
        #expect(text.count < 400)
        let successor = automaton.successor
        #expect(!successor.isCrowded && successor === automaton.successor)
        #expect(successor.next(GrammarAutomaton.start, bytes: text) != GrammarAutomaton.dead)
    }

    @Test("texts around schemas belong to the language, each with its own schema")
    func framed() throws {
        func framed(_ name: String, _ schema: String) throws -> Grammar.Framed {
            Grammar.Framed(
                prefix: "<\(name)>", schema: try JSONDocument(Array(schema.utf8)).root, suffix: "</\(name)>")
        }
        let grammar = try Grammar(alternatives: [
            try framed("a", ##"{"$ref":"#/$defs/x","$defs":{"x":{"type":"integer"}}}"##),
            try framed("b", ##"{"$ref":"#/$defs/x","$defs":{"x":{"type":"null"}}}"##),
        ])
        let automaton = GrammarAutomaton(grammar)
        for text in ["<a>12</a>", "<b>null</b>"] { #expect(automaton.accepts(text), "\(text)") }
        for text in ["<a>null</a>", "<b>12</b>", "<a>12</b>", "12"] { #expect(!automaton.accepts(text), "\(text)") }
    }

    @Test(
        "what is not supported is refused by its name and place",
        arguments: [
            (#"{"type":"string","pattern":"a(?=b)"}"#, "/pattern"), (#"{"type":"string","minimum":1}"#, "minimum"),
            (#"{"type":"string","pattern":"^(?:(?:[a-z]?){400}){200}$"}"#, "/pattern: it is too large"),
            (#"{"type":"string","pattern":"(?:(?:(?:()){1000}){1000}){1000}"}"#, "too large"),
            (#"{"type":"integer","minimum":1000000000000000000}"#, "15 digits"),
            (#"{"type":"number","maximum":-1e18}"#, "15 digits"),
            (#"{"type":"string","format":"iri"}"#, "iri"), (#"{"pattern":"a"}"#, "pattern"),
            (#"{"type":"string","pattern":"a","maxLength":3}"#, "maxLength"),
            (#"{"type":"string","format":"date","pattern":"a"}"#, "format"),
            (#"{"type":"integer","multipleOf":0}"#, "/multipleOf"),
            (#"{"type":"number","multipleOf":0.3}"#, "/multipleOf"),
            (#"{"type":"integer","multipleOf":101}"#, "/multipleOf"),
            (#"{"type":"integer","multipleOf":3,"minimum":1}"#, "/multipleOf"),
            (#"{"type":"integer","multipleOf":7,"minimum":1,"maximum":6}"#, "multiple"),
            (#"{"type":"integer","format":"money"}"#, "/format"),
            (#"{"type":"integer","minimum":3,"maximum":2}"#, "bounds"),
            (#"{"type":"integer","minimum":"3"}"#, "/minimum"),
            (#"{"type":"number","exclusiveMinimum":1,"maximum":1}"#, "bounds"),
            (#"{"type":"number","minimum":1,"exclusiveMinimum":1}"#, "exclusiveMinimum"),
            (#"{"type":"number","minimum":1.5e-3}"#, "exponent"), (#"{"type":"string","enum":[1,2]}"#, "/enum"),
            (#"{"type":"string","const":null}"#, "/const"),
            (#"{"type":"string","anyOf":[{"type":"null"}]}"#, "/type"), (#"{"not":{}}"#, "not"),
            (#"{"oneOf":[{"type":"integer"},{"type":"number"}]}"#, "/oneOf/1"),
            (
                #"{"oneOf":[{"type":"object","properties":{"a":{"const":1}}},{"type":"null"},{"type":"object"}]}"#,
                "branch 0"
            ),
            (#"{"oneOf":[{"enum":["a","b"]},{"enum":["c","b"]}]}"#, "/oneOf/1"),
            (#"{"oneOf":[{"type":"string","nullable":true,"enum":["s"]},{"type":"null"}]}"#, "/oneOf/1"),
            (
                #"{"oneOf":[{"type":"object","required":["k"],"properties":{"k":{"enum":["a"],"nullable":true}}},"#
                    + #"{"type":"object","required":["k"],"properties":{"k":{"enum":["b"],"nullable":true}}}]}"#,
                "/oneOf/1"
            ),
            (#"{"oneOf":[\#((0..<1_001).map { #"{"const":\#($0)}"# }.joined(separator: ","))]}"#, "more than 1000"),
            (
                #"{"allOf":[{"type":"object","properties":{"a":{}},"unevaluatedProperties":false},{"required":["b"]}]}"#,
                "unevaluatedProperties"
            ),
            (#"{"allOf":[{"type":"array","items":{}},{"unevaluatedItems":false}]}"#, "unevaluatedItems"),
            (
                #"{"allOf":[{"type":"object","patternProperties":{"^x$":{}}},{"additionalProperties":false}]}"#,
                "patternProperties"
            ),
            (
                #"{"type":"array","items":[{"const":1}],"unevaluatedItems":false,"minItems":2}"#, "/minItems"
            ),
            (#"{"items":[{"const":1}],"prefixItems":[{"const":2}]}"#, "prefixItems"),
            (#"{"type":"integer","format":"uint32"}"#, "/format"),
            (#"{"type":"object","patternProperties":{"a":{},"b":{}}}"#, "/patternProperties"),
            (#"{"properties":{"a":{}},"patternProperties":{"b":{}}}"#, "patternProperties"),
            (#"{"allOf":[{"type":"string"},{"type":"null"}]}"#, "/type"), (#"{"allOf":[]}"#, "/allOf"),
            (#"{"allOf":[{"type":"string","maxLength":3},{"maxLength":4}]}"#, "maxLength"),
            (
                #"{"allOf":[{"properties":{"a":{}},"additionalProperties":false},{"properties":{"b":{}}}]}"#,
                "additionalProperties"
            ),
            (#"{"allOf":[{"items":{"type":"null"}},{"prefixItems":[{}]}],"type":"array"}"#, "prefixItems"),
            (##"{"allOf":[{"$ref":"#"},{"type":"null"}]}"##, "hold together"),
            (#"{"type":"array","prefixItems":[{}],"items":false,"minItems":2}"#, "/minItems"),
            (#"{"type":"object","minProperties":1}"#, "minProperties"),
            (#"{"type":"object","properties":{"a":{"contains":{}}}}"#, "/properties/a"),
            (#"{"type":"array","uniqueItems":true}"#, "uniqueItems"), (#"{"type":"date"}"#, "date"),
            (#"{"properties":{"a":{"if":{}}}}"#, "/properties/a"), (#"{"required":["x"]}"#, "x"),
            (##"{"$ref":"#/$defs/none"}"##, "none"), (#"{"$ref":"http://x/y"}"#, "$ref"),
            (##"{"$defs":{"a":{"anyOf":[{"$ref":"#/$defs/a"},{"type":"null"}]}},"$ref":"#/$defs/a"}"##, "itself"),
            (##"{"anyOf":[{"$ref":"#"}]}"##, "itself"), (#"{"enum":[]}"#, "enum"), ("false", "false"), ("[]", "object"),
            (#"{"type":"array","minItems":3,"maxItems":2}"#, "minItems"), (#"{"maxLength":2}"#, "maxLength"),
            (#"{"type":"string","maxLength":-1}"#, "maxLength"),
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
