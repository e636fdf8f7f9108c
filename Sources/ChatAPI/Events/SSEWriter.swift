/// Writes server-sent events.
public enum SSEWriter {
    /// `data: [DONE]`, which ends a chat completion stream.
    public static let done = event(data: Array("[DONE]".utf8))

    /// One event. Line feeds in the data start further `data` lines; the name must have no line ends.
    public static func event(data: [UInt8], name: String? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(data.count + 16)
        if let name {
            bytes.append(contentsOf: "event: ".utf8)
            bytes.append(contentsOf: name.utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
        appendLines(data, prefix: "data: ", to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    /// A comment, which keeps a silent connection open and which clients ignore.
    public static func comment(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        appendLines(Array(text.utf8), prefix: ": ", to: &bytes)
        return bytes
    }

    /// Every line end of the text, also a CR, starts a new line of the event.
    private static func appendLines(_ text: [UInt8], prefix: String, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: prefix.utf8)
        let lineEnd = ByteScan.first(UInt8(ascii: "\n"), or: UInt8(ascii: "\r"), in: text.span, 0, text.count)
        bytes.append(contentsOf: text[..<lineEnd])
        var previous: UInt8 = 0
        for byte in text[lineEnd...] {
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                if !(byte == UInt8(ascii: "\n") && previous == UInt8(ascii: "\r")) {
                    bytes.append(UInt8(ascii: "\n"))
                    bytes.append(contentsOf: prefix.utf8)
                }
            } else {
                bytes.append(byte)
            }
            previous = byte
        }
        bytes.append(UInt8(ascii: "\n"))
    }
}
