/// Takes an HTTP/1.1 response apart as its bytes arrive: header block, then the body's pieces, then its end.
struct ResponseReader {
    /// What the bytes brought.
    enum Event {
        case head(ResponseHead)
        /// A piece of the body, never empty; the frames of a chunked body stay apart.
        case piece([UInt8])
        /// The body is complete.
        case end
    }

    typealias Fault = ResponseHeadParser.Fault

    private enum Place {
        case head
        case counted(Int)
        case untilClose
        case chunkSize
        case chunk(Int)
        case chunkEnd
        case trailer
        case over
    }

    private var head: ResponseHeadParser
    private let hasNoBody: Bool
    private let lineLimit: Int
    private var place = Place.head
    /// The beginning of a line whose end has not arrived yet.
    private var partialLine: [UInt8] = []
    /// Whether the connection can serve another exchange: its framing says so, and nothing came after the end.
    private(set) var keepsAlive = false

    init(_ limits: TransportLimits, isHead: Bool) {
        head = ResponseHeadParser(byteLimit: limits.headerBytes, fieldLimit: limits.headerFields)
        lineLimit = limits.headerBytes
        hasNoBody = isHead
    }

    /// Whether the body has begun.
    var isInBody: Bool {
        if case .head = place { false } else { true }
    }

    var isOver: Bool {
        if case .over = place { true } else { false }
    }

    /// Takes the bytes.
    mutating func take(_ bytes: Span<UInt8>, _ handle: (Event) -> Void) throws(Fault) {
        let count = bytes.count
        var index = 0
        while index < count {
            switch place {
            case .head, .chunkSize, .chunkEnd, .trailer: try takeLine(bytes, &index, handle)
            case .counted(let left):
                let size = takePiece(bytes, &index, min(left, count - index), handle)
                place = .counted(left - size)
                if left == size { end(handle) }
            case .chunk(let left):
                let size = takePiece(bytes, &index, min(left, count - index), handle)
                place = left == size ? .chunkEnd : .chunk(left - size)
            case .untilClose: takePiece(bytes, &index, count - index, handle)
            case .over:
                keepsAlive = false
                return
            }
        }
    }

    /// The upstream has ended the connection.
    mutating func connectionEnded(_ handle: (Event) -> Void) throws(Fault) {
        switch place {
        case .untilClose: end(handle)
        case .over: keepsAlive = false
        case .head: throw Fault(code: .reset, problem: "closed the connection without a complete header block")
        default: throw Fault(code: .earlyEnd, problem: "closed the connection before its body was complete")
        }
    }

    @discardableResult
    private func takePiece(_ bytes: Span<UInt8>, _ index: inout Int, _ size: Int, _ handle: (Event) -> Void) -> Int {
        handle(.piece([UInt8](copying: bytes.extracting(index..<index + size))))
        index += size
        return size
    }

    private mutating func takeLine(
        _ bytes: Span<UInt8>, _ index: inout Int, _ handle: (Event) -> Void
    ) throws(Fault) {
        var end = index
        while end < bytes.count, bytes[end] != 0x0A { end += 1 }
        let isComplete = end < bytes.count
        if isComplete { end += 1 }
        let range = index..<end
        index = end
        guard partialLine.count + range.count <= lineLimit else {
            throw Fault(code: .tooManyHeaders, problem: "sent a line of more than \(lineLimit) bytes")
        }
        if isComplete, partialLine.isEmpty { return try take(line: bytes.extracting(range), handle) }
        partialLine += [UInt8](copying: bytes.extracting(range))
        guard isComplete else { return }
        let line = partialLine
        partialLine = []
        try take(line: line.span, handle)
    }

    private mutating func take(line: Span<UInt8>, _ handle: (Event) -> Void) throws(Fault) {
        switch place {
        case .chunkSize:
            let size = try Self.chunkSize(line)
            place = size == 0 ? .trailer : .chunk(size)
        case .chunkEnd:
            guard Self.isBlank(line) else { throw .protocolViolation("sent a chunk that is longer than its size") }
            place = .chunkSize
        case .trailer:
            _ = try head.take(line)
            if Self.isBlank(line) { end(handle) }
        default:
            guard case .complete(let complete) = try head.take(line) else { return }
            try beginBody(complete, handle)
        }
    }

    private mutating func beginBody(_ complete: ResponseHead, _ handle: (Event) -> Void) throws(Fault) {
        keepsAlive = head.framing.keepsAlive
        if hasNoBody || complete.status == 204 || complete.status == 304 {
            // Without a body, nothing but the fields says where the response ends.
            keepsAlive = head.framing.mayKeepAlive
            handle(.head(complete))
            return end(handle)
        }
        switch head.framing.body {
        case .length(let length): place = .counted(length)
        case .chunked: place = .chunkSize
        case .connectionEnd: place = .untilClose
        case .unknownCoding: throw .protocolViolation("sent a transfer coding that was not asked for")
        }
        handle(.head(complete))
        if case .counted(0) = place { end(handle) }
    }

    private mutating func end(_ handle: (Event) -> Void) {
        place = .over
        handle(.end)
    }

    private static func isBlank(_ line: Span<UInt8>) -> Bool {
        line.count == 1 || line.count == 2 && line[0] == 0x0D
    }

    /// Hexadecimal digits, then perhaps an extension, which is passed over.
    private static func chunkSize(_ line: Span<UInt8>) throws(Fault) -> Int {
        var size = 0
        var index = 0
        while index < line.count, let digit = hexDigit(line[index]) {
            guard size < 1 << 55 else { throw .protocolViolation("sent a chunk size that is out of range") }
            size = size << 4 | digit
            index += 1
        }
        let isDelimited = index < line.count && [0x0A, 0x0D, 0x20, 0x09, UInt8(ascii: ";")].contains(line[index])
        guard index > 0, isDelimited else { throw .protocolViolation("sent a chunk size that is no number") }
        return size
    }

    private static func hexDigit(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30
        case 0x41...0x46: Int(byte) - 0x37
        case 0x61...0x66: Int(byte) - 0x57
        default: nil
        }
    }
}

extension [UInt8] {
    /// The span's bytes.
    init(copying bytes: Span<UInt8>) {
        self = unsafe bytes.withUnsafeBufferPointer { unsafe [UInt8]($0) }
    }
}
