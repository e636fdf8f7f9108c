/// A pattern for names: `*` stands for any text, the empty one too; everything else for itself, case included.
public struct Glob: Sendable, Hashable, CustomStringConvertible {
    /// The pattern as written.
    public let description: String
    private let bytes: [UInt8]

    /// Makes a pattern of 1 to 200 visible ASCII characters; nil for anything else.
    public init?(_ text: String) {
        bytes = Array(text.utf8)
        guard (1...200).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        description = text
    }

    /// Whether the name fits the pattern; takes at most the product of their lengths in steps.
    public func matches(_ name: String) -> Bool {
        let name = Array(name.utf8)
        let star = UInt8(ascii: "*")
        var (place, mark) = (0, 0)
        var afterStar: Int?
        var pattern = 0
        while place < name.count {
            if pattern < bytes.count, bytes[pattern] == star {
                pattern += 1
                (afterStar, mark) = (pattern, place)
            } else if pattern < bytes.count, bytes[pattern] == name[place] {
                pattern += 1
                place += 1
            } else if let afterStar {
                mark += 1
                (pattern, place) = (afterStar, mark)
            } else {
                return false
            }
        }
        return bytes[pattern...].allSatisfy { $0 == star }
    }
}
