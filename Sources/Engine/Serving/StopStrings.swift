/// Cuts an answer exactly before the first stop string, however its bytes are split into chunks.
///
/// The stop string whose last byte comes first wins; of several that end there, the longest. Bytes that may be the
/// beginning of a stop string are held back until they are decided.
public struct StopStrings: Sendable {
    private let patterns: [[UInt8]]
    private var held: [UInt8] = []
    /// True once a stop string was found; nothing comes out after it.
    public private(set) var isStopped = false

    /// Watches for these byte strings; empty ones are ignored.
    public init(_ patterns: [[UInt8]]) {
        self.patterns = patterns.filter { !$0.isEmpty }.sorted { $0.count > $1.count }
    }

    /// Takes the next bytes of the answer; returns those that are certainly part of it.
    public mutating func append(_ bytes: [UInt8]) -> [UInt8] {
        guard !isStopped else { return [] }
        guard !patterns.isEmpty else { return bytes }
        for byte in bytes {
            held.append(byte)
            if let match = patterns.first(where: { held.ends(with: $0) }) {
                isStopped = true
                held.removeLast(match.count)
                return finish()
            }
        }
        let decided = held.count - longestOpenMatch()
        defer { held.removeFirst(decided) }
        return Array(held[..<decided])
    }

    /// Ends the answer; returns the bytes that were held back.
    public mutating func finish() -> [UInt8] {
        defer { held = [] }
        return held
    }

    /// Length of the longest end of the held bytes that begins a stop string.
    private func longestOpenMatch() -> Int {
        let longest = min(held.count, (patterns.first?.count ?? 1) - 1)
        guard longest > 0 else { return 0 }
        for length in stride(from: longest, through: 1, by: -1) {
            let end = held.suffix(length)
            if patterns.contains(where: { $0.count > length && $0.starts(with: end) }) { return length }
        }
        return 0
    }
}

extension [UInt8] {
    fileprivate func ends(with pattern: [UInt8]) -> Bool {
        count >= pattern.count && suffix(pattern.count).elementsEqual(pattern)
    }
}
