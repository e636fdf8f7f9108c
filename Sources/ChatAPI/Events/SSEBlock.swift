/// The fields of the block that is being read, as ranges of the parser's buffer.
struct SSEBlock {
    private var data: Range<Int>?
    private var moreData: [Range<Int>] = []
    private var name: Range<Int>?
    private var id: Range<Int>?
    /// True until the first line.
    private(set) var isEmpty = true

    /// Reads one line that is not empty.
    mutating func read(_ line: Range<Int>, in bytes: Span<UInt8>) {
        isEmpty = false
        let colon = ByteScan.first(UInt8(ascii: ":"), in: bytes, line.lowerBound, line.upperBound)
        var value = min(colon + 1, line.upperBound)..<line.upperBound
        if let first = value.first, bytes[first] == UInt8(ascii: " ") { value = first + 1..<value.upperBound }
        let field = line.lowerBound..<colon
        if Self.matches("data", field, bytes) {
            if data == nil { data = value } else { moreData.append(value) }
        } else if Self.matches("event", field, bytes) {
            name = value
        } else if Self.matches("id", field, bytes), !value.contains(where: { bytes[$0] == 0 }) {
            id = value
        }
    }

    /// Moves all ranges along with the buffer.
    mutating func shift(by distance: Int) {
        guard distance != 0, !isEmpty else { return }
        let move = { (range: Range<Int>) in range.lowerBound + distance..<range.upperBound + distance }
        data = data.map(move)
        moreData = moreData.map(move)
        name = name.map(move)
        id = id.map(move)
    }

    /// The block as an event.
    func event(raw: Range<Int>, in buffer: [UInt8], isComplete: Bool) -> SSEEvent {
        SSEEvent(
            raw: buffer[raw], data: joinedData(buffer),
            name: name.map { String(decoding: buffer[$0], as: UTF8.self) },
            id: id.map { String(decoding: buffer[$0], as: UTF8.self) }, isComplete: isComplete)
    }

    private func joinedData(_ buffer: [UInt8]) -> ArraySlice<UInt8>? {
        guard let data else { return nil }
        if moreData.isEmpty { return buffer[data] }
        var joined = Array(buffer[data])
        for range in moreData {
            joined.append(UInt8(ascii: "\n"))
            joined.append(contentsOf: buffer[range])
        }
        return joined[...]
    }

    private static func matches(_ name: StaticString, _ range: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
        guard range.count == name.utf8CodeUnitCount else { return false }
        for offset in 0..<range.count
        where unsafe name.utf8Start[offset] != bytes[range.lowerBound + offset] { return false }
        return true
    }
}
