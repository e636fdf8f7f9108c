/// Cuts an event stream (WHATWG HTML, section 9.2) into blocks, whatever pieces the bytes come in.
///
/// Give bytes with `append`, then call `next` until it returns nil. A block is returned as soon as its last byte is
/// there. Lines end in LF, CR or CRLF; a comment between events is a block of its own and is not held back. If a CR is
/// the last byte so far, the line ends there, and an LF that follows later is part of the next block.
public struct SSEParser: Sendable {
    private let lineLimit: Int
    private let eventLimit: Int
    /// Bytes from the first block that was not returned yet, and possibly older ones.
    private var buffer: [UInt8] = []
    private var blockStart = 0
    private var lineStart = 0
    /// Bytes before this place hold no line end that was not seen.
    private var scanned = 0
    private var block = SSEBlock()
    private var skipsLineFeed = false
    private var isAtStreamStart = true

    /// Starts at the beginning of a stream; longer lines and events are refused.
    public init(lineLimit: Int = 1 << 24, eventLimit: Int = 1 << 24) {
        self.lineLimit = lineLimit
        self.eventLimit = eventLimit
    }

    /// Adds bytes as they arrived.
    public mutating func append(_ bytes: [UInt8]) {
        if blockStart == buffer.count {
            buffer = bytes
        } else if blockStart > 0 {
            buffer = Array(buffer[blockStart...]) + bytes
        } else {
            buffer.append(contentsOf: bytes)
        }
        lineStart -= blockStart
        scanned -= blockStart
        block.shift(by: -blockStart)
        blockStart = 0
    }

    /// The next whole block, or nil until more bytes come. After an error the stream has no further blocks.
    public mutating func next() throws(SSEError) -> SSEEvent? {
        guard skipByteOrderMark() else { return nil }
        while let line = try nextLine() {
            let buffer = self.buffer
            let bytes = buffer.span
            if line.isEmpty {
                return endBlock()
            } else if block.isEmpty, bytes[line.lowerBound] == UInt8(ascii: ":") {
                return endBlock()
            }
            block.read(line, in: bytes)
        }
        return nil
    }

    /// What remains when the stream has ended; nil if it ended with a whole block.
    public mutating func finish() -> SSEEvent? {
        guard blockStart < buffer.count else { return nil }
        let buffer = self.buffer
        let bytes = buffer.span
        if lineStart < buffer.count, bytes[lineStart] != UInt8(ascii: ":") {
            block.read(lineStart..<buffer.count, in: bytes)
        }
        lineStart = buffer.count
        scanned = buffer.count
        return endBlock(isComplete: false)
    }

    /// The next line without its end.
    private mutating func nextLine() throws(SSEError) -> Range<Int>? {
        let buffer = self.buffer
        let bytes = buffer.span
        if skipsLineFeed, scanned < bytes.count {
            skipsLineFeed = false
            if bytes[scanned] == UInt8(ascii: "\n") {
                scanned += 1
                lineStart = scanned
            }
        }
        let end = ByteScan.first(UInt8(ascii: "\n"), or: UInt8(ascii: "\r"), in: bytes, scanned, bytes.count)
        scanned = end
        guard end - lineStart <= lineLimit else { throw SSEError.lineTooLong(limit: lineLimit) }
        guard end - blockStart <= eventLimit else { throw SSEError.eventTooLong(limit: eventLimit) }
        guard end < bytes.count else { return nil }

        let line = lineStart..<end
        scanned = end + 1
        if bytes[end] == UInt8(ascii: "\r") {
            if scanned == bytes.count {
                skipsLineFeed = true
            } else if bytes[scanned] == UInt8(ascii: "\n") {
                scanned += 1
            }
        }
        lineStart = scanned
        return line
    }

    private mutating func endBlock(isComplete: Bool = true) -> SSEEvent {
        let event = block.event(raw: blockStart..<lineStart, in: buffer, isComplete: isComplete)
        block = SSEBlock()
        blockStart = lineStart
        return event
    }

    /// Passes over a byte order mark at the start of the stream; answers false while it may still be coming.
    private mutating func skipByteOrderMark() -> Bool {
        guard isAtStreamStart else { return true }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        if buffer.starts(with: mark) {
            lineStart = mark.count
            scanned = mark.count
        } else if buffer.count < mark.count, mark.starts(with: buffer) {
            return false
        }
        isAtStreamStart = false
        return true
    }
}
