import PromptSchema
import Testing

@Suite("rendering")
struct RenderingTests {
    @Test("parts that the schema has no place for are refused")
    func refusals() throws {
        let book = try Fixtures.houseBook(maximumExamples: 1)
        let retrieval = try Fixtures.retrieval()
        #expect(throws: SchemaError.emptyQuery) { try book.render(PromptParts(query: "")) }
        #expect(throws: SchemaError.missingContext("notes")) { try retrieval.render(PromptParts(query: "q")) }
        #expect(throws: SchemaError.unknownContext("x")) {
            try book.render(PromptParts(query: "q", contexts: ["x": []]))
        }
        #expect(throws: SchemaError.noExamplePart) {
            try retrieval.render(PromptParts(query: "q", examples: [.bank(0)], contexts: ["notes": []]))
        }
        #expect(throws: SchemaError.noSuchExample(3)) {
            try book.render(PromptParts(query: "q", examples: [.bank(3)]))
        }
        #expect(throws: SchemaError.tooManyExamples(maximum: 1)) {
            try book.render(PromptParts(query: "q", examples: [.bank(0), .bank(1)]))
        }
        #expect(throws: SchemaError.customExample) {
            try book.render(PromptParts(query: "q", examples: [.custom(Example(input: "a", output: "b"))]))
        }
    }

    @Test("the literals are listed in order, and a stage may shrink each that is not kept")
    func stages() throws {
        let schema = try Fixtures.houseBook()
        #expect(schema.literals.map(\.number) == [0, 1])
        #expect(schema.literals.map(\.text) == [Fixtures.bytes(Fixtures.template), Fixtures.bytes(Fixtures.tail)])
        let parts = PromptParts(query: "q", examples: [.bank(0)])
        let stage = try schema.renderStage(parts, replacing: [0: Fixtures.bytes("Short. "), 1: []])
        #expect(
            stage == [
                Fixtures.system("Short. Question: How long is Alma?\nFormula: =LEN(QX7)\n\n"), Fixtures.user("q"),
            ])
        #expect(try schema.renderStage(parts, replacing: [:]) == schema.render(parts))
        #expect(try schema.renderStripped(parts) == [Fixtures.user("q")])
        #expect(throws: SchemaError.noSuchLiteral(2)) { try schema.renderStage(parts, replacing: [2: []]) }
        #expect(throws: SchemaError.keptLiteral(1)) {
            try Fixtures.retrieval().renderStage(
                PromptParts(query: "q", contexts: ["notes": []]), replacing: [1: []])
        }
    }

    @Test("an explanation covers a recognized request and shows where another one leaves the schema")
    func explanation() throws {
        let schema = try Fixtures.houseBook()
        var messages = try schema.render(PromptParts(query: "Where is Alma?", examples: [.bank(1)]))
        let found = schema.explain(messages)
        #expect(found.task == "formulas")
        #expect(found.reason == nil)
        #expect(found.rows.map(\.kind) == [.template, .examples, .template, .query])
        #expect(found.keptByteCount == 14)
        #expect(found.removedByteCount == messages[0].text.count)
        messages[0].text[Fixtures.template.utf8.count - 1] = 0xC3
        let drift = schema.explain(messages)
        #expect(drift.rows.isEmpty)
        #expect(drift.reason?.code == "drift")
        let difference = try #require(drift.difference)
        #expect(difference.offset == Fixtures.template.utf8.count - 1)
        #expect(difference.expected == "\\n")
        #expect(difference.found == "\\xc3")
        messages[0].text.removeSubrange(difference.offset...)
        #expect(schema.explain(messages).difference?.found == "")
    }

    @Test("reasons have stable codes and a sentence each, without text of the request")
    func reasons() {
        let reasons: [UnknownReason] = [
            .noSchema, .drift(task: "t", message: 0, offset: 1), .ambiguous(task: "t"),
            .unknownExample(task: "t", message: 0, offset: 1), .messages(task: "t"),
            .limit(task: "t", what: "it is long"), .notText(task: "t", message: 1),
        ]
        #expect(
            reasons.map(\.code) == [
                "no_schema", "drift", "ambiguous", "unknown_example", "messages", "limit", "unsupported_feature",
            ])
        #expect(reasons.allSatisfy { $0.detail.hasSuffix(".") })
    }
}
