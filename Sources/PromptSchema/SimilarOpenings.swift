/// Finds the schema whose opening was changed within its first bytes, so that the change is reported as drift.
///
/// From each opening literal one later window is remembered by a rolling hash; a request is searched for it near its
/// start. The result only decides which reason an unrecognized request gets.
struct SimilarOpenings {
    /// The number of bytes that must agree for two texts to have the same opening.
    static let openingLength = 16
    private static let window = 32
    private static let reach = 512
    private static let base: UInt64 = 0x0000_0100_0000_01B3

    private struct Place {
        let schema: Int
        let anchor: Int
        let offset: Int
    }

    /// How many bytes of a message can decide what `find` returns.
    static let reachedBytes = reach + window

    private var places: [UInt64: Place] = [:]
    /// A bit for each remembered hash: most of a text's windows need no look at `places`.
    private var filter: [UInt64] = []

    init(_ schemas: [Schema]) {
        for (number, schema) in schemas.enumerated() {
            guard let anchor = schema.matcher.anchor else { continue }
            for variant in schema.matcher.messages[anchor] {
                let head = variant.head.bytes
                let offset = Self.openingLength
                guard head.count >= offset + Self.window else { continue }
                let hash = Self.hash(head[offset..<(offset + Self.window)])
                if places[hash] == nil { places[hash] = Place(schema: number, anchor: anchor, offset: offset) }
            }
        }
        filter = [UInt64](repeating: 0, count: max(256, places.count.nextPowerOfTwo))
        for hash in places.keys { filter[word(of: hash)] |= 1 << (hash >> 58) }
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
        let window = Self.window
        guard !places.isEmpty, text.count >= window else { return nil }
        var hash = Self.hash(text[0..<window])
        let last = min(text.count - window, Self.reach)
        let bytes = text.span
        let words = filter.span
        let oldest = Self.oldest
        for start in 0...last {
            if words[word(of: hash)] & 1 << (hash >> 58) != 0, let place = places[hash], place.anchor == message {
                return place.schema
            }
            guard start < last else { break }
            hash = hash &* Self.base &- (oldest &* UInt64(bytes[start]) &- UInt64(bytes[start + window]))
        }
        return nil
    }

    /// The filter's word for a hash; its bit is in the hash's top bits.
    @inline(__always)
    private func word(of hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash >> 32) & (filter.count - 1)
    }

    /// base^window, to take the oldest byte out of the rolling hash.
    private static let oldest = (0..<window).reduce(1 as UInt64) { power, _ in power &* base }

    private static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 &* base &+ UInt64($1) }
    }
}

extension Int {
    fileprivate var nextPowerOfTwo: Int { self < 2 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}
