/// What a decoder does with the space that a tokenizer put before the text.
struct LeadingSpace: Sendable, Equatable {
    /// How many spaces at the beginning of the whole text are dropped.
    var dropped = 0
    /// Whether the first token loses all its spaces.
    var isFirstTokenBare = false

    /// Appends the bytes of the next token; what is to be dropped is spent as the text begins.
    mutating func append(_ token: [UInt8], to bytes: inout [UInt8]) {
        if isFirstTokenBare {
            isFirstTokenBare = false
            bytes.append(contentsOf: token.lazy.filter { $0 != 0x20 })
            return
        }
        guard dropped > 0, let first = token.first else { return bytes.append(contentsOf: token) }
        guard first == 0x20 else {
            dropped = 0
            return bytes.append(contentsOf: token)
        }
        let spaces = min(dropped, token.prefix { $0 == 0x20 }.count)
        dropped = spaces == token.count ? dropped - spaces : 0
        bytes.append(contentsOf: token[spaces...])
    }
}
