/// Recognizes prompts of many tasks; a thousand schemas cost about what one costs.
///
/// The candidates are the schemas whose opening literal starts the message, found in a search tree over all openings.
public struct SchemaIndex: Sendable {
    /// The schemas, in the order they were given.
    public let schemas: [Schema]
    /// For each anchor message, the openings of the schemas anchored there.
    private let openings: [Int: PrefixTable]
    /// The schemas that begin with variable text everywhere; each is tried.
    private let unanchored: [Int]
    private let similar: SimilarOpenings

    /// An index over the given schemas. Two that match the same request make it ambiguous.
    public init(_ schemas: [Schema]) {
        self.schemas = schemas
        var entries: [Int: [(key: [UInt8], value: Int)]] = [:]
        var unanchored: [Int] = []
        for (number, schema) in schemas.enumerated() {
            guard let anchor = schema.matcher.anchor else {
                unanchored.append(number)
                continue
            }
            for variant in schema.matcher.messages[anchor] {
                entries[anchor, default: []].append((variant.head.bytes, number))
            }
        }
        openings = entries.mapValues { PrefixTable($0) }
        self.unanchored = unanchored
        similar = SimilarOpenings(schemas)
    }

    /// What the messages are: an instance of exactly one schema, in exactly one way, or unknown.
    public func recognize(_ messages: [PromptMessage]) -> Recognition {
        switch decide(messages) {
        case .matched(let number, let segments): .task(schemas[number].recognized(segments))
        case .failed(let failure): .unknown(failure.reason)
        }
    }

    /// How many bytes of a message `mayRecognize` looks at.
    public static let openingLength = SimilarOpenings.reachedBytes

    /// False if the first bytes of some messages show that `recognize` would say `noSchema`.
    ///
    /// Most requests of a gateway belong to no task; their texts then need not be unescaped, joined or copied.
    ///
    /// - Parameters:
    ///   - messageCount: the number of the request's messages.
    ///   - opening: the first `openingLength` bytes, or more, of the text of a message; all of a shorter text.
    public func mayRecognize(messageCount: Int, opening: (Int) -> [UInt8]) -> Bool {
        guard unanchored.isEmpty else { return true }
        for (anchor, table) in openings where anchor < messageCount {
            let text = opening(anchor)
            if !table.prefixes(of: text, at: 0, end: text.count).isEmpty { return true }
            if let near = table.nearest(to: text), isOpening(near, of: table) { return true }
            if similar.find(in: text, message: anchor) != nil { return true }
        }
        return false
    }

    /// A decision, with what `explain` needs to show beyond the reason.
    enum Decision {
        case matched(Int, [Segment])
        case failed(Failure)
    }

    struct Failure {
        let reason: UnknownReason
        var expected: [UInt8] = []
    }

    func decide(_ messages: [PromptMessage]) -> Decision {
        var matched: (number: Int, segments: [Segment])?
        var parses = 0
        var failures: [(number: Int, failure: SchemaMatcher.Failure)] = []
        let candidates = candidates(messages)
        for number in candidates {
            do throws(SchemaMatcher.Failure) {
                matched = (number, try schemas[number].matcher.match(messages))
                parses += 1
            } catch {
                if error.failure.isParse { parses += 1 }
                failures.append((number, error))
            }
        }
        if let matched {
            guard parses == 1 else { return .failed(Failure(reason: .ambiguous(task: schemas[matched.number].id))) }
            return .matched(matched.number, matched.segments)
        }
        return .failed(failure(failures, messages))
    }

    private func candidates(_ messages: [PromptMessage]) -> [Int] {
        var found: Set<Int> = []
        for (anchor, table) in openings where anchor < messages.count {
            let text = messages[anchor].text
            for key in table.prefixes(of: text, at: 0, end: text.count) { found.formUnion(table.values[key]) }
        }
        return found.sorted() + unanchored
    }

    /// The reason of the candidate that came furthest, or of the schema whose opening is most like the request's.
    private func failure(
        _ failures: [(number: Int, failure: SchemaMatcher.Failure)], _ messages: [PromptMessage]
    ) -> Failure {
        let known = failures.filter { schemas[$0.number].matcher.anchor != nil || $0.failure.failure.isParse }
        if let best = known.max(by: { $0.failure.progress < $1.failure.progress }) {
            return schemas[best.number].failure(best.failure, messages)
        }
        guard let number = nearest(messages) else { return Failure(reason: .noSchema) }
        do throws(SchemaMatcher.Failure) {
            _ = try schemas[number].matcher.match(messages)
            return Failure(reason: .noSchema)
        } catch {
            return schemas[number].failure(error, messages)
        }
    }

    private func nearest(_ messages: [PromptMessage]) -> Int? {
        var best: (number: Int, common: Int)?
        for (anchor, table) in openings where anchor < messages.count {
            guard let near = table.nearest(to: messages[anchor].text), isOpening(near, of: table) else { continue }
            if near.common > best?.common ?? 0 { best = (table.values[near.index][0], near.common) }
        }
        return best?.number ?? similar.find(in: messages)
    }

    private func isOpening(_ near: (index: Int, common: Int), of table: PrefixTable) -> Bool {
        near.common >= min(SimilarOpenings.openingLength, table.keys[near.index].count)
    }
}
