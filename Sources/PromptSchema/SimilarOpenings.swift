/// Finds the schema whose opening was changed within its first bytes, so that the change is reported as drift.
///
/// From each opening literal one later window of 32 bytes is remembered, and a request is searched for it near its
/// start. Wherever a window stands in a text, it covers one of the text's blocks of sixteen bytes, so only every
/// sixteenth place of a text is looked at. The result only decides which reason an unrecognized request gets.
struct SimilarOpenings {
    /// The number of bytes that must agree for two texts to have the same opening.
    static let openingLength = 16
    private static let window = 32
    private static let block = 16
    private static let reach = 512

    private struct Place {
        let schema: Int
        let anchor: Int
    }

    /// How many bytes of a message can decide what `find` returns.
    static let reachedBytes = reach + window

    /// By the hash of a window.
    private var places: [UInt64: Place] = [:]
    /// By the hash of a block: bit n is set if it stands n bytes behind the start of a window.
    private var blocks: [UInt64: UInt16] = [:]
    /// A bit for each remembered block: most of a text's blocks need no look at `blocks`.
    private var filter: [UInt64] = []

    init(_ schemas: [Schema]) {
        for (number, schema) in schemas.enumerated() {
            guard let anchor = schema.matcher.anchor else { continue }
            for variant in schema.matcher.messages[anchor] {
                note(variant.head.bytes, Place(schema: number, anchor: anchor))
            }
        }
        filter = [UInt64](repeating: 0, count: max(256, (blocks.count / 2).nextPowerOfTwo))
        for hash in blocks.keys { filter[word(of: hash)] |= 1 << (hash >> 58) }
    }

    private mutating func note(_ head: [UInt8], _ place: Place) {
        let start = Self.openingLength
        guard head.count >= start + Self.window else { return }
        let hash = Self.hash(ofWindow: head, start)
        guard places[hash] == nil else { return }
        places[hash] = place
        for offset in 0..<Self.block {
            blocks[unsafe Self.hash(ofBlock: head.span.bytes, start + offset), default: 0] |= 1 << UInt16(offset)
        }
    }

    /// The schema whose window stands near the start of one of the messages.
    func find(in messages: [PromptMessage]) -> Int? {
        for index in messages.indices {
            if let schema = find(in: messages[index].text, message: index) { return schema }
        }
        return nil
    }

    /// The schema whose window stands near the start of this message.
    func find(in text: [UInt8], message: Int) -> Int? {
        let last = min(text.count - Self.window, Self.reach)
        guard !places.isEmpty, last >= 0 else { return nil }
        let bytes = unsafe text.span.bytes
        let words = filter.span
        var at = 0
        while at < last + Self.block {
            let hash = Self.hash(ofBlock: bytes, at)
            if words[word(of: hash)] & 1 << (hash >> 58) != 0, let offsets = blocks[hash] {
                // The earliest window first.
                for offset in (0..<Self.block).reversed() where offsets & 1 << UInt16(offset) != 0 {
                    let start = at - offset
                    guard start >= 0, start <= last else { continue }
                    if let place = places[Self.hash(ofWindow: text, start)], place.anchor == message {
                        return place.schema
                    }
                }
            }
            at &+= Self.block
        }
        return nil
    }

    /// The filter's word for a hash; its bit is in the hash's top bits.
    @inline(__always)
    private func word(of hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash >> 32) & (filter.count - 1)
    }

    /// Multiplied by the odd numbers of XXH64, so that the top bits depend on all bytes.
    @inline(__always)
    private static func hash(ofBlock text: RawSpan, _ at: Int) -> UInt64 {
        precondition(at >= 0 && at &+ block <= text.byteCount)
        let low = unsafe text.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self)
        let high = unsafe text.unsafeLoadUnaligned(fromByteOffset: at &+ 8, as: UInt64.self)
        return UInt64(littleEndian: low) &* 0x9E37_79B1_85EB_CA87 ^ UInt64(littleEndian: high) &* 0xC2B2_AE3D_27D4_EB4F
    }

    private static func hash(ofWindow text: [UInt8], _ start: Int) -> UInt64 {
        text[start..<start + window].reduce(0) { $0 &* 0x0000_0100_0000_01B3 &+ UInt64($1) }
    }
}

extension Int {
    fileprivate var nextPowerOfTwo: Int { self < 2 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}
