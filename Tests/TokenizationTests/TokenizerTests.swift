import Foundation
import Testing
import Tokenization

struct TokenizerTests {
    @Test("ids equal those of the Python package, with added tokens recognised", arguments: Fixtures.names)
    func equalsReference(name: String) throws {
        let tokenizer = try Fixtures.tokenizer(name)
        let expected = try Fixtures.value(name + ".ids.json", as: Fixtures.Identifiers.self).withAddedTokens
        let strings = try Fixtures.strings()
        #expect(strings.count == expected.count && strings.count > 200)
        for (index, text) in strings.enumerated() {
            #expect(tokenizer.encodeWithAddedTokens(text) == expected[index], "string \(index)")
        }
    }

    @Test("plain encoding equals the Python package without added tokens", arguments: Fixtures.names)
    func plainEqualsReference(name: String) throws {
        let tokenizer = try Fixtures.tokenizer(name)
        let expected = try Fixtures.value(name + ".ids.json", as: Fixtures.Identifiers.self)
        var lookalikes = 0
        for (index, text) in try Fixtures.strings().enumerated() {
            let same = Array(expected.withAddedTokens[index].dropFirst(tokenizer.prefixTokens.count))
            lookalikes += expected.plain[index] == nil ? 0 : 1
            #expect(tokenizer.encode(text) == expected.plain[index] ?? same, "string \(index)")
        }
        #expect(lookalikes > 20)
    }

    @Test("a beginning-of-text token is put first only where the Python package does so")
    func prefix() throws {
        let tokenizer = try Fixtures.tokenizer("llama3")
        let start = try #require(tokenizer.id(of: "<|endoftext|>"))
        #expect(tokenizer.prefixTokens == [start] && tokenizer.suffixTokens.isEmpty)
        #expect(tokenizer.encodeWithAddedTokens([]) == [start])
        #expect(tokenizer.encodeWithAddedTokens([], addSpecialTokens: false) == [])
        #expect(try Fixtures.tokenizer("gpt2").prefixTokens == [])
    }

    @Test(
        "any bytes come back from their tokens, ill-formed UTF-8 included",
        arguments: ["gpt2", "gpt2-digit-pairs", "llama3"])
    func roundTrip(name: String) throws {
        let tokenizer = try Fixtures.tokenizer(name)
        let seed: UInt64 = 11
        print("seed \(seed)")
        var texts = RandomText(seed: seed)
        for _ in 0..<3000 {
            let text = texts.bytes()
            #expect(tokenizer.decode(tokenizer.encode(text)) == text)
            #expect(
                tokenizer.decode(tokenizer.encodeWithAddedTokens(text), skippingSpecialTokens: false).suffix(text.count)
                    == text[...])
        }
    }

    @Test("plain text never produces an added token", arguments: Fixtures.names)
    func noControlTokens(name: String) throws {
        let tokenizer = try Fixtures.tokenizer(name)
        let added = Set(tokenizer.addedTokens.map(\.id))
        #expect(added.count == 6)
        let seed: UInt64 = 12
        print("seed \(seed)")
        var texts = RandomText(seed: seed)
        for _ in 0..<3000 {
            #expect(added.isDisjoint(with: tokenizer.encode(texts.bytes())))
        }
        for token in tokenizer.addedTokens {
            #expect(added.isDisjoint(with: tokenizer.encode(Array(token.content.utf8))))
            #expect(tokenizer.encodeWithAddedTokens(Array(token.content.utf8), addSpecialTokens: false) == [token.id])
        }
    }

    @Test("token ranges cover the text in order, and each names the token's own bytes", arguments: Fixtures.names)
    func offsets(name: String) throws {
        let tokenizer = try Fixtures.tokenizer(name)
        let seed: UInt64 = 13
        print("seed \(seed)")
        var texts = RandomText(seed: seed)
        for _ in 0..<2000 {
            let text = texts.bytes()
            let encoding = tokenizer.encodeWithOffsets(text)
            #expect(encoding.tokens == tokenizer.encode(text) && encoding.tokens.count == tokenizer.count(text))
            #expect(encoding.ranges.first?.lowerBound ?? 0 == 0 && encoding.ranges.last?.upperBound ?? 0 == text.count)
            for (left, right) in zip(encoding.ranges, encoding.ranges.dropFirst()) {
                #expect(left.upperBound >= right.lowerBound && left.lowerBound <= right.lowerBound)
            }
            guard name != "qwen2" else { continue }
            for (token, range) in zip(encoding.tokens, encoding.ranges) {
                #expect(tokenizer.decode([token]) == Array(text[range]))
            }
        }
    }

    @Test("a token that straddles two spans counts where it starts")
    func spanCounts() throws {
        let tokenizer = try Fixtures.tokenizer("gpt2")
        let text = Array("the quick brown fox".utf8)
        let encoding = tokenizer.encodeWithOffsets(text)
        for cut in 0...text.count {
            let counts = encoding.tokenCounts(of: [0..<cut, cut..<text.count])
            #expect(counts[0] + counts[1] == encoding.tokens.count)
            #expect(counts[0] == encoding.ranges.filter { $0.lowerBound < cut }.count)
        }
    }

    @Test("composition maps ranges back to the text before it")
    func composedOffsets() throws {
        let tokenizer = try Fixtures.tokenizer("qwen2")
        let text = Array("x e\u{301} y".utf8)
        let encoding = tokenizer.encodeWithOffsets(text)
        #expect(tokenizer.decode(encoding.tokens) == Array("x \u{E9} y".utf8))
        let last = try #require(encoding.ranges.last)
        #expect(String(decoding: text[last], as: UTF8.self).hasSuffix("y") && last.upperBound == text.count)
    }

    @Test("one tokenizer serves many callers at once")
    func concurrency() async throws {
        let tokenizer = try Fixtures.tokenizer("llama3")
        let strings = try Fixtures.strings()
        let expected = strings.map { tokenizer.encode($0) }
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<16 {
                group.addTask { strings.map { tokenizer.encode($0) } == expected }
            }
            for await equal in group { #expect(equal) }
        }
    }

    @Test("a megabyte without a word border is encoded without stalling", .timeLimit(.minutes(1)))
    func longWord() throws {
        let tokenizer = try Fixtures.tokenizer("gpt2")
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
        #expect(tokenizer.decode(tokenizer.encode(text)) == text)
    }

    @Test("a text of combining marks alone is composed without stalling", .timeLimit(.minutes(1)))
    func manyMarks() throws {
        let tokenizer = try Fixtures.tokenizer("qwen2")
        let text = Array(("a" + String(repeating: "\u{307}\u{323}", count: 100_000)).utf8)
        let sorted =
            "\u{1EA1}" + String(repeating: "\u{323}", count: 99_999) + String(repeating: "\u{307}", count: 100_000)
        #expect(tokenizer.decode(tokenizer.encode(text)) == Array(sorted.utf8))
    }

    @Test("the fingerprint is the SHA-256 of the file")
    func fingerprint() throws {
        let bytes = try Fixtures.bytes("gpt2.tokenizer.json")
        let tokenizer = try Tokenizer(json: bytes)
        #expect(tokenizer.fingerprint.count == 64 && tokenizer.fingerprint.allSatisfy(\.isHexDigit))
        #expect(try Tokenizer(json: bytes + [0x0A]).fingerprint != tokenizer.fingerprint)
        #expect(tokenizer.fingerprint == (try Fixtures.tokenizer("gpt2").fingerprint))
    }

    @Test("ids are found by text, for added and for ordinary tokens")
    func identifiers() throws {
        let tokenizer = try Fixtures.tokenizer("qwen2")
        #expect(tokenizer.id(of: "<|im_end|>") == tokenizer.addedTokens.first { $0.content == "<|im_end|>" }?.id)
        #expect(tokenizer.id(of: " the").map { tokenizer.decode([$0]) } == Array(" the".utf8))
        #expect(tokenizer.id(of: "not a token") == nil)
        #expect(tokenizer.decode([-1, Int32(tokenizer.vocabularySize), .max, .min]) == [])
    }
}
