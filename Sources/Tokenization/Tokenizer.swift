import Crypto
import Foundation
import Synchronization

/// A BPE tokenizer, byte-level or of SentencePiece's kind, read from a Hugging Face `tokenizer.json`; ids equal those
/// of the Python package.
///
/// Encoding is total: every byte string has tokens, ill-formed UTF-8 included. A byte-level tokenizer without
/// normalizers gives the bytes back when it decodes. Plain text never produces a control token, whatever it says. All
/// methods may be called from any thread.
public final class Tokenizer: Sendable {
    /// The SHA-256 of the file, in lower-case hexadecimal.
    public let fingerprint: String
    /// One more than the largest id: the number of rows that a model's embedding needs.
    public let vocabularySize: Int
    /// The tokens that stand outside the byte pairs, in the file's order.
    public let addedTokens: [AddedToken]
    /// The published expression that cuts text into words; nil where the file names none.
    public var splitPattern: SplitPattern? { definition.pattern }
    /// The ids that the Python package puts before a text (such as a beginning-of-text token); none for most.
    public var prefixTokens: [Int32] { definition.prefix }
    /// The ids that the Python package puts after a text; none for most.
    public var suffixTokens: [Int32] { definition.suffix }

    let definition: TokenizerDefinition
    let encoder: WordEncoder
    let rawTokens: AddedTokenMatcher
    let normalizedTokens: AddedTokenMatcher
    /// What untrusted text may produce: added tokens of nothing but whitespace.
    let whitespaceTokens: AddedTokenMatcher
    private let specials: Set<Int32>
    private let scratches = Mutex<[EncodingScratch]>([])

    /// Reads the file at `path`; every refusal names the file and the key.
    public convenience init(contentsOf path: String) throws(TokenizationError) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw .unreadable(file: path, reason: "no readable file is there; a model folder holds a tokenizer.json")
        }
        do {
            try self.init(json: Array(data))
        } catch {
            throw error.naming(file: path)
        }
    }

    /// Reads the bytes of a `tokenizer.json`.
    public init(json: [UInt8]) throws(TokenizationError) {
        let definition = try TokenizerDefinition(json: json)
        self.definition = definition
        fingerprint = SHA256.hash(data: json).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
        vocabularySize = definition.bytesOfToken.count
        addedTokens = definition.addedTokens
        specials = Set(definition.addedTokens.filter(\.isSpecial).map(\.id))
        encoder = WordEncoder(definition)
        rawTokens = AddedTokenMatcher(definition.addedTokens.filter { !$0.isNormalized })
        whitespaceTokens = AddedTokenMatcher(definition.addedTokens.filter { !$0.isNormalized && $0.isWhitespace })
        normalizedTokens = AddedTokenMatcher(definition.addedTokens.filter(\.isNormalized)) { content in
            var text = NormalizedText(content[...], isAtStart: true, keepsPlaces: false)
            text.apply(definition.normalizers)
            return Array(text.bytes)
        }
    }

    /// The tokens of plain text; control tokens are never among them, whatever the text says, and no other added token
    /// is recognised either.
    ///
    /// Added tokens that are nothing but whitespace (Gemma has some) are the one exception: they control nothing.
    public func encode(_ text: [UInt8]) -> [Int32] {
        encode(text, isAtStart: true, keepsPlaces: false, accepts: nil).tokens
    }

    /// The tokens of plain text, each with the bytes of `text` it covers.
    public func encodeWithOffsets(_ text: [UInt8]) -> OffsetEncoding {
        encode(text, isAtStart: true, keepsPlaces: true, accepts: nil)
    }

    /// The number of tokens of plain text.
    public func count(_ text: [UInt8]) -> Int {
        encode(text).count
    }

    /// The tokens of text in which added tokens are recognised, as the Python package's `encode` does it.
    ///
    /// Only for text of trusted origin: a control token written in the text becomes that control token. The prefix and
    /// suffix of the post-processor are added unless `addSpecialTokens` is false.
    public func encodeWithAddedTokens(_ text: [UInt8], addSpecialTokens: Bool = true) -> [Int32] {
        let tokens = encode(text, isAtStart: true, keepsPlaces: false) { _ in true }.tokens
        return addSpecialTokens ? prefixTokens + tokens + suffixTokens : tokens
    }

    /// The bytes that the tokens stand for; ids without a token stand for nothing.
    ///
    /// The bytes need not be UTF-8 when the tokens were cut off or sampled; ``StreamingDecoder`` repairs them.
    public func decode(_ tokens: [Int32], skippingSpecialTokens: Bool = false) -> [UInt8] {
        var bytes: [UInt8] = []
        var leadingSpace = definition.leadingSpace
        for token in tokens where !(skippingSpecialTokens && specials.contains(token)) {
            leadingSpace.append(self.bytes(of: token), to: &bytes)
        }
        return bytes
    }

    /// The id of the added token with this content, else of the ordinary token that stands for this text.
    public func id(of text: String) -> Int32? {
        if let token = addedTokens.first(where: { $0.content.utf8.elementsEqual(text.utf8) }) { return token.id }
        guard definition.usesByteLevel else {
            return definition.vocabulary[Array(text.utf8)]
                ?? definition.vocabulary[Array(text.replacing(" ", with: "\u{2581}").utf8)]
        }
        return definition.vocabulary[ByteAlphabet.spelling(of: text.utf8)]
    }

    /// Whether the id is a control token.
    public func isSpecial(_ token: Int32) -> Bool {
        specials.contains(token)
    }

    func bytes(of token: Int32) -> [UInt8] {
        guard token >= 0, token < vocabularySize else { return [] }
        return definition.bytesOfToken[Int(token)] ?? []
    }

    /// Lends `body` working memory; concurrent callers each get their own, and a few are kept for later.
    func withScratch(_ body: (inout EncodingScratch) -> Void) {
        var scratch = scratches.withLock { $0.popLast() } ?? EncodingScratch()
        body(&scratch)
        scratch.trim()
        let kept = scratch
        scratches.withLock { if $0.count < 8 { $0.append(kept) } }
    }
}
