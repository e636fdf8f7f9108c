import PromptSchema
import Testing

@Suite("schemas")
struct SchemaTests {
    private func error(
        id: String = "task", version: String = "1", _ messages: [MessagePattern], turns: ExampleTurns? = nil,
        policy: UnknownExamplePolicy = .fullPrompt, allows: Set<String> = []
    ) -> SchemaError? {
        do throws(SchemaError) {
            _ = try Schema(
                id: id, version: version, messages: messages, exampleTurns: turns, unknownExamples: policy,
                allows: allows)
            return nil
        } catch {
            return error
        }
    }

    private func user(_ parts: Part...) -> MessagePattern { MessagePattern(role: .user, parts: parts) }

    private func block(
        _ prefix: String = "P", _ separator: String = "S", _ suffix: String = "X", bank: [Example] = [],
        maximum: Int? = nil
    ) -> Part {
        .examples(
            ExampleBlock(
                prefix: Array(prefix.utf8), separator: Array(separator.utf8), suffix: Array(suffix.utf8), bank: bank,
                maximum: maximum))
    }

    @Test("a schema that cannot be decided is refused, with the rule it breaks")
    func refusals() {
        let good: MessagePattern = user(.template("T"), .query())
        #expect(error([good]) == nil)
        #expect(error(id: "", [good]) == .invalidTaskName(""))
        #expect(error(id: "../x", [good]) == .invalidTaskName("../x"))
        #expect(error(id: String(repeating: "a", count: 65), [good])?.description.contains("64") == true)
        #expect(error(version: "a b", [good]) == .invalidVersion("a b"))
        #expect(error([]) == .noQuery)
        #expect(error([user(.template("T"))]) == .noQuery)
        #expect(error([user(.query())]) == .noLiteral)
        #expect(error([good, good]) == .secondQuery(message: 1, part: 1))
        #expect(error([MessagePattern(role: .user, parts: []), good]) == .emptyMessage(message: 0))
        #expect(error([user(.template(""), .query())]) == .emptyLiteral(message: 0, part: 0))
        #expect(error([user(.template([0xC3], keep: false), .query())]) == .invalidUTF8(message: 0, part: 0))
        #expect(error([user(.template("T"), .context(Slot("c")), .query())]) == .adjacentVariables(message: 0, part: 2))
        #expect(error([user(.template("T"), block(), .query())]) == .adjacentVariables(message: 0, part: 2))
        #expect(
            error([MessagePattern(role: .system, parts: [.template("T"), .query()])]) == .queryOutsideUser(message: 0))
        #expect(
            error([user(.context(Slot("c")), .template("T"), .context(Slot("c")), .template("U"), .query())])
                == .duplicateContext("c"))
        #expect(error([user(.template("T"), .query(maximumBytes: 0))]) == .invalidLimit("maximum_bytes"))
        #expect(error([good], allows: ["a b"]) == .invalidAllowance("a b"))
    }

    @Test("example markers and banks that could not be told apart are refused")
    func exampleRefusals() {
        func with(_ part: Part, _ policy: UnknownExamplePolicy = .fullPrompt) -> SchemaError? {
            error([user(.template("T"), part, .template("U"), .query())], policy: policy)
        }
        let example = Example(input: "a", output: "b")
        #expect(with(block(bank: [example])) == nil)
        #expect(with(block("P", "", "X")) == .emptyMarker("separator"))
        #expect(with(block("", "S", "")) == .emptyMarker("prefix"))
        #expect(with(block("", "S", "X")) == nil)
        #expect(with(block("", "S", "X"), .keep) == .emptyMarker("prefix"))
        #expect(with(block("P", "S", ""), .strip) == .emptyMarker("suffix"))
        #expect(with(block(maximum: 0)) == .invalidLimit("maximum"))
        #expect(with(block(bank: [example, example])) == .duplicateExample(first: 0, second: 1))
        #expect(
            with(block(bank: [Example(input: "a\r\n", output: ""), Example(input: "a\n", output: "")]))
                == .duplicateExample(first: 0, second: 1))
        #expect(with(block(bank: [Example(input: [0xFF], output: [])])) == .invalidExample(row: 0))
        #expect(with(block(bank: [example, Example(input: "aSb", output: "")]), .keep) == .markerInExample(row: 1))
        let turns = ExampleTurns(position: 3, bank: [])
        #expect(error([user(.template("T"), .query())], turns: turns) == .invalidTurnsPosition(3))
        let both = ExampleTurns(position: 0, bank: [])
        #expect(error([user(.template("T"), block(), .template("U"), .query())], turns: both) == .severalExampleParts)
    }

    @Test("every error says what to do and quotes no text")
    func descriptions() {
        let errors: [SchemaError] = [
            .invalidTaskName("SECRET"), .invalidVersion("SECRET"), .noQuery, .secondQuery(message: 0, part: 1),
            .queryOutsideUser(message: 0), .emptyMessage(message: 0), .emptyLiteral(message: 0, part: 0),
            .invalidUTF8(message: 0, part: 0), .adjacentVariables(message: 0, part: 1), .noLiteral,
            .duplicateContext("c"), .severalExampleParts, .emptyMarker("prefix"), .invalidMarker("prefix"),
            .invalidExample(row: 0), .duplicateExample(first: 0, second: 1), .markerInExample(row: 0),
            .invalidTurnsPosition(9), .invalidLimit("maximum"), .invalidAllowance("SECRET"), .emptyQuery,
            .missingContext("c"), .unknownContext("c"), .noExamplePart, .noSuchExample(1),
            .tooManyExamples(maximum: 1), .customExample, .exampleContainsMarker, .noSuchLiteral(1), .keptLiteral(1),
        ]
        for error in errors {
            #expect(error.description.contains("; "), "\(error)")
            #expect(!error.description.contains("SECRET"))
        }
        #expect(Set(errors.map(\.description)).count == errors.count)
    }

    @Test("the fingerprint is a fixed function of what decides recognition")
    func fingerprint() throws {
        let schema = try Fixtures.houseBook()
        #expect(schema.fingerprint == "d4bc88ba997cfd27e04dc37823145fa11a7feecda6f7a02e9317eabdd6007f12")
        #expect(schema.versionName == "formulas@1+\(schema.fingerprint.prefix(12))")
        #expect(try Fixtures.houseBook(id: "other").fingerprint == schema.fingerprint)
        let others = [
            try Fixtures.houseBook(policy: .keep), try Fixtures.houseBook(maximumBytes: 9),
            try Fixtures.houseBook(maximumExamples: 9), try Fixtures.houseBook(normalizeLineEndings: false),
            try Fixtures.singleMessage(), try Fixtures.retrieval(), try Fixtures.turns(),
            try Fixtures.turns(maximum: 2),
        ]
        #expect(Set(others.map(\.fingerprint) + [schema.fingerprint]).count == others.count + 1)
    }

    @Test("where one literal ends and the next begins is part of the fingerprint")
    func boundaries() throws {
        func schema(_ parts: [Part], allows: Set<String> = []) throws -> String {
            try Schema(
                id: "t", messages: [MessagePattern(role: .user, parts: parts + [.query()])], allows: allows
            ).fingerprint
        }
        let fingerprints = [
            try schema([.template("ab"), .template("c")]), try schema([.template("a"), .template("bc")]),
            try schema([.template("abc")]), try schema([.template("abc", keep: true)]),
            try schema([.template("abc")], allows: ["tools"]),
        ]
        #expect(Set(fingerprints).count == fingerprints.count)
    }
}
