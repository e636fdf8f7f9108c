import Foundation
import Testing
import Tokenization

struct BPETrainerTests {
    private static let specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    private static let trainer = BPETrainer(
        vocabularySize: 600, specialTokens: specials,
        requiredTokens: BPETrainer.digitPairs + [" Harlow", " banana", "漢字"])

    /// To store the file anew, run the tests with TOKENIZATION_WRITE_FIXTURES=1, then Tools/tokenizer_reference.py.
    @Test("the same texts give the same file, byte for byte")
    func deterministic() throws {
        let file = try Self.trainer.train(Fixtures.strings())
        if ProcessInfo.processInfo.environment["TOKENIZATION_WRITE_FIXTURES"] != nil {
            try Data(file).write(to: URL(fileURLWithPath: Fixtures.path("trained.tokenizer.json")))
        }
        #expect(try Self.trainer.train(Fixtures.strings()) == file)
        #expect(try file == Fixtures.bytes("trained.tokenizer.json"))
    }

    @Test("the Python package reads the trained file and gives the same ids")
    func equalsReference() throws {
        let tokenizer = try Fixtures.tokenizer("trained")
        let expected = try Fixtures.value("trained.ids.json", as: [[Int32]].self)
        #expect(expected.count > 80)
        for (text, ids) in zip(try Fixtures.strings(), expected) {
            #expect(tokenizer.encodeWithAddedTokens(text) == ids)
        }
    }

    @Test("required words become one token each, and the vocabulary has the wanted size")
    func required() throws {
        let tokenizer = try Tokenizer(json: Self.trainer.train(Fixtures.strings()))
        #expect(tokenizer.vocabularySize == 600)
        for word in Self.trainer.requiredTokens {
            #expect(tokenizer.encode(Array(word.utf8)).count == 1, "\(word)")
        }
        #expect(
            tokenizer.count(Array("code 07 and 4711".utf8)) == tokenizer.count(Array("code ".utf8)) + 1
                + tokenizer.count(Array(" and ".utf8)) + 2)
        for (index, content) in Self.specials.enumerated() { #expect(tokenizer.id(of: content) == Int32(index)) }
    }

    @Test("frequent pairs are merged first", arguments: SplitPattern.allCases)
    func frequency(pattern: SplitPattern) throws {
        let texts = ["low lower lowest low low", "newer wider newer"].map { Array($0.utf8) }
        let tokenizer = try Tokenizer(json: BPETrainer(vocabularySize: 262, pattern: pattern).train(texts))
        #expect(tokenizer.splitPattern == pattern)
        #expect(tokenizer.decode([256]) == Array("lo".utf8) && tokenizer.decode([257]) == Array("low".utf8))
        #expect(tokenizer.count(Array("low".utf8)) == 1)
    }

    @Test("texts without pairs give the bytes alone")
    func noPairs() throws {
        #expect(try Tokenizer(json: BPETrainer(vocabularySize: 1000).train([])).vocabularySize == 256)
        #expect(try Tokenizer(json: BPETrainer(vocabularySize: 256).train([Array("aaaa".utf8)])).vocabularySize == 256)
    }

    @Test("text never trains a control token")
    func controlTokens() throws {
        let texts = [[UInt8]](repeating: Array("STOP STOP STOP".utf8), count: 20)
        let tokenizer = try Tokenizer(
            json: BPETrainer(vocabularySize: 270, specialTokens: ["STOP", "ĠSTOP"]).train(texts))
        #expect(tokenizer.encode(Array("STOP STOP".utf8)).allSatisfy { $0 > 1 })
    }

    @Test(
        "impossible wishes are refused",
        arguments: [
            BPETrainer(vocabularySize: 100), BPETrainer(vocabularySize: 257, specialTokens: ["a1", "a2"]),
            BPETrainer(vocabularySize: 300, specialTokens: ["ab", "ab"]),
            BPETrainer(vocabularySize: 300, specialTokens: ["a"]),
            BPETrainer(vocabularySize: 300, requiredTokens: ["two words"]),
            BPETrainer(vocabularySize: 300, requiredTokens: ["123"]),
            BPETrainer(vocabularySize: 300, requiredTokens: [""]),
            BPETrainer(vocabularySize: 260, requiredTokens: BPETrainer.digitPairs),
        ])
    func refused(trainer: BPETrainer) {
        #expect(throws: TokenizationError.self) { try trainer.train([Array("some text".utf8)]) }
    }
}
