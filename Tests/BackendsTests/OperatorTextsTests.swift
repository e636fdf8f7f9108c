import PromptSchema
import Testing
import Tokenization

@testable import Backends

@Suite("the operator's own text of prompts")
struct OperatorTextsTests {
    @Test("the shared beginning is what every rendering of the prompt has in common with the operator's text")
    func shared() throws {
        let model = try TinyChatModel()
        let texts = OperatorTexts(model.template)
        func prompt(_ query: String, _ rules: String) throws -> [Int32] {
            try model.template.encode(
                messages: [("system", Array(rules.utf8)), ("user", Array(query.utf8))], addGenerationPrompt: true
            ).ids
        }
        // More texts than are kept, twice: what was dropped is rendered again.
        for number in (0..<100).map({ $0 }) + [0, 99, 50] {
            let rules = "the ships of the harbour pay \(number)"
            let own = [PromptMessage(role: .system, text: rules), PromptMessage(role: .user, text: "the office: ")]
            let alone = try prompt("the office: ", rules)
            let whole = try prompt("the office: what now", rules)
            let expected = zip(whole, alone).prefix { $0 == $1 }.count
            #expect(texts.shared(with: whole, own) == expected && expected > rules.utf8.count / 8)
            #expect(texts.shared(with: whole, own) == expected)
            #expect(texts.shared(with: try prompt("x", "other rules"), own) < expected)
        }
        #expect(texts.shared(with: try prompt("x", "y"), []) == 0)
    }
}
