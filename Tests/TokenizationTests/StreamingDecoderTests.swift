import Testing
import Tokenization

struct StreamingDecoderTests {
    @Test("pieces are well-formed, and together equal the whole text repaired")
    func equalsWhole() throws {
        let tokenizer = try Fixtures.tokenizer("gpt2")
        let seed: UInt64 = 31
        print("seed \(seed)")
        var texts = RandomText(seed: seed)
        for _ in 0..<3000 {
            var tokens = tokenizer.encode(texts.bytes())
            if texts.integer(in: 0..<3) == 0 {
                tokens = (0..<6).map { _ in Int32(texts.integer(in: 0..<tokenizer.vocabularySize)) }
            }
            var decoder = StreamingDecoder(tokenizer, skippingSpecialTokens: false)
            var whole: [UInt8] = []
            for token in tokens {
                let piece = decoder.push(token)
                #expect(String(validating: piece, as: UTF8.self) != nil)
                whole += piece
            }
            whole += decoder.finish()
            #expect(String(decoding: whole, as: UTF8.self) == String(decoding: tokenizer.decode(tokens), as: UTF8.self))
            #expect(whole == Array(String(decoding: tokenizer.decode(tokens), as: UTF8.self).utf8))
            #expect(decoder.finish() == [])
        }
    }

    @Test("a character is held back until its last byte, and no longer")
    func holdsBack() throws {
        let tokenizer = try Fixtures.tokenizer("gpt2")
        func token(_ byte: UInt8) throws -> Int32 { try #require(tokenizer.encode([byte]).first) }
        var decoder = StreamingDecoder(tokenizer)
        let emoji = Array("😀".utf8)
        for byte in emoji.dropLast() { #expect(decoder.push(try token(byte)) == []) }
        #expect(decoder.push(try token(emoji[3])) == emoji)
        #expect(decoder.push(try token(0xE2)) == [])
        #expect(decoder.push(try token(UInt8(ascii: "x"))) == Array("\u{FFFD}x".utf8))
        #expect(decoder.push(try token(0xED)) == [])
        #expect(decoder.push(try token(0xA0)) == Array("\u{FFFD}\u{FFFD}".utf8))
        #expect(decoder.push(try token(0xF0)) == [])
        #expect(decoder.finish() == Array("\u{FFFD}".utf8))
    }

    @Test("control tokens are left out unless asked for")
    func controlTokens() throws {
        let tokenizer = try Fixtures.tokenizer("gpt2")
        let end = try #require(tokenizer.id(of: "<|im_end|>"))
        var silent = StreamingDecoder(tokenizer)
        #expect(silent.push([end]) == [])
        var verbatim = StreamingDecoder(tokenizer, skippingSpecialTokens: false)
        #expect(verbatim.push([end]) == Array("<|im_end|>".utf8))
    }
}
