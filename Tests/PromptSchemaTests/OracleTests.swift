import PromptSchema
import TestSupport
import Testing

/// A second, slow reading of the grammar: it tries every way to cut a message, and knows nothing of the matcher.
struct Oracle {
    let schema: Schema

    /// The cut positions of every parse of one message by one pattern, for one form of line endings.
    func parses(_ text: [UInt8], _ pattern: MessagePattern, _ convert: ([UInt8]) -> [UInt8]) -> Set<[Int]> {
        var found: Set<[Int]> = []
        explore(text, pattern.parts[...], 0, [], convert, &found)
        return found
    }

    private func explore(
        _ text: [UInt8], _ parts: ArraySlice<Part>, _ position: Int, _ cuts: [Int], _ convert: ([UInt8]) -> [UInt8],
        _ found: inout Set<[Int]>
    ) {
        guard let part = parts.first else {
            if position == text.count { found.insert(cuts) }
            return
        }
        let rest = parts.dropFirst()
        switch part {
        case .template(let literal, _):
            let bytes = convert(literal)
            guard text[position...].starts(with: bytes) else { return }
            explore(text, rest, position + bytes.count, cuts + [position + bytes.count], convert, &found)
        case .context, .query:
            for end in position...text.count { explore(text, rest, end, cuts + [end], convert, &found) }
        case .examples(let block):
            explore(text, rest, position, cuts + [position], convert, &found)
            for example in block.bank {
                let bytes =
                    convert(block.prefix) + convert(example.input) + convert(block.separator) + convert(example.output)
                    + convert(block.suffix)
                guard text[position...].starts(with: bytes) else { continue }
                explore(text, parts, position + bytes.count, cuts + [position + bytes.count], convert, &found)
            }
        }
    }
}

@Suite("the matcher against a second reading of the grammar")
struct OracleTests {
    private func exactly(_ text: [UInt8]) -> [UInt8] { text }

    private func lineFeeds(_ text: [UInt8]) -> [UInt8] {
        text.indices.filter { !(text[$0] == 0x0D && $0 + 1 < text.count && text[$0 + 1] == 0x0A) }.map { text[$0] }
    }

    private func carriageReturns(_ text: [UInt8]) -> [UInt8] {
        lineFeeds(text).flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] }
    }

    @Test("a text is recognized exactly when one cut of it fits, with that cut")
    func agreement() throws {
        let seed: UInt64 = 20_260_110
        let cases = 40_000
        print("seed \(seed), \(cases) cases")
        var random = SeededRandom(seed: seed)
        var outcomes: [String: Int] = [:]
        var number = 0
        while number < cases {
            let schema = RandomSchema.make(&random)
            guard schema.unknownExamples == .fullPrompt, schema.exampleTurns == nil else { continue }
            let hostile = HostileText(schema)
            for _ in 0..<20 {
                guard var messages = try? schema.render(hostile.parts(of: schema, &random)) else { continue }
                mutate(&messages, &random)
                // The oracle is exponential; long texts teach nothing more.
                guard messages.allSatisfy({ $0.text.count < 60 }) else { continue }
                number += 1
                let expected = outcome(schema, messages)
                let recognition = schema.recognize(messages)
                let found = recognition.reason?.code ?? "task"
                outcomes[expected.name, default: 0] += 1
                let agrees =
                    switch expected.name {
                    case "task": found == "task" && ranges(recognition) == expected.cuts
                    case "none": ["drift", "no_schema", "unknown_example"].contains(found)
                    default: found == expected.name
                    }
                guard agrees else {
                    Issue.record(
                        "seed \(seed): expected \(expected), found \(recognition); \(schema.messages), \(messages)")
                    return
                }
            }
        }
        print(outcomes)
        for name in ["task", "none", "ambiguous"] { #expect(outcomes[name] ?? 0 > cases / 100) }
    }

    private func mutate(_ messages: inout [PromptMessage], _ random: inout SeededRandom) {
        guard random.chance(0.6) else { return }
        let message = Int.random(in: messages.indices, using: &random)
        let alphabet = Array("ab\n\r".utf8)
        let offset = Int.random(in: 0...messages[message].text.count, using: &random)
        if random.chance(0.4) || offset == messages[message].text.count {
            messages[message].text.insert(random.pick(alphabet), at: offset)
        } else if random.chance(0.5) {
            messages[message].text.remove(at: offset)
        } else {
            messages[message].text[offset] = random.pick(alphabet)
        }
    }

    private func outcome(_ schema: Schema, _ messages: [PromptMessage]) -> (name: String, cuts: [[Int]]) {
        let oracle = Oracle(schema: schema)
        let forms = schema.normalizeLineEndings ? [exactly, lineFeeds, carriageReturns] : [exactly]
        var cuts: [[Int]] = []
        var isEmpty = false
        for (message, pattern) in zip(messages, schema.messages) {
            var all: Set<[Int]> = []
            for form in forms { all.formUnion(oracle.parses(message.text, pattern, form)) }
            guard let only = all.first else { return ("none", []) }
            guard all.count == 1 else {
                // A later message may still not fit at all.
                cuts.append([-1])
                continue
            }
            if let query = pattern.parts.firstIndex(where: { if case .query = $0 { true } else { false } }) {
                isEmpty = isEmpty || emptyQuery(only, pattern, query)
            }
            cuts.append(Array(Set(only + [0])).sorted())
        }
        if cuts.contains([-1]) { return ("ambiguous", []) }
        return isEmpty ? ("limit", []) : ("task", cuts)
    }

    /// Whether the part at `query` has no bytes; parts before it may be example sequences of any length.
    private func emptyQuery(_ cuts: [Int], _ pattern: MessagePattern, _ query: Int) -> Bool {
        let fromEnd = pattern.parts.count - 1 - query
        let after = pattern.parts[(query + 1)...].contains { if case .examples = $0 { true } else { false } }
        guard !after else {
            // Counted from the front instead: no examples stand before the query then.
            return cuts[query] == (query == 0 ? 0 : cuts[query - 1])
        }
        let end = cuts.count - 1 - fromEnd
        return cuts[end] == (end == 0 ? 0 : cuts[end - 1])
    }

    private func ranges(_ recognition: Recognition) -> [[Int]] {
        guard let prompt = recognition.prompt else { return [] }
        let count = (prompt.segments.map(\.message).max() ?? -1) + 1
        return (0..<count).map { message in
            let own = prompt.segments.filter { $0.message == message }
            return Array(Set(own.flatMap { [$0.range.lowerBound, $0.range.upperBound] } + [0])).sorted()
        }
    }
}
