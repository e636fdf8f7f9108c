/// Header fields in the order in which they stand on the wire; names keep their spelling.
public typealias HeaderFields = [(name: String, value: String)]

extension Array where Element == (name: String, value: String) {
    /// The value of the first field of this name, compared without case; nil if there is none.
    public func first(named name: String) -> String? {
        for index in indices where FieldName.matches(self[index].name, name) {
            return self[index].value
        }
        return nil
    }

    /// The fields without those of these names.
    func without(_ names: [String]) -> HeaderFields {
        if names.isEmpty { return self }
        return filter { field in !names.contains { FieldName.matches(field.name, $0) } }
    }
}

/// Comparisons of field names byte by byte, without making another string.
public enum FieldName {
    /// Whether the two names differ at most in the case of ASCII letters.
    public static func matches(_ name: String, _ other: String) -> Bool {
        guard name.utf8.count == other.utf8.count else { return false }
        let (left, right) = (name.utf8.span, other.utf8.span)
        for index in left.indices where left[index] != right[index] && lower(left[index]) != lower(right[index]) {
            return false
        }
        return true
    }

    /// Whether the name begins with the prefix, but for the case of ASCII letters.
    public static func hasPrefix(_ name: String, _ prefix: String) -> Bool {
        guard name.utf8.count >= prefix.utf8.count else { return false }
        let (bytes, expected) = (name.utf8.span, prefix.utf8.span)
        for index in expected.indices where lower(bytes[index]) != lower(expected[index]) { return false }
        return true
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
