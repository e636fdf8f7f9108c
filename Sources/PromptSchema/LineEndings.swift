/// One of the ways a template's line endings may arrive; a whole message uses one of them.
enum LineEndings: CaseIterable {
    case asWritten, lf, crlf

    /// The same text with these line endings. A CR that no LF follows is text and stays.
    func applied(to bytes: [UInt8]) -> [UInt8] {
        if self == .asWritten { return bytes }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for (index, byte) in bytes.enumerated() {
            if byte == 0x0D, index + 1 < bytes.count, bytes[index + 1] == 0x0A { continue }
            if byte == 0x0A, self == .crlf { result.append(0x0D) }
            result.append(byte)
        }
        return result
    }
}
