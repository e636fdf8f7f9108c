import FuzzSupport
import Tokenization

/// A tokenizer.json gives a tokenizer whose tokens are its own, or an error; nothing in the file stops the process.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTokenizer(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = unsafe FuzzInput(start, count)
    guard let tokenizer = try? Tokenizer(json: input.remaining()) else { return 0 }
    let text = Array("Hello  w\u{F6}rld\n42 <s>\u{1F642} it's".utf8)
    for tokens in [tokenizer.encode(text), tokenizer.encodeWithAddedTokens(text)] {
        require(tokens.allSatisfy { $0 >= 0 && Int($0) < tokenizer.vocabularySize }, "tokens are in the vocabulary")
        _ = tokenizer.decode(tokens)
        _ = tokenizer.decode(tokens, skippingSpecialTokens: true)
    }
    require(tokenizer.count(text) == tokenizer.encode(text).count, "counting is encoding")
    return 0
}
