/// Writes a request's end-to-end header fields into one array: as they stand on the wire, or as libcurl wants them.
struct HeaderBlock {
    /// How a line is written.
    enum Notation {
        /// `Name: value` and CR LF, after the request line and `Host`; an empty line ends the block.
        case wire
        /// libcurl's own: `Name: value`, `Name;` for an empty value, `Name:` to keep libcurl from adding the field, each
        /// with a NUL behind it.
        case curl
    }

    /// The position of the first field that is not valid HTTP, counted from 1.
    private(set) var malformedPosition: Int?
    private let notation: Notation
    private var bytes: [UInt8] = []
    private var position = 0
    private var hasAccept = false
    private var hasContentType = false

    /// Starts a block, with room for the fields.
    init(_ notation: Notation, for headers: TransportHeaders) {
        self.notation = notation
        bytes.reserveCapacity(256 + headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 })
    }

    /// Writes what stands in front of the fields.
    mutating func begin(_ method: String, _ endpoint: EndpointParts, _ path: String) {
        guard notation == .wire else { return write("Expect:") }
        bytes.append(contentsOf: method.utf8)
        bytes.append(0x20)
        bytes.append(contentsOf: endpoint.pathPrefix.utf8)
        bytes.append(contentsOf: path.utf8)
        write(" HTTP/1.1")
        bytes.append(contentsOf: endpoint.hostField)
    }

    /// Writes the fields that go on to the upstream; a signed request gets its `Authorization` and `X-Amz-` fields from
    /// the signature alone.
    mutating func append(_ headers: TransportHeaders, isSigned: Bool) {
        let nominated = HopByHop.nominated(by: headers)
        for (name, value) in headers {
            position += 1
            guard FieldRules.isToken(name), FieldRules.isValue(value) else {
                malformedPosition = malformedPosition ?? position
                continue
            }
            if HopByHop.isDroppedFromRequest(name, nominated) { continue }
            if isSigned, FieldRules.equal(name, "authorization") || name.lowercased().hasPrefix("x-amz-") { continue }
            appendLine(name, value)
        }
    }

    /// Adds a field of ours.
    mutating func append(_ name: String, _ value: String) {
        position += 1
        guard FieldRules.isValue(value) else {
            malformedPosition = malformedPosition ?? position
            return
        }
        appendLine(name, value)
    }

    /// Writes what stands behind the fields and returns the block; `length`: that of the body, if it is to be stated.
    consuming func finish(_ length: Int?) -> [UInt8] {
        switch notation {
        case .curl:
            if !hasAccept { write("Accept:") }
            if !hasContentType { write("Content-Type:") }
        case .wire:
            if let length { appendLine("Content-Length", String(length)) }
            write("")
        }
        return bytes
    }

    private mutating func appendLine(_ name: String, _ value: String) {
        bytes.append(contentsOf: name.utf8)
        if value.isEmpty {
            bytes.append(notation == .curl ? UInt8(ascii: ";") : UInt8(ascii: ":"))
        } else {
            bytes.append(UInt8(ascii: ":"))
            bytes.append(0x20)
            bytes.append(contentsOf: value.utf8)
        }
        endLine()
        guard notation == .curl else { return }
        if FieldRules.equal(name, "accept") { hasAccept = true }
        if FieldRules.equal(name, "content-type") { hasContentType = true }
    }

    private mutating func write(_ line: String) {
        bytes.append(contentsOf: line.utf8)
        endLine()
    }

    private mutating func endLine() {
        switch notation {
        case .curl: bytes.append(0)
        case .wire:
            bytes.append(0x0D)
            bytes.append(0x0A)
        }
    }
}
