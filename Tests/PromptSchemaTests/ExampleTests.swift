import PromptSchema
import Testing

@Suite("examples")
struct ExampleTests {
    private let custom = Example(input: "Where is Cleo?", output: "=BERTH(CC1)")

    @Test("an unknown example is kept byte for byte under keep, and removed under strip")
    func policies() throws {
        for policy in [UnknownExamplePolicy.keep, .strip] {
            let schema = try Fixtures.houseBook(policy: policy)
            let messages = try schema.render(PromptParts(query: "q", examples: [.bank(0), .custom(custom), .bank(1)]))
            let prompt = try #require(schema.recognize(messages).prompt)
            #expect(prompt.segments.filter { $0.kind == .examples }.map(\.example) == [0, nil, 1])
            let stripped = strip(prompt, from: messages).messages.map { String(decoding: $0.text, as: UTF8.self) }
            let kept = "Question: Where is Cleo?\nFormula: =BERTH(CC1)\n\n"
            #expect(stripped == (policy == .keep ? [kept, "q"] : ["q"]))
        }
    }

    @Test("an example with a marker in its text cannot be rendered where blocks are told apart by markers")
    func markers() throws {
        let schema = try Fixtures.houseBook(policy: .keep)
        for example in [
            Example(input: "a\nFormula: b", output: "c"), Example(input: "a", output: "b\n\nc"),
            Example(input: "a", output: "b\n"),
        ] {
            #expect(throws: SchemaError.exampleContainsMarker) {
                try schema.render(PromptParts(query: "q", examples: [.custom(example)]))
            }
        }
    }

    @Test("under keep and strip, examples that could end at two places are ambiguous")
    func ambiguousEnd() throws {
        let schema = try Fixtures.singleMessage(policy: .strip)
        let text = "Translate to a formula.\n\nQuestion: a\nFormula: b\n\nNow:\nevil\n\nNow:\nq\nFormula:"
        #expect(schema.recognize([Fixtures.user(text)]).reason == .ambiguous(task: "single"))
    }

    @Test("known turns are removed, and the query is found behind them")
    func turns() throws {
        let schema = try Fixtures.turns()
        let messages = try schema.render(PromptParts(query: "Where is Alma?", examples: [.bank(2), .bank(0)]))
        #expect(messages.map(\.role) == [.system, .user, .assistant, .user, .assistant, .user])
        let prompt = try #require(schema.recognize(messages).prompt)
        #expect(prompt.segments.map(\.example) == [nil, 2, 2, 0, 0, nil, nil])
        let stripped = strip(prompt, from: messages)
        #expect(stripped.messages.map(\.source) == [5])
        #expect(stripped.query == Fixtures.bytes("Where is Alma?"))
        #expect(schema.parts(of: prompt, in: messages).examples == [.bank(2), .bank(0)])
    }

    @Test("a conversation is not a row of examples")
    func conversation() throws {
        let schema = try Fixtures.turns()
        var messages = try schema.render(PromptParts(query: "Where is Alma?", examples: [.bank(0)]))
        messages[2].text = Fixtures.bytes("=LEN(QX7) ")
        #expect(schema.recognize(messages).reason == .unknownExample(task: "turns", message: 1, offset: 0))
        messages.remove(at: 2)
        #expect(schema.recognize(messages).reason == .messages(task: "turns"))
        let many = try schema.render(PromptParts(query: "q", examples: [.bank(0), .bank(1)]))
        #expect(
            try Fixtures.turns(maximum: 1).recognize(many).reason
                == .limit(task: "turns", what: "it has 2 examples and the limit is 1"))
    }

    @Test("bank blocks that begin alike, and blocks inside blocks, are told apart")
    func nestedBlocks() throws {
        let bank = [
            Example(input: "a", output: "b"), Example(input: "a", output: "b;Q:a=b"), Example(input: "c", output: ""),
        ]
        let block = ExampleBlock(
            prefix: Array("Q:".utf8), separator: Array("=".utf8), suffix: Array(";".utf8), bank: bank)
        let schema = try Schema(
            id: "nested",
            messages: [
                MessagePattern(role: .user, parts: [.template("Go;"), .examples(block), .template("."), .query()])
            ])
        let once = try schema.render(PromptParts(query: "q", examples: [.bank(2), .bank(0)]))
        #expect(schema.recognize(once).prompt?.segments.compactMap(\.example) == [2, 0])
        // Row 1 reads like row 0 twice.
        let twice = try schema.render(PromptParts(query: "q", examples: [.bank(1)]))
        #expect(schema.recognize(twice).reason == .ambiguous(task: "nested"))
    }

    @Test("a bank of ten thousand rows is searched, not walked through")
    func largeBank() throws {
        let bank = (0..<10_000).map { Example(input: "question \($0)", output: "=F(\($0))") }
        let schema = try Schema(
            id: "large",
            messages: [
                MessagePattern(
                    role: .system, parts: [.template("T\n"), .examples(Fixtures.block(bank)), .template("E")]),
                MessagePattern(role: .user, parts: [.query()]),
            ])
        let messages = try schema.render(PromptParts(query: "q", examples: (0..<50).map { .bank($0 * 199) }))
        #expect(schema.recognize(messages).prompt?.segments.compactMap(\.example) == (0..<50).map { $0 * 199 })
    }
}
