/// The reason and place at which bytes stop being an acceptable JSON text; never the content itself.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong.
    public enum Reason: String, Hashable, Sendable {
        /// The text has no value at all.
        case empty = "the body is empty"
        /// The text starts with a byte order mark, which RFC 8259 forbids senders to add.
        case byteOrderMark = "the text starts with a byte order mark"
        /// The text ends inside a value.
        case unexpectedEnd = "the text ends inside a value"
        /// A value was expected here.
        case expectedValue = "a value is expected here"
        /// An object key was expected here.
        case expectedKey = "a key in double quotes is expected here"
        /// A colon was expected here.
        case expectedColon = "a colon is expected here"
        /// A comma or the closing bracket was expected here.
        case expectedCommaOrEnd = "a comma or the closing bracket is expected here"
        /// More text follows the document's value.
        case trailingBytes = "more text follows the end of the value"
        /// A literal other than `true`, `false` and `null`.
        case invalidLiteral = "only true, false and null may stand without quotes"
        /// A number that the grammar does not allow.
        case invalidNumber = "the number is not written as JSON allows"
        /// A backslash followed by something that is not an escape.
        case invalidEscape = "the escape in the string is not one JSON allows"
        /// A byte below 0x20 inside a string.
        case controlCharacter = "a control character in a string must be escaped"
        /// Bytes in a string that are not UTF-8.
        case invalidUTF8 = "the string is not valid UTF-8"
        /// More nested arrays and objects than the limit.
        case tooDeep = "arrays and objects are nested too deeply"
        /// More values than the limit.
        case tooManyValues = "the text has too many values"
        /// More bytes than the index can address.
        case tooLarge = "the text is too large"
    }

    /// What was wrong.
    public let reason: Reason
    /// Bytes before the place, from 0.
    public let offset: Int
    /// The line of the place, from 1; lines end at line feeds.
    public let line: Int
    /// The column of the place in bytes, from 1.
    public let column: Int

    init(_ fault: JSONFault, in bytes: Span<UInt8>) {
        reason = fault.reason
        offset = fault.offset
        var line = 1
        var lineStart = 0
        for index in 0..<min(fault.offset, bytes.count) where bytes[index] == UInt8(ascii: "\n") {
            line += 1
            lineStart = index + 1
        }
        self.line = line
        column = fault.offset - lineStart + 1
    }

    /// One sentence with line, column and offset.
    public var description: String {
        "Invalid JSON at line \(line), column \(column) (byte \(offset)): \(reason.rawValue)."
    }
}

/// A fault as the scanner sees it; the line is counted only when it becomes a `JSONError`.
struct JSONFault: Error {
    let reason: JSONError.Reason
    let offset: Int

    /// The index had no room for the values; never seen outside `JSONIndex`.
    static let fullIndex = JSONFault(reason: .tooManyValues, offset: -1)

    var isFullIndex: Bool { offset < 0 }
}
