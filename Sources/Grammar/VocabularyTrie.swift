/// The byte strings of a vocabulary as a tree of common beginnings, laid out in order of a walk through it.
///
/// A walk that leaves the language at one node skips all tokens below it.
public struct VocabularyTrie: Sendable {
    /// One more than the largest token id.
    public let size: Int
    /// Node n stands for its parent's string and `bytes[n]`; nodes below n come next, up to `ends[n]`.
    let bytes: [UInt8]
    let depths: [Int32]
    let ends: [Int32]
    /// The tokens whose string ends at node n are `tokens[firsts[n]..<firsts[n + 1]]`.
    let firsts: [Int32]
    let tokens: [Int32]
    /// The longest token's bytes.
    let longest: Int
    private let strings: [[UInt8]]

    /// A tree of the tokens' strings by id; tokens with an empty one, such as control tokens, never match.
    public init(_ strings: [[UInt8]]) {
        self.strings = strings
        size = strings.count
        let order = strings.indices.filter { !strings[$0].isEmpty }.sorted {
            strings[$0].lexicographicallyPrecedes(strings[$1])
        }
        var bytes: [UInt8] = []
        var depths: [Int32] = []
        var ends: [Int32] = []
        var firsts: [Int32] = []
        var tokens: [Int32] = []
        /// The nodes from the root to the last string.
        var path: [Int] = []
        var last: [UInt8] = []
        for token in order {
            let string = strings[token]
            var shared = 0
            while shared < min(last.count, string.count), last[shared] == string[shared] { shared += 1 }
            while path.count > shared { ends[path.removeLast()] = Int32(bytes.count) }
            for depth in shared..<string.count {
                path.append(bytes.count)
                bytes.append(string[depth])
                depths.append(Int32(depth))
                ends.append(0)
                firsts.append(Int32(tokens.count))
            }
            tokens.append(Int32(token))
            last = string
        }
        while let node = path.popLast() { ends[node] = Int32(bytes.count) }
        firsts.append(Int32(tokens.count))
        self.bytes = bytes
        self.depths = depths
        self.ends = ends
        self.firsts = firsts
        self.tokens = tokens
        longest = order.map { strings[$0].count }.max() ?? 0
    }

    /// A token's string; empty for ids that are none.
    public func string(of token: Int32) -> [UInt8] {
        strings.indices.contains(Int(token)) ? strings[Int(token)] : []
    }
}
