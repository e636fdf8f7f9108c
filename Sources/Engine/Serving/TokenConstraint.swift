/// A language that an answer must belong to, as the sampler sees it: which tokens may come next.
///
/// A value: a copy is an independent answer that has come as far.
public protocol TokenConstraint: Sendable {
    /// Whether the answer may end here.
    var mayEnd: Bool { get }
    /// The tokens that may come next; end tokens are not among them.
    var allowed: TokenMask { get }
    /// What keeps the answer from going on, beside what tokens there are; nil: nothing.
    var obstacle: String? { get }
    /// Takes the next token, which is one of `allowed`.
    mutating func accept(_ token: Int32)
}

extension TokenConstraint {
    /// Nothing.
    public var obstacle: String? { nil }
}

/// A set of token ids.
public struct TokenMask: Sendable, Equatable {
    private var words: [UInt64]

    /// The empty set for ids below `size`.
    public init(size: Int) {
        words = [UInt64](repeating: 0, count: (size + 63) / 64)
    }

    /// The ids whose bits are set: id n is bit n % 64 of word n / 64.
    public init(words: [UInt64]) {
        self.words = words
    }

    /// Puts an id in.
    public mutating func insert(_ token: Int32) {
        words[Int(token) >> 6] |= 1 << UInt64(token & 63)
    }

    /// Whether an id is in; ids beyond the size are not.
    public func contains(_ token: Int32) -> Bool {
        let word = Int(token) >> 6
        return token >= 0 && word < words.count && words[word] & 1 << UInt64(token & 63) != 0
    }

    /// Sets the logits of all ids that are not in to minus infinity; answers whether any id is in.
    func apply(to logits: inout [Float]) -> Bool {
        var isOpen = false
        for start in stride(from: 0, to: logits.count, by: 64) {
            let word = start >> 6 < words.count ? words[start >> 6] : 0
            if word != 0 { isOpen = true }
            if word == .max { continue }
            for token in start..<min(start + 64, logits.count) where word & 1 << UInt64(token & 63) == 0 {
                logits[token] = -.infinity
            }
        }
        return isOpen
    }

    /// Whether no id is in.
    public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    /// Number of ids.
    public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
}
