/// Header fields in the order in which they stand on the wire; names keep their spelling.
public typealias HeaderFields = [(name: String, value: String)]

extension Array where Element == (name: String, value: String) {
    /// The value of the first field of this name, compared without case; nil if there is none.
    public func first(named name: String) -> String? {
        first { Self.matches($0.name, name) }?.value
    }

    /// The fields without those of these names (given in lower case).
    func without(_ names: Set<String>) -> HeaderFields {
        filter { !names.contains($0.name.lowercased()) }
    }

    private static func matches(_ name: String, _ other: String) -> Bool {
        name.utf8.count == other.utf8.count && name.lowercased() == other.lowercased()
    }
}
