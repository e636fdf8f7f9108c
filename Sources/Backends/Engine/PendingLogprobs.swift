import ChatAPI
import Engine
import Tokenization

/// Tokens with their log probabilities, held until the text they belong to is handed out.
struct PendingLogprobs: Sendable {
    private let tokenizer: Tokenizer
    private var entries: [TokenLogprob] = []
    /// Bytes of text that were handed out beyond the entries that went with them, possibly below 0.
    private var ahead = 0

    init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
    }

    mutating func append(_ token: GeneratedToken) {
        entries.append(TokenLogprob(token, tokenizer))
    }

    /// Tokens that are handed out at once.
    func describe(_ tokens: [GeneratedToken]) -> [TokenLogprob] {
        tokens.map { TokenLogprob($0, tokenizer) }
    }

    /// The entries whose text begins within the next `bytes` bytes.
    mutating func take(_ bytes: Int) -> [TokenLogprob] {
        ahead += bytes
        var count = 0
        while count < entries.count, ahead > 0 {
            ahead -= entries[count].token.bytes.count
            count += 1
        }
        defer { entries.removeFirst(count) }
        return Array(entries[..<count])
    }

    mutating func takeAll() -> [TokenLogprob] {
        defer { entries = [] }
        return entries
    }
}

extension TokenLogprob {
    /// A generated token as the API tells it.
    init(_ token: GeneratedToken, _ tokenizer: Tokenizer) {
        func candidate(_ id: Int32, _ logprob: Float?) -> Candidate {
            Candidate(bytes: tokenizer.decode([id]), logprob: logprob.map(Double.init))
        }
        self.init(token: candidate(token.id, token.logprob), top: token.top.map { candidate($0.id, $0.logprob) })
    }
}
