/// Finds added tokens in text as the Python package does: first those of the raw text, then those of normalized text;
/// leftmost first, the longest of those that start at one place.
struct AddedTokenMatcher: Sendable {
    enum Piece {
        case text(ArraySlice<UInt8>)
        case token(Int32)
    }

    private struct Entry: Sendable {
        var content: [UInt8]
        var id: Int32
    }

    private let raw: [UInt8: [Entry]]
    private let normalized: [UInt8: [Entry]]
    private let composesCanonically: Bool

    init(_ tokens: [AddedToken], composesCanonically: Bool) {
        self.composesCanonically = composesCanonically
        raw = Self.table(tokens.filter { !$0.isNormalized }) { $0 }
        normalized = Self.table(tokens.filter(\.isNormalized)) { content in
            composesCanonically ? CanonicalComposition.compose(content[...])?.bytes ?? content : content
        }
    }

    private static func table(_ tokens: [AddedToken], _ text: ([UInt8]) -> [UInt8]) -> [UInt8: [Entry]] {
        let entries = tokens.map { Entry(content: text(Array($0.content.utf8)), id: $0.id) }
        return Dictionary(grouping: entries.filter { !$0.content.isEmpty }) { $0.content[0] }
            .mapValues { $0.sorted { $0.content.count > $1.content.count } }
    }

    /// The text cut at its added tokens.
    func split(_ text: [UInt8]) -> [Piece] {
        Self.split(text[...], raw).flatMap { piece -> [Piece] in
            guard case .text(let slice) = piece, !normalized.isEmpty else { return [piece] }
            let composed = composesCanonically ? CanonicalComposition.compose(slice)?.bytes[...] : nil
            return Self.split(composed ?? slice, normalized)
        }
    }

    private static func split(_ text: ArraySlice<UInt8>, _ table: [UInt8: [Entry]]) -> [Piece] {
        var pieces: [Piece] = []
        var start = text.startIndex
        var index = start
        while index < text.endIndex {
            guard let entry = table[text[index]]?.first(where: { text[index...].starts(with: $0.content) }) else {
                index += 1
                continue
            }
            if start < index { pieces.append(.text(text[start..<index])) }
            pieces.append(.token(entry.id))
            index += entry.content.count
            start = index
        }
        if start < text.endIndex { pieces.append(.text(text[start...])) }
        return pieces
    }
}
