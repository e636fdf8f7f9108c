/// Which names the models and adapters of an engine may have: names of models go into paths and logs of clients.
public enum ModelName {
    /// 1 to 128 of letters, digits and `. _ - : / @ +`, beginning with a letter or digit, without `..` and `//`.
    public static func isValid(_ text: String) -> Bool {
        func isWord(_ byte: UInt8) -> Bool {
            (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
        }
        let bytes = Array(text.utf8)
        guard let first = bytes.first, isWord(first), bytes.count <= 128, bytes.last != UInt8(ascii: "/") else {
            return false
        }
        let isDoubled = zip(bytes, bytes.dropFirst()).contains { $0 == $1 && ($0 == 0x2E || $0 == 0x2F) }
        return !isDoubled && bytes.allSatisfy { isWord($0) || "._-:/@+".utf8.contains($0) }
    }

    /// What is wrong with a name that is not valid.
    public static let problem = "it is not a name that a model can have"
    /// What to write instead.
    public static let advice =
        "write 1 to 128 of a-z, A-Z, 0-9 and '._-:/@+', beginning with a letter or a digit, without '..' and '//'"
}
