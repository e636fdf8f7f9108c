/// One line of the operator's log, built as bytes: `time level event name=value …`, or a JSON object.
///
/// Values with blanks, quotes or equals signs are quoted, and what is not printable ASCII is escaped, so that no value
/// can pose as a line or talk to a terminal.
public struct LogLine {
    /// How lines look.
    public enum Format: String, Sendable, Hashable, CaseIterable {
        /// For people.
        case line
        /// For programs: one JSON object a line.
        case json
    }

    private let format: Format
    private var bytes: [UInt8] = []

    /// Begins a line with the time, a level and what happened.
    public init(_ format: Format, level: StaticString, event: String) {
        self.init(format, level: level, event: event, at: .now)
    }

    /// Begins a line about what happened at a certain time.
    init(_ format: Format, level: StaticString, event: String, at time: LogTime.Moment) {
        self.format = format
        bytes.reserveCapacity(512)
        switch format {
        case .line:
            LogTime.shared.write(time, to: &bytes)
            bytes.append(UInt8(ascii: " "))
            bytes.append(level)
            bytes.append(UInt8(ascii: " "))
            escape(event, quoted: false)
        case .json:
            bytes.append("{\"ts\":\"")
            LogTime.shared.write(time, to: &bytes)
            bytes.append("\",\"level\":\"")
            bytes.append(level)
            bytes.append("\"")
            add("event", event)
        }
    }

    /// Adds a text, or nothing if there is none.
    public mutating func add(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        begin(name)
        add(text: value)
    }

    /// Adds a text under a name that is not known beforehand.
    public mutating func add(field name: String, _ value: String) {
        switch format {
        case .line:
            bytes.append(UInt8(ascii: " "))
            escape(name, quoted: true)
            bytes.append(UInt8(ascii: "="))
        case .json:
            bytes.append(",\"")
            escape(name, quoted: true)
            bytes.append("\":")
        }
        add(text: value)
    }

    private mutating func add(text value: String) {
        switch format {
        case .json:
            bytes.append(UInt8(ascii: "\""))
            escape(value, quoted: true)
            bytes.append(UInt8(ascii: "\""))
        case .line:
            if Self.isBare(value) { return bytes.append(contentsOf: value.utf8) }
            let isPlain = !value.isEmpty && !value.utf8.contains { $0 == 0x20 || $0 == 0x22 || $0 == 0x3D }
            if !isPlain { bytes.append(UInt8(ascii: "\"")) }
            escape(value, quoted: true)
            if !isPlain { bytes.append(UInt8(ascii: "\"")) }
        }
    }

    /// Adds a number, or nothing if there is none.
    public mutating func add(_ name: StaticString, _ value: Int?) {
        guard let value else { return }
        begin(name)
        bytes.append(decimal: value)
    }

    /// Adds a time in milliseconds with one decimal, or nothing if there is none.
    public mutating func add(_ name: StaticString, milliseconds value: Duration?) {
        guard let value else { return }
        begin(name)
        let (seconds, attoseconds) = value.components
        let tenths = max(0, Int(seconds) * 10_000 + Int(attoseconds / 100_000_000_000_000))
        bytes.append(decimal: tenths / 10)
        bytes.append(UInt8(ascii: "."))
        bytes.append(decimal: tenths % 10)
    }

    /// The line with its line feed.
    public consuming func finished() -> [UInt8] {
        if format == .json { bytes.append(UInt8(ascii: "}")) }
        bytes.append(0x0A)
        return bytes
    }

    private mutating func begin(_ name: StaticString) {
        switch format {
        case .line:
            bytes.append(UInt8(ascii: " "))
            bytes.append(name)
            bytes.append(UInt8(ascii: "="))
        case .json:
            bytes.append(",\"")
            bytes.append(name)
            bytes.append("\":")
        }
    }

    /// Whether the text stands in a line as it is: most values do.
    private static func isBare(_ text: String) -> Bool {
        let bytes = text.utf8.span
        for index in bytes.indices {
            switch bytes[index] {
            case 0x22, 0x3D, 0x5C: return false
            case 0x21...0x7E: continue
            default: return false
            }
        }
        return !bytes.isEmpty
    }

    private mutating func escape(_ text: String, quoted: Bool) {
        if Self.isBare(text) { return bytes.append(contentsOf: text.utf8) }
        for byte in text.utf8 {
            switch byte {
            case 0x22 where quoted, 0x5C where quoted: bytes += [0x5C, byte]
            case 0x20...0x7E: bytes.append(byte)
            case 0x80...: format == .json ? bytes.append(byte) : hexadecimal(byte)
            default: hexadecimal(byte)
            }
        }
    }

    private mutating func hexadecimal(_ byte: UInt8) {
        if format == .json { bytes.append("\\u00") } else { bytes.append("\\x") }
        for digit in [byte >> 4, byte & 15] { bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
    }
}
