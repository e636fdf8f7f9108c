/// Writes a request's end-to-end header fields as libcurl's header lines into one array, each with a NUL behind it.
///
/// libcurl's notation: `Name: value`, `Name;` for an empty value, `Name:` to keep libcurl from adding the field.
struct HeaderBlock {
    /// The position of the first field that is not valid HTTP, counted from 1.
    private(set) var malformedPosition: Int?
    private var bytes: [UInt8] = []
    private var position = 0
    private var hasAccept = false
    private var hasContentType = false

    /// Writes the fields that go on to the upstream; a signed request gets its `Authorization` and `X-Amz-` fields from
    /// the signature alone.
    init(_ headers: TransportHeaders, isSigned: Bool) {
        let nominated = HopByHop.nominated(by: headers)
        bytes.reserveCapacity(64 + headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 })
        write("Expect:")
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

    /// The block, with what keeps libcurl from adding fields of its own.
    consuming func finish() -> [UInt8] {
        if !hasAccept { write("Accept:") }
        if !hasContentType { write("Content-Type:") }
        return bytes
    }

    private mutating func appendLine(_ name: String, _ value: String) {
        if FieldRules.equal(name, "accept") { hasAccept = true }
        if FieldRules.equal(name, "content-type") { hasContentType = true }
        bytes.append(contentsOf: name.utf8)
        if value.isEmpty {
            bytes.append(UInt8(ascii: ";"))
        } else {
            bytes.append(UInt8(ascii: ":"))
            bytes.append(UInt8(ascii: " "))
            bytes.append(contentsOf: value.utf8)
        }
        bytes.append(0)
    }

    private mutating func write(_ line: String) {
        bytes.append(contentsOf: line.utf8)
        bytes.append(0)
    }
}
