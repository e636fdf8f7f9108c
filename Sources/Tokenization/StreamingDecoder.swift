/// Turns tokens into text one by one; what it gives out is always well-formed UTF-8 and never ends inside a character.
///
/// Bytes that can no longer become a character are replaced by U+FFFD. All pieces together equal the decoded text of
/// all tokens, repaired the same way.
public struct StreamingDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let skipsSpecialTokens: Bool
    private let kept: Set<Int32>
    private var pending: [UInt8] = []
    private var leadingSpace: LeadingSpace

    /// Starts an empty text; control tokens other than the `kept` ones are left out unless `skippingSpecialTokens` is
    /// false.
    public init(_ tokenizer: Tokenizer, skippingSpecialTokens: Bool = true, keeping kept: Set<Int32> = []) {
        self.kept = kept
        self.tokenizer = tokenizer
        skipsSpecialTokens = skippingSpecialTokens
        leadingSpace = tokenizer.definition.leadingSpace
    }

    /// Takes the next token and gives the text that is now complete; often empty inside a character.
    public mutating func push(_ token: Int32) -> [UInt8] {
        if !(skipsSpecialTokens && tokenizer.isSpecial(token)) || kept.contains(token) {
            leadingSpace.append(tokenizer.bytes(of: token), to: &pending)
        }
        return takeComplete(atEnd: false)
    }

    /// Takes several tokens at once.
    public mutating func push(_ tokens: some Sequence<Int32>) -> [UInt8] {
        tokens.reduce(into: []) { $0 += push($1) }
    }

    /// Ends the text: an unfinished character becomes U+FFFD. The decoder is then as new.
    public mutating func finish() -> [UInt8] {
        leadingSpace = tokenizer.definition.leadingSpace
        return takeComplete(atEnd: true)
    }

    private mutating func takeComplete(atEnd: Bool) -> [UInt8] {
        var complete: [UInt8] = []
        complete.reserveCapacity(pending.count)
        var index = 0
        scan: while index < pending.count {
            switch pending.span.utf8Sequence(at: index) {
            case .complete(_, let length):
                complete.append(contentsOf: pending[index..<index + length])
                index += length
            case .incomplete where !atEnd:
                break scan
            case .incomplete(let length), .invalid(let length):
                complete.append(contentsOf: [0xEF, 0xBF, 0xBD])
                index += length
            }
        }
        pending.removeFirst(index)
        return complete
    }
}
