/// The only parse of one message.
struct MessageParse {
    var segments: [Segment]
    /// What is beyond a limit of the schema, if anything is.
    var excess: String?
}

/// Parses one message by one pattern, with its literals in one form of line endings.
///
/// The first literal is anchored at byte 0 and the last at the end. Between them every boundary that some parse can
/// reach is followed, with the number of ways to it, so that the parse is known to be the only one or refused.
struct MessageMatcher {
    private enum Variable {
        case slot(SegmentKind, Slot)
        case examples(BlockMatcher)
    }

    /// The literal before the first variable part; it may be empty.
    private(set) var head = LiteralRun()
    private var variables: [Variable] = []
    /// The literals behind each variable part; only the last may be empty.
    private var closings: [LiteralRun] = []
    /// Searches for the closings that follow a slot inside the message.
    private var searches: [LiteralSearch?] = []

    init(_ pattern: MessagePattern, policy: UnknownExamplePolicy, lineEndings: LineEndings) {
        for part in pattern.parts {
            switch part {
            case .template(let literal, let keep):
                let bytes = lineEndings.applied(to: literal)
                if variables.isEmpty {
                    head.append(bytes, keep: keep)
                } else {
                    closings[closings.count - 1].append(bytes, keep: keep)
                }
            case .examples(let block):
                add(.examples(BlockMatcher(block, policy: policy, lineEndings: lineEndings)))
            case .context(let slot): add(.slot(.context, slot))
            case .query(let slot): add(.slot(.query, slot))
            }
        }
        for (index, variable) in variables.enumerated() {
            if case .slot = variable, index < variables.count - 1 {
                searches.append(LiteralSearch(closings[index].bytes))
            } else {
                searches.append(nil)
            }
        }
    }

    private mutating func add(_ variable: Variable) {
        variables.append(variable)
        closings.append(LiteralRun())
    }

    /// The literal at the very end, behind the last variable part.
    var tail: [UInt8] { closings.last?.bytes ?? [] }

    /// The block matcher of the pattern's examples part, if it has one.
    var blockMatcher: BlockMatcher? {
        for case .examples(let blocks) in variables { return blocks }
        return nil
    }

    /// Whether two matchers take the same bytes, so that one of them is enough.
    func hasSameBytes(as other: MessageMatcher) -> Bool {
        guard head.bytes == other.head.bytes, closings.map(\.bytes) == other.closings.map(\.bytes) else { return false }
        guard let mine = blockMatcher, let theirs = other.blockMatcher else { return true }
        return mine.hasSameBytes(as: theirs)
    }

    /// The only parse of `text`, or why there is not exactly one.
    func match(_ text: [UInt8], message: Int) throws(MatchFailure) -> MessageParse {
        guard matches(head.bytes, text, at: 0, end: text.count) else {
            throw .literal(head.bytes, in: text, at: 0)
        }
        let start = head.bytes.count
        guard let last = variables.indices.last else {
            guard start == text.count else { throw MatchFailure(.drift, at: start) }
            return MessageParse(segments: head.segments(message: message, at: 0))
        }
        let end = text.count - tail.count
        guard end >= start, matches(tail, text, at: end, end: text.count) else {
            throw tailFailure(text, from: start)
        }
        var reached: [[Boundary]] = [[Boundary(start)]]
        for index in variables.indices {
            reached.append(try advance(index, isLast: index == last, from: reached[index], in: text, end: end))
        }
        guard let final = reached[last + 1].first, final.ways == 1 else { throw MatchFailure(.ambiguous) }
        return try parse(text, message: message, reached)
    }

    private func advance(
        _ index: Int, isLast: Bool, from starts: [Boundary], in text: [UInt8], end: Int
    ) throws(MatchFailure) -> [Boundary] {
        if case .examples(let blocks) = variables[index] {
            return try blocks.advance(
                from: starts, in: text, end: end, closing: isLast ? nil : closings[index].bytes)
        }
        if isLast {
            return [Boundary(end, ways: starts.count == 1 ? starts[0].ways : 2, previous: 0)]
        }
        let literal = closings[index].bytes
        var ends: [Boundary] = []
        var ways = 0
        var next = 0
        for place in searches[index]?.places(in: text, starts[0].position..<end) ?? [] {
            while next < starts.count, starts[next].position <= place {
                ways = min(2, ways + starts[next].ways)
                next += 1
            }
            ends.append(Boundary(place + literal.count, ways: ways, previous: 0))
        }
        guard !ends.isEmpty else {
            throw MatchFailure(.drift, at: starts[0].position, expected: literal)
        }
        return ends
    }

    /// Where the text leaves the pattern when its last literal is not at the end.
    private func tailFailure(_ text: [UInt8], from start: Int) -> MatchFailure {
        if variables.count == 1, case .examples(let blocks) = variables[0], blocks.policy == .fullPrompt {
            do throws(MatchFailure) {
                let ends = try blocks.advance(from: [Boundary(start)], in: text, end: text.count, closing: tail)
                return MatchFailure(.drift, at: ends.last?.position ?? text.count)
            } catch {
                return error
            }
        }
        let place = text.count - tail.count
        guard place >= start else { return MatchFailure(.drift, at: text.count, expected: tail) }
        return .literal(tail, in: text, at: place)
    }

    private func parse(
        _ text: [UInt8], message: Int, _ reached: [[Boundary]]
    ) throws(MatchFailure) -> MessageParse {
        // Back along the only way: position k is where variable part k starts.
        var starts = [Int](repeating: 0, count: variables.count)
        var boundary = reached[variables.count][0]
        for index in variables.indices.reversed() {
            boundary = reached[index][boundary.previous]
            starts[index] = boundary.position
        }
        var result = MessageParse(segments: head.segments(message: message, at: 0))
        for (index, variable) in variables.enumerated() {
            let next = index + 1 < starts.count ? starts[index + 1] : text.count
            let range = starts[index]..<(next - closings[index].bytes.count)
            switch variable {
            case .slot(let kind, let slot):
                result.segments.append(
                    Segment(kind: kind, message: message, range: range, kept: true, slot: slot.name))
                result.excess = result.excess ?? excess(slot, kind, range.count)
            case .examples(let blocks):
                let found = try blocks.blocks(in: range, of: text)
                result.segments += found.map { block in
                    Segment(
                        kind: .examples, message: message, range: block.range,
                        kept: block.row == nil && blocks.policy == .keep, example: block.row)
                }
                if let maximum = blocks.maximum, found.count > maximum {
                    result.excess = "it has \(found.count) examples and the limit is \(maximum)"
                }
            }
            result.segments += closings[index].segments(message: message, at: range.upperBound)
        }
        return result
    }

    private func excess(_ slot: Slot, _ kind: SegmentKind, _ count: Int) -> String? {
        if kind == .query, count == 0 { return "its query is empty" }
        guard let maximum = slot.maximumBytes, count > maximum else { return nil }
        return "its \(kind.rawValue) has \(count) bytes and the limit is \(maximum)"
    }
}
