import PromptSchema
import TestSupport
import Testing

/// What stripping promises, over many generated prompts. Each test prints its seed.
@Suite("stripping, over generated prompts")
struct StrippingPropertyTests {
    static let cases = 100_000

    private func shipped() throws -> [Schema] {
        [
            try Fixtures.houseBook(), try Fixtures.singleMessage(), try Fixtures.retrieval(), try Fixtures.turns(),
            try Fixtures.houseBook(policy: .keep), try Fixtures.singleMessage(policy: .strip),
            try Fixtures.singleMessage(policy: .keep), try Fixtures.turns(policy: .keep),
        ]
    }

    @Test("strip after recognize after render gives back every part byte for byte, or refuses")
    func roundTrip() throws {
        let seed: UInt64 = 20_260_101
        print("seed \(seed), \(Self.cases) cases")
        var random = SeededRandom(seed: seed)
        var schemas = try shipped()
        for _ in 0..<300 { schemas.append(RandomSchema.make(&random)) }
        let texts = schemas.map { HostileText($0) }
        var recognized = 0
        var rendered = 0
        while rendered < Self.cases {
            let number = random.chance(0.5) ? Int.random(in: 0..<8, using: &random) : rendered % schemas.count
            let schema = schemas[number]
            let parts = texts[number].parts(of: schema, &random)
            guard let messages = try? schema.render(parts) else { continue }
            rendered += 1
            guard case .task(let prompt) = schema.recognize(messages) else { continue }
            recognized += 1
            let stripped = strip(prompt, from: messages)
            let bare = try schema.renderStripped(parts)
            let left = stripped.messages.map { PromptMessage(role: $0.role, text: $0.text) }
            guard stripped.query == parts.query, left == bare, covers(prompt, messages),
                same(schema.parts(of: prompt, in: messages), parts, schema)
            else {
                Issue.record("case \(rendered) with seed \(seed): \(schema.messages) \(parts) \(prompt)")
                return
            }
        }
        print("recognized \(recognized) of \(rendered)")
        #expect(recognized > Self.cases / 2)
    }

    @Test("what an intermediate stage keeps is what its training prompts had; with fewer examples it is refused")
    func stages() throws {
        let seed: UInt64 = 20_260_103
        let cases = 20_000
        print("seed \(seed), \(cases) cases")
        var random = SeededRandom(seed: seed)
        let schemas = try shipped()
        let texts = schemas.map { HostileText($0) }
        var compared = 0
        for number in 0..<cases {
            let schema = schemas[number % schemas.count]
            let parts = texts[number % schemas.count].parts(of: schema, &random)
            guard let messages = try? schema.render(parts), case .task(let prompt) = schema.recognize(messages) else {
                continue
            }
            var ranges: [Int: [Range<Int>]] = [:]
            var replaced: [Int: [UInt8]] = [:]
            for literal in schema.literals where !literal.keep {
                let cuts = (0..<4).map { _ in Int.random(in: 0...literal.text.count, using: &random) }.sorted()
                ranges[literal.number] = [cuts[0]..<cuts[1], cuts[2]..<cuts[3]]
                replaced[literal.number] = Array(literal.text[cuts[0]..<cuts[1]] + literal.text[cuts[2]..<cuts[3]])
            }
            let plan = StripPlan(literals: ranges, examples: Int.random(in: 0...4, using: &random))
            #expect(plan.fits(schema))
            var staged = schema.parts(of: prompt, in: messages)
            let first = staged.examples.count - plan.examples
            let stripped = strip(prompt, from: messages, keeping: plan, of: schema)
            guard let stripped else {
                #expect(first < 0, "case \(number) with seed \(seed) was refused")
                continue
            }
            staged.examples = staged.examples.enumerated().filter { index, example in
                if case .custom = example, schema.unknownExamples == .keep { return true }
                return index >= first
            }.map(\.element)
            let expected = try schema.renderStage(staged, replacing: replaced)
            let left = stripped.messages.map { PromptMessage(role: $0.role, text: $0.text) }
            guard first >= 0, left == expected, stripped.query == parts.query else {
                Issue.record("case \(number) with seed \(seed): \(left) is not \(expected)")
                return
            }
            compared += 1
        }
        #expect(compared > cases / 8)
    }

    @Test("a plan that keeps everything changes nothing, one that keeps nothing strips, one that does not fit says so")
    func plans() throws {
        let schema = try Fixtures.singleMessage()
        let literal = try #require(schema.literals.first { !$0.keep })
        let count = literal.text.count
        #expect(StripPlan(literals: [literal.number: [0..<count]], examples: 2).fits(schema))
        #expect(!StripPlan(literals: [literal.number: [0..<count + 1]], examples: 2).fits(schema))
        #expect(!StripPlan(literals: [literal.number: [0..<2, 1..<3]], examples: 2).fits(schema))
        #expect(!StripPlan(literals: [99: []], examples: 2).fits(schema))
        #expect(!StripPlan(literals: [:], examples: -1).fits(schema))
        var random = SeededRandom(seed: 7)
        let text = HostileText(schema)
        let messages = try #require(
            (0..<200).lazy.compactMap { _ in
                try? schema.render(text.parts(of: schema, &random))
            }.first { schema.recognize($0).prompt != nil })
        let prompt = try #require(schema.recognize(messages).prompt)
        let examples = prompt.segments.count { $0.kind == .examples }
        let whole = StripPlan(
            literals: Dictionary(
                uniqueKeysWithValues: schema.literals.filter { !$0.keep }.map { ($0.number, [0..<$0.text.count]) }),
            examples: examples)
        let kept = strip(prompt, from: messages, keeping: whole, of: schema)
        #expect(kept?.messages.map(\.text) == messages.map(\.text))
        let none = StripPlan(literals: [:], examples: 0)
        #expect(strip(prompt, from: messages, keeping: none, of: schema) == strip(prompt, from: messages))
        #expect(
            strip(prompt, from: messages, keeping: StripPlan(literals: [:], examples: examples + 1), of: schema) == nil)
    }

    @Test("a prompt with one changed template byte is never stripped")
    func changedByte() throws {
        let seed: UInt64 = 20_260_102
        print("seed \(seed), \(Self.cases) cases")
        var random = SeededRandom(seed: seed)
        let schemas = try shipped().filter { $0.id != "retrieval" }
        let texts = schemas.map { HostileText($0) }
        var drifted = 0
        for number in 0..<Self.cases {
            let schema = schemas[number % schemas.count]
            guard var messages = try? schema.render(texts[number % schemas.count].parts(of: schema, &random)),
                let prompt = schema.recognize(messages).prompt
            else { continue }
            let fixed = prompt.segments.filter {
                $0.kind == .template || ($0.kind == .examples && schema.unknownExamples == .fullPrompt)
            }
            let segment = random.pick(fixed.filter { !$0.range.isEmpty })
            let offset = Int.random(in: segment.range, using: &random)
            messages[segment.message].text[offset] ^= UInt8.random(in: 1...255, using: &random)
            switch schema.recognize(messages) {
            case .unknown(.drift(_, segment.message, offset)): drifted += 1
            case .unknown: continue
            case .task:
                Issue.record("case \(number) with seed \(seed): \(schema.id), \(segment), offset \(offset)")
                return
            }
        }
        print("reported as drift at the very byte: \(drifted)")
        #expect(drifted > Self.cases / 3)
    }

    @Test("a prompt with one character more, less or changed within its template or examples is never stripped")
    func editedCharacter() throws {
        let seed: UInt64 = 20_260_106
        let cases = 10_000
        print("seed \(seed), \(cases) cases")
        var random = SeededRandom(seed: seed)
        let schemas = try shipped().filter { $0.id != "retrieval" && $0.unknownExamples == .fullPrompt }
        let texts = schemas.map { HostileText($0) }
        let characters = ["a", " ", "\n", ".", "\"", "\u{200B}", "\u{E9}", "\u{301}", "\u{456}", "\u{0}", "7"].map {
            Array($0.utf8)
        }
        var edited = 0
        while edited < cases {
            let number = Int.random(in: schemas.indices, using: &random)
            guard var messages = try? schemas[number].render(texts[number].parts(of: schemas[number], &random)),
                let prompt = schemas[number].recognize(messages).prompt
            else { continue }
            let segment = random.pick(prompt.segments.filter { $0.kind != .query && !$0.range.isEmpty })
            var text = messages[segment.message].text
            let (fixed, count) = (Array(text[segment.range]), text.count)
            let offset = Int.random(in: segment.range, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: text.insert(contentsOf: random.pick(characters), at: offset)
            case 1: text.remove(at: offset)
            case 2: text.replaceSubrange(offset..<offset + 1, with: random.pick(characters))
            default: if offset + 1 < segment.range.upperBound { text.swapAt(offset, offset + 1) }
            }
            // At an edge the change can be the query's: then the template's own bytes are still where they were.
            let end = text.count - (count - segment.range.upperBound)
            guard !text.dropFirst(segment.range.lowerBound).starts(with: fixed),
                !text.prefix(end).reversed().starts(with: fixed.reversed())
            else { continue }
            edited += 1
            messages[segment.message].text = text
            guard schemas[number].recognize(messages).prompt == nil else {
                Issue.record("case \(edited) with seed \(seed): \(schemas[number].id), \(segment), offset \(offset)")
                return
            }
        }
    }

    @Test("what is taken out of any text is byte for byte the schema's own template and examples")
    func onlyOwnBytes() throws {
        let seed: UInt64 = 20_260_105
        let cases = 40_000
        print("seed \(seed), \(cases) cases")
        var random = SeededRandom(seed: seed)
        let schemas = (0..<400).map { _ in RandomSchema.make(&random) }
        let texts = schemas.map { HostileText($0) }
        var recognized = 0
        for number in 0..<cases {
            let schema = schemas[number % schemas.count]
            guard var messages = try? schema.render(texts[number % schemas.count].parts(of: schema, &random)) else {
                continue
            }
            let message = Int.random(in: messages.indices, using: &random)
            if !messages[message].text.isEmpty {
                let offset = Int.random(in: messages[message].text.indices, using: &random)
                messages[message].text[offset] = random.pick(Array("ab\n\r".utf8))
            }
            guard let prompt = schema.recognize(messages).prompt else { continue }
            recognized += 1
            let own = Set(schema.literals.map { withoutCarriageReturns($0.text) })
            let blocks = Set(
                schema.bank.flatMap { example in
                    (schema.exampleBlock.map { [$0.render(example)] } ?? [])
                        + (schema.exampleTurns.map { $0.render(example).map(\.text) } ?? [])
                }.map { withoutCarriageReturns($0) })
            for segment in prompt.segments where !segment.kept {
                let bytes = withoutCarriageReturns(Array(messages[segment.message].text[segment.range]))
                let isOwn = segment.kind == .template ? own.contains(bytes) : blocks.contains(bytes)
                guard isOwn || (segment.example == nil && schema.unknownExamples == .strip) else {
                    Issue.record("case \(number) with seed \(seed): \(segment)")
                    return
                }
            }
        }
        print("recognized \(recognized)")
        #expect(recognized > cases / 10)
    }

    @Test("a query full of template, markers and examples never moves the cut of an anchored schema")
    func hostileQuery() throws {
        let seed: UInt64 = 20_260_103
        print("seed \(seed), \(Self.cases) cases")
        var random = SeededRandom(seed: seed)
        let schemas = [try Fixtures.houseBook(), try Fixtures.singleMessage(), try Fixtures.turns()]
        let texts = schemas.map { HostileText($0) }
        for number in 0..<Self.cases {
            let schema = schemas[number % schemas.count]
            let parts = texts[number % schemas.count].parts(of: schema, &random)
            let messages = try schema.render(parts)
            let recognition = schema.recognize(messages)
            guard let prompt = recognition.prompt, strip(prompt, from: messages).query == parts.query,
                strip(prompt, from: messages).messages.map(\.text) == [parts.query]
            else {
                Issue.record("case \(number) with seed \(seed): \(parts) \(recognition)")
                return
            }
        }
    }

    @Test("a template that arrives with CRLF line endings is taken out and the query stays as it was")
    func carriageReturns() throws {
        let seed: UInt64 = 20_260_104
        print("seed \(seed), 10000 cases")
        var random = SeededRandom(seed: seed)
        let schema = try Fixtures.houseBook()
        let text = HostileText(schema)
        for number in 0..<10_000 {
            let parts = text.parts(of: schema, &random)
            var messages = try schema.render(parts)
            messages[0].text = Array(String(decoding: messages[0].text, as: UTF8.self).utf8).flatMap {
                $0 == 0x0A ? [0x0D, 0x0A] : [$0]
            }
            guard let prompt = schema.recognize(messages).prompt,
                strip(prompt, from: messages).messages.map(\.text) == [parts.query]
            else {
                Issue.record("case \(number) with seed \(seed): \(parts)")
                return
            }
        }
    }

    private func covers(_ prompt: RecognizedPrompt, _ messages: [PromptMessage]) -> Bool {
        var ends = [Int](repeating: 0, count: messages.count)
        for segment in prompt.segments {
            guard ends[segment.message] == segment.range.lowerBound else { return false }
            ends[segment.message] = segment.range.upperBound
        }
        return ends == messages.map(\.text.count)
    }

    /// Whether the parts say the same; a custom example that the bank holds may come back as its row.
    private func same(_ left: PromptParts, _ right: PromptParts, _ schema: Schema) -> Bool {
        func examples(_ parts: PromptParts) -> [Example] {
            parts.examples.map { example in
                switch example {
                case .bank(let row): schema.bank[row]
                case .custom(let custom): custom
                }
            }
        }
        return left.query == right.query && left.contexts == right.contexts && examples(left) == examples(right)
    }

    private func withoutCarriageReturns(_ text: [UInt8]) -> [UInt8] {
        text.indices.filter { !(text[$0] == 0x0D && $0 + 1 < text.count && text[$0 + 1] == 0x0A) }.map { text[$0] }
    }
}
