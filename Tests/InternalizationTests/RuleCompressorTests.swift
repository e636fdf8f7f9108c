import HouseBooks
import PromptSchema
import TestSupport
import Testing

@testable import Internalization

@Suite("The rule compressor")
struct RuleCompressorTests {
    private func schema(_ template: String) throws -> Schema {
        try Schema(
            id: "t", version: "1",
            messages: [
                MessagePattern(role: .system, parts: [.template(template)]),
                MessagePattern(role: .user, parts: [.query()]),
            ])
    }

    private func words(_ text: [UInt8]) -> Int {
        text.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }.count
    }

    private func isSubsequence(_ part: [UInt8], of whole: [UInt8]) -> Bool {
        var rest = whole[...]
        for byte in part {
            guard let index = rest.firstIndex(of: byte) else { return false }
            rest = rest[(index + 1)...]
        }
        return true
    }

    @Test("rate 1 is the template byte for byte, rate 0 is nothing", arguments: [0, 7, 9])
    func ends(_ seed: Int) throws {
        let text = BookText.head(Book(seed: UInt64(seed)))
        let compressor = RuleCompressor()
        let whole = compressor.compress(try schema(text), rate: 1, countTokens: words)
        #expect(whole.literals[0] == Array(text.utf8))
        #expect(whole.actualRate == 1)
        let none = compressor.compress(try schema(text), rate: 0, countTokens: words)
        #expect(none.literals[0] == [])
        #expect(none.actualRate == 0)
    }

    @Test("kept text is a subsequence within the rate, and grows with the rate")
    func nested() throws {
        let schema = try schema(BookText.head(Book(seed: 4)))
        var last: [UInt8] = []
        for step in 0...20 {
            let rate = Double(step) / 20
            let result = RuleCompressor().compress(schema, rate: rate, countTokens: words)
            let kept = try #require(result.literals[0])
            #expect(isSubsequence(last, of: kept))
            #expect(isSubsequence(kept, of: schema.literals[0].text))
            #expect(result.actualRate <= rate + 1e-9)
            #expect(result.tokensAfter <= result.tokensBefore)
            last = kept
        }
    }

    @Test("lines with codes outlast prose; commands outlast explanations")
    func order() throws {
        let text = "Some background, which nobody needs. Never guess.\nCodes\n- Harlow3390: north\n"
        let result = RuleCompressor().compress(try schema(text), rate: 0.6, countTokens: words)
        let kept = String(decoding: try #require(result.literals[0]), as: UTF8.self)
        #expect(kept.contains("Harlow3390"))
        #expect(kept.contains("Never guess."))
        #expect(!kept.contains("nobody needs"))
    }

    @Test("literals that stripping keeps are left alone")
    func keeps() throws {
        let schema = try Schema(
            id: "t", version: "1",
            messages: [
                MessagePattern(role: .system, parts: [.template("Long text here. ", keep: true)]),
                MessagePattern(role: .user, parts: [.template("Question: "), .query()]),
            ])
        let result = RuleCompressor().compress(schema, rate: 0, countTokens: words)
        #expect(result.literals == [1: []])
    }
}
