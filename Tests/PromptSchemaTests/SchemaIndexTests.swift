import PromptSchema
import TestSupport
import Testing

@Suite("the index over many schemas")
struct SchemaIndexTests {
    private func schema(_ id: String, _ template: String) throws -> Schema {
        try Schema(
            id: id,
            messages: [
                MessagePattern(role: .system, parts: [.template(template)]),
                MessagePattern(role: .user, parts: [.query()]),
            ])
    }

    private func request(_ template: String, _ query: String = "q") -> [PromptMessage] {
        [Fixtures.system(template), Fixtures.user(query)]
    }

    @Test("each of a thousand schemas is found, and a change in any of them is drift of that one")
    func thousand() throws {
        let seed: UInt64 = 20_260_120
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let templates = (0..<1000).map {
            "You are the assistant of desk \($0 * 7919 % 1000). Answer briefly, rule \($0)."
        }
        var schemas: [Schema] = []
        for (number, template) in templates.enumerated() { schemas.append(try schema("task-\(number)", template)) }
        let index = SchemaIndex(schemas)
        for (number, template) in templates.enumerated() {
            #expect(index.recognize(request(template)).prompt?.taskID == "task-\(number)")
            var changed = request(template)
            let offset = Int.random(in: 36..<changed[0].text.count, using: &random)
            changed[0].text[offset] = UInt8(ascii: "~")
            #expect(index.recognize(changed).reason?.code == "drift")
        }
    }

    @Test("of two openings that a changed text could be, the one that begins first is named")
    func earliest() throws {
        let text = "You are the assistant of the desk for lost property. Answer in one short sentence."
        let index = SchemaIndex([try schema("a", text), try schema("b", "Hi! " + text)])
        #expect(index.recognize(request("~Hi! " + text)).reason == .drift(task: "b", message: 0, offset: 0))
    }

    @Test("an index decides like its only schema alone, over hostile and changed prompts")
    func likeOne() throws {
        let seed: UInt64 = 20_260_121
        print("seed \(seed), 20000 cases")
        var random = SeededRandom(seed: seed)
        for _ in 0..<200 {
            let schema = RandomSchema.make(&random)
            let index = SchemaIndex([schema])
            let hostile = HostileText(schema)
            for _ in 0..<100 {
                guard var messages = try? schema.render(hostile.parts(of: schema, &random)) else { continue }
                let message = Int.random(in: messages.indices, using: &random)
                if random.chance(0.5), !messages[message].text.isEmpty {
                    let offset = Int.random(in: messages[message].text.indices, using: &random)
                    messages[message].text[offset] = random.pick(Array("ab\n".utf8))
                }
                #expect(index.recognize(messages) == schema.recognize(messages))
                #expect(index.explain(messages).reason == schema.recognize(messages).reason)
                if index.recognize(messages) != .unknown(.noSchema) { #expect(mayRecognize(messages, index)) }
            }
        }
    }

    @Test("the first bytes of a request tell that it has no schema, and never of one that has")
    func looksAtOpenings() throws {
        let long = String(repeating: "Rule after rule after rule. ", count: 50)
        let index = SchemaIndex([
            try schema("long", "You are the assistant of the desk. " + long), try schema("short", "You: "),
            try Fixtures.houseBook(),
        ])
        for text in ["You are the assistant of the desk. " + long, "You: ", Fixtures.template + Fixtures.tail] {
            let text = Fixtures.bytes(text)
            for offset in text.indices {
                var changed = [PromptMessage(role: .system, text: text), Fixtures.user("q")]
                changed[0].text[offset] ^= 1
                if index.recognize(changed) != .unknown(.noSchema) { #expect(mayRecognize(changed, index)) }
            }
            #expect(mayRecognize([PromptMessage(role: .system, text: text), Fixtures.user("q")], index))
        }
        for text in ["", "Y", "You are a helpful assistant. " + long, long, "you: "] {
            #expect(!mayRecognize(request(text), index))
            #expect(index.recognize(request(text)) == .unknown(.noSchema))
        }
        #expect(!mayRecognize([], index))
        let suffix = try Schema(
            id: "suffix", messages: [MessagePattern(role: .user, parts: [.query(), .template("\nOne word.")])])
        #expect(mayRecognize(request("anything"), SchemaIndex([suffix])))
    }

    private func mayRecognize(_ messages: [PromptMessage], _ index: SchemaIndex) -> Bool {
        index.mayRecognize(messageCount: messages.count) { Array(messages[$0].text.prefix(SchemaIndex.openingLength)) }
    }

    @Test("a request that two schemas match is ambiguous")
    func twoSchemas() throws {
        let short = try Schema(
            id: "short", messages: [MessagePattern(role: .user, parts: [.template("Translate: "), .query()])])
        let long = try Schema(
            id: "long",
            messages: [MessagePattern(role: .user, parts: [.template("Translate: into French: "), .query()])])
        let index = SchemaIndex([short, long])
        #expect(index.recognize([Fixtures.user("Translate: tea")]).prompt?.taskID == "short")
        #expect(index.recognize([Fixtures.user("Translate: into French: tea")]).reason?.code == "ambiguous")
        let twice = SchemaIndex([short, short])
        #expect(twice.recognize([Fixtures.user("Translate: tea")]).reason == .ambiguous(task: "short"))
    }

    @Test("two versions of one task are told apart by their text")
    func versions() throws {
        let index = SchemaIndex([
            try schema("desk", "You are the desk's assistant, first edition."),
            try schema("desk", "You are the desk's assistant, second edition."),
        ])
        let first = try #require(index.recognize(request("You are the desk's assistant, first edition.")).prompt)
        let second = try #require(index.recognize(request("You are the desk's assistant, second edition.")).prompt)
        #expect(first.fingerprint != second.fingerprint)
        #expect(
            index.recognize(request("You are the desk's assistant, third edition.")).reason
                == .drift(task: "desk", message: 0, offset: 30))
    }

    @Test("a change in the very first words is still drift, and a text of its own is no schema's")
    func openings() throws {
        let schema = try Fixtures.houseBook()
        let index = SchemaIndex([schema])
        var messages = try schema.render(PromptParts(query: "q"))
        messages[0].text[0] = UInt8(ascii: "y")
        #expect(index.recognize(messages).reason == .drift(task: "formulas", message: 0, offset: 0))
        messages[0].text = Fixtures.bytes("Dear assistant: ") + messages[0].text
        #expect(index.recognize(messages).reason == .drift(task: "formulas", message: 0, offset: 0))
        #expect(index.recognize(request("You are a helpful assistant.")).reason == .noSchema)
        #expect(index.recognize([]).reason == .noSchema)
        #expect(SchemaIndex([]).recognize(messages).reason == .noSchema)
    }

    @Test("a schema that begins with variable text is tried on every request")
    func unanchored() throws {
        let index = SchemaIndex([
            try Schema(
                id: "suffix", messages: [MessagePattern(role: .user, parts: [.query(), .template("\nOne word.")])]),
            try Fixtures.houseBook(),
        ])
        let messages = [Fixtures.user("\nOne word.\nOne word.")]
        #expect(
            strip(try #require(index.recognize(messages).prompt), from: messages).query == Fixtures.bytes("\nOne word.")
        )
        #expect(index.recognize([Fixtures.user("tea?")]).reason == .noSchema)
        #expect(index.recognize([Fixtures.user("\nOne word.")]).reason?.code == "limit")
    }
}
