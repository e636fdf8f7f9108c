/// Writes a JSON text by appending; commas are put where they belong, numbers and strings are spelled as RFC 8259 asks.
///
/// Strings are escaped only where they must be: quote, backslash and control characters. All other text stays UTF-8.
public struct JSONWriter: Sendable {
    /// The text so far.
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// Starts an empty text, with room for `capacity` bytes.
    public init(capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
    }

    /// Writes `{…}`; `body` writes the members.
    public mutating func object(_ body: (inout JSONWriter) -> Void) {
        nest("{", "}", body)
    }

    /// Writes `[…]`; `body` writes the elements.
    public mutating func array(_ body: (inout JSONWriter) -> Void) {
        nest("[", "]", body)
    }

    /// Writes a member's key; the value must follow.
    public mutating func key(_ key: String) {
        separate()
        Self.append(string: key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a string, or `null`.
    public mutating func string(_ value: String?) {
        guard let value else { return null() }
        separate()
        Self.append(string: value, to: &bytes)
    }

    /// Writes an integer, or `null`.
    public mutating func int(_ value: Int?) {
        guard let value else { return null() }
        raw(String(value).utf8)
    }

    /// Writes the shortest number that reads back as `value`; `null` for nil, infinities and NaN.
    public mutating func double(_ value: Double?) {
        guard let value, value.isFinite else { return null() }
        raw(value.description.utf8)
    }

    /// Writes `true`, `false`, or `null`.
    public mutating func bool(_ value: Bool?) {
        guard let value else { return null() }
        raw((value ? "true" : "false").utf8)
    }

    /// Writes `null`.
    public mutating func null() {
        raw("null".utf8)
    }

    /// Writes a value that already is JSON text.
    public mutating func raw(_ json: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
    }

    /// Writes a key and a string or `null`.
    public mutating func member(_ key: String, _ value: String?) {
        self.key(key)
        string(value)
    }

    /// Writes a key and an integer or `null`.
    public mutating func member(_ key: String, _ value: Int?) {
        self.key(key)
        int(value)
    }

    /// Writes a key and a number or `null`.
    public mutating func member(_ key: String, _ value: Double?) {
        self.key(key)
        double(value)
    }

    /// Writes a key and a truth value or `null`.
    public mutating func member(_ key: String, _ value: Bool?) {
        self.key(key)
        bool(value)
    }

    /// Writes a key and an object.
    public mutating func object(_ key: String, _ body: (inout JSONWriter) -> Void) {
        self.key(key)
        object(body)
    }

    /// Writes a key and an array.
    public mutating func array(_ key: String, _ body: (inout JSONWriter) -> Void) {
        self.key(key)
        array(body)
    }

    /// The JSON text of a string, quotes included.
    public static func encoded(_ string: String) -> [UInt8] {
        var bytes: [UInt8] = []
        append(string: string, to: &bytes)
        return bytes
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func nest(_ start: Unicode.Scalar, _ end: Unicode.Scalar, _ body: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(UInt8(ascii: start))
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: end))
        needsComma = true
    }

    private static func append(string: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        if needsNoEscape(string) {
            bytes.append(contentsOf: string.utf8)
        } else {
            for byte in string.utf8 {
                if isPlain(byte) { bytes.append(byte) } else { appendEscape(of: byte, to: &bytes) }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    @inline(__always)
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private static func needsNoEscape(_ string: String) -> Bool {
        let text = string.utf8Span.span
        for index in text.indices where !isPlain(text[index]) { return false }
        return true
    }

    private static func appendEscape(of byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\n"): bytes.append(UInt8(ascii: "n"))
        case UInt8(ascii: "\r"): bytes.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\t"): bytes.append(UInt8(ascii: "t"))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        default:
            let digits: StaticString = "0123456789abcdef"
            bytes.append(contentsOf: "u00".utf8)
            unsafe bytes.append(digits.utf8Start[Int(byte >> 4)])
            unsafe bytes.append(digits.utf8Start[Int(byte & 15)])
        }
    }
}
