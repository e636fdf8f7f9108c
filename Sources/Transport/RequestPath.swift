/// The rule for what may stand after the host of a URL that goes to libcurl.
enum RequestPath {
    /// Says why `path` (with or without a query) cannot be sent, or nil if it can.
    ///
    /// Only visible ASCII passes, no fragment, and no `.` or `..` segment, plain or percent-encoded: such a segment
    /// could leave the path prefix of the upstream.
    static func problem(of path: String) -> String? {
        let bytes = path.utf8.span
        guard !bytes.isEmpty, bytes[0] == UInt8(ascii: "/") else { return "needs a path that starts with /" }
        var mayHaveDots = false
        for index in bytes.indices {
            let byte = bytes[index]
            if byte == UInt8(ascii: ".") || byte == UInt8(ascii: "%") { mayHaveDots = true }
            if byte < 0x21 || byte > 0x7E || byte == UInt8(ascii: "#") {
                return "has a character that must be percent-encoded, or a fragment"
            }
        }
        guard mayHaveDots else { return nil }
        let segments = path.prefix { $0 != "?" }.split(separator: "/")
        return segments.contains(where: isDotSegment) ? "has a . or .. segment; name the path itself" : nil
    }

    private static func isDotSegment(_ segment: Substring) -> Bool {
        guard segment.utf8.count <= 6, segment.first == "." || segment.first == "%" else { return false }
        let decoded = segment.lowercased().replacing("%2e", with: ".")
        return decoded == "." || decoded == ".."
    }
}
