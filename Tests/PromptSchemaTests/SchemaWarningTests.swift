import PromptSchema
import Testing

@Suite("warnings about schemas")
struct SchemaWarningTests {
    @Test("guardrail words in removed text are pointed out, and not in kept text")
    func guardrails() throws {
        func schema(_ text: String, keep: Bool) throws -> Schema {
            try Schema(
                id: "t",
                messages: [MessagePattern(role: .user, parts: [.template(text, keep: keep), .query()])])
        }
        let text = "Answer from the notes. NEVER give legal advice.\n"
        #expect(try schema(text, keep: false).warnings == [.guardrail(literal: 0, word: "never")])
        #expect(try schema(text, keep: true).warnings.isEmpty)
        #expect(try schema("Nevertheless, answer from the notes.\n", keep: false).warnings.isEmpty)
    }

    @Test("short templates, joined texts and unseen examples are pointed out")
    func others() throws {
        #expect(try Fixtures.houseBook().warnings.isEmpty)
        #expect(try Fixtures.retrieval().warnings == [.joinedText(message: 1)])
        #expect(try Fixtures.turns(policy: .strip).warnings == [.stripsUnknownExamples])
        let short = try Schema(id: "t", messages: [MessagePattern(role: .user, parts: [.template("Q: "), .query()])])
        #expect(short.warnings == [.shortTemplate(bytes: 3)])
        #expect(short.warnings.allSatisfy { $0.description.contains("; ") || $0.description.contains(", ") })
    }
}
