/// Template parts that follow one another directly, matched as one literal.
struct LiteralRun {
    /// The bytes of all the parts.
    private(set) var bytes: [UInt8] = []
    /// The length of each part and whether it is kept.
    private(set) var pieces: [(length: Int, keep: Bool)] = []

    mutating func append(_ literal: [UInt8], keep: Bool) {
        bytes += literal
        pieces.append((literal.count, keep))
    }

    /// The segments of the run when it stands at `offset` of message `message`.
    func segments(message: Int, at offset: Int) -> [Segment] {
        var start = offset
        return pieces.map { piece in
            defer { start += piece.length }
            return Segment(
                kind: .template, message: message, range: start..<(start + piece.length), kept: piece.keep)
        }
    }
}
