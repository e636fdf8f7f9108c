import PromptSchema
import TestSupport

/// The schemas that the directed tests share.
enum Fixtures {
    static let template = """
        You translate questions of the Harbour Desk into one spreadsheet formula.
        Rules:
        1. Write the formula only, beginning with '='.
        2. BERTH(x) gives the berth of vessel x; its codes follow.
        Vessel Alma = QX7
        Vessel Bruno = ZK2


        """
    static let tail = "Answer the next question with its formula only."

    static let bank = [
        Example(input: "How long is Alma?", output: "=LEN(QX7)"),
        Example(input: "Where lies Bruno?", output: "=BERTH(ZK2)"),
        Example(input: "Sum of fees in May", output: "=SUM(FEES,5)"),
    ]

    static func block(_ bank: [Example] = bank, maximum: Int? = nil) -> ExampleBlock {
        ExampleBlock(
            prefix: Array("Question: ".utf8), separator: Array("\nFormula: ".utf8), suffix: Array("\n\n".utf8),
            bank: bank, maximum: maximum)
    }

    /// System message: template, examples, tail; user message: the query.
    static func houseBook(
        id: String = "formulas", policy: UnknownExamplePolicy = .fullPrompt, maximumBytes: Int? = nil,
        maximumExamples: Int? = nil, normalizeLineEndings: Bool = true
    ) throws(SchemaError) -> Schema {
        try Schema(
            id: id,
            messages: [
                MessagePattern(
                    role: .system,
                    parts: [.template(template), .examples(block(maximum: maximumExamples)), .template(tail)]),
                MessagePattern(role: .user, parts: [.query(maximumBytes: maximumBytes)]),
            ],
            unknownExamples: policy, normalizeLineEndings: normalizeLineEndings)
    }

    /// One user message: template, examples, a marker, the query, a closing literal.
    static func singleMessage(policy: UnknownExamplePolicy = .fullPrompt) throws(SchemaError) -> Schema {
        try Schema(
            id: "single",
            messages: [
                MessagePattern(
                    role: .user,
                    parts: [
                        .template("Translate to a formula.\n\n"), .examples(block()), .template("Now:\n"), .query(),
                        .template("\nFormula:"),
                    ])
            ],
            unknownExamples: policy)
    }

    /// A context, a guardrail that stays, and a query between literals.
    static func retrieval() throws(SchemaError) -> Schema {
        try Schema(
            id: "retrieval",
            messages: [
                MessagePattern(
                    role: .system,
                    parts: [.template("Answer from the notes.\n"), .template("Never give legal advice.\n", keep: true)]),
                MessagePattern(
                    role: .user,
                    parts: [
                        .template("Notes:\n"), .context(Slot("notes", maximumBytes: 400)), .template("\nQuestion: "),
                        .query(maximumBytes: 200),
                    ]),
            ])
    }

    /// Examples as user/assistant turns between the system message and the query.
    static func turns(policy: UnknownExamplePolicy = .fullPrompt, maximum: Int? = nil) throws(SchemaError) -> Schema {
        try Schema(
            id: "turns",
            messages: [
                MessagePattern(role: .system, parts: [.template("You write formulas for the Harbour Desk.")]),
                MessagePattern(role: .user, parts: [.template("Q: "), .query()]),
            ],
            exampleTurns: ExampleTurns(position: 1, userPrefix: Array("Q: ".utf8), bank: bank, maximum: maximum),
            unknownExamples: policy)
    }

    static func system(_ text: String) -> PromptMessage { PromptMessage(role: .system, text: text) }
    static func user(_ text: String) -> PromptMessage { PromptMessage(role: .user, text: text) }
    static func assistant(_ text: String) -> PromptMessage { PromptMessage(role: .assistant, text: text) }

    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
}

extension Recognition {
    var prompt: RecognizedPrompt? {
        if case .task(let prompt) = self { prompt } else { nil }
    }

    var reason: UnknownReason? {
        if case .unknown(let reason) = self { reason } else { nil }
    }
}

extension SeededRandom {
    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &self)]
    }

    mutating func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &self) < probability }
}
