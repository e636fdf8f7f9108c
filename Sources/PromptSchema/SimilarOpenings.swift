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

    private var places: [UInt64: Place] = [:]

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
    }

    /// The schema whose window stands near the start of one of the messages.
    func find(in messages: [PromptMessage]) -> Int? {
        guard !places.isEmpty else { return nil }
        let window = Self.window
        // base^(window - 1), to take the oldest byte out of the rolling hash.
        var power: UInt64 = 1
        for _ in 1..<window { power = power &* Self.base }
        for (index, message) in messages.enumerated() {
            let text = message.text
            guard text.count >= window else { continue }
            var hash = Self.hash(text[0..<window])
            let last = min(text.count - window, Self.reach)
            for start in 0...last {
                if let place = places[hash], place.anchor == index { return place.schema }
                guard start < last else { break }
                hash = (hash &- power &* UInt64(text[start])) &* Self.base &+ UInt64(text[start + window])
            }
        }
        return nil
    }

    private static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 &* base &+ UInt64($1) }
    }
}
