import Foundation
import TestSupport
import Testing
import Tokenization

/// Files in the shapes of real families; `Tools/tokenizer_families.py` made them and their values with the Python package.
///
/// `TOKENIZER_FAMILIES` names another folder that the same script wrote, with more strings.
struct TokenizerFamilyTests {
    static let names = [
        "deepseek", "deepseek-coder", "gpt4", "gpt4o", "odd-steps", "tekken", "gemma", "llama2", "llama2-metaspace",
        "llama3-removed", "metaspace-words", "mistral-v3", "prefix-space",
        "qwen3",
        "smollm", "steps-contiguous", "steps-isolated", "steps-mergedwithnext", "steps-mergedwithprevious",
        "unknown-apart",
    ]

    private struct Values: Decodable {
        var ids: [[Int32]]
        var texts: [String]
    }

    private static let folder =
        ProcessInfo.processInfo.environment["TOKENIZER_FAMILIES"] ?? Fixtures.path("Families")

    private func value<Value: Decodable>(_ file: String, as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(contentsOf: URL(fileURLWithPath: Self.folder + "/" + file)))
    }

    private func tokenizer(_ name: String) throws -> Tokenizer {
        try Tokenizer(contentsOf: Self.folder + "/" + name + ".tokenizer.json")
    }

    @Test("ids, and the text decoded from them piece by piece, equal those of the Python package", arguments: names)
    func equalsReference(name: String) throws {
        let tokenizer = try tokenizer(name)
        let expected: Values = try value(name + ".json")
        let strings: [String] = try value("strings.json")
        #expect(strings.count == expected.ids.count && strings.count > 250)
        var differing = 0
        for (index, string) in strings.enumerated() {
            let ids = tokenizer.encodeWithAddedTokens(Array(string.utf8))
            var decoder = StreamingDecoder(tokenizer, skippingSpecialTokens: false)
            var text = ""
            for id in ids { text += try #require(String(validating: decoder.push(id), as: UTF8.self)) }
            text += try #require(String(validating: decoder.finish(), as: UTF8.self))
            let isSame = ids == expected.ids[index] && text.utf8.elementsEqual(expected.texts[index].utf8)
            differing += isSame ? 0 : 1
            if !isSame, differing < 5 { Issue.record("string \(index): \(ids), \(expected.ids[index])") }
        }
        print("\(name): \(strings.count) strings, \(differing) differ")
        #expect(differing == 0)
    }

    @Test("any bytes have tokens whose ranges lie in the text, in order, and never a control token", arguments: names)
    func total(name: String) throws {
        let tokenizer = try tokenizer(name)
        let unknown = tokenizer.id(of: "<unk>")
        let seed: UInt64 = 77
        print("seed \(seed)")
        var texts = RandomText(seed: seed)
        for _ in 0..<500 {
            let text = texts.bytes()
            let encoding = tokenizer.encodeWithOffsets(text)
            #expect(encoding.tokens == tokenizer.encode(text) && encoding.ranges.count == encoding.tokens.count)
            #expect(encoding.ranges.allSatisfy { $0.upperBound <= text.count })
            #expect(zip(encoding.ranges, encoding.ranges.dropFirst()).allSatisfy { $0.lowerBound <= $1.lowerBound })
            #expect(!encoding.tokens.contains { tokenizer.isSpecial($0) && $0 != unknown })
        }
    }

    @Test("a space that the tokenizer puts in front belongs to no byte of the text, and decoding takes it off again")
    func spaceInFront() throws {
        let tokenizer = try tokenizer("llama2")
        let text = Array("the dog".utf8)
        let encoding = tokenizer.encodeWithOffsets(text)
        #expect(tokenizer.decode(encoding.tokens) == text)
        #expect(encoding.ranges.first?.lowerBound == 0 && encoding.ranges.last?.upperBound == text.count)
        #expect(encoding.ranges.reduce(0) { $0 + $1.count } == text.count)
        #expect(tokenizer.decode(tokenizer.encode(Array("  x".utf8))) == Array("  x".utf8))
    }

    @Test(
        "a long text without any cut is encoded without stalling", .timeLimit(.minutes(1)),
        arguments: ["llama2", "gemma"])
    func longText(name: String) throws {
        let tokenizer = try tokenizer(name)
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 19)
        #expect(tokenizer.decode(tokenizer.encode(text)) == text)
    }
}
