/// What the prompts of one task look like: message patterns of template, examples, context and query.
///
/// A schema is valid by construction. Recognition, stripping and rendering all read the same patterns, so what is
/// stripped is what was trained away.
public struct Schema: Sendable {
    /// The task's name.
    public let id: String
    /// The version its owner gave it.
    public let version: String
    /// The messages of a prompt, in order, without the example turns.
    public let messages: [MessagePattern]
    /// The user/assistant pairs that may stand between two of the messages.
    public let exampleTurns: ExampleTurns?
    /// What happens to an example that the bank does not hold.
    public let unknownExamples: UnknownExamplePolicy
    /// Whether a message's template may come with its line endings all LF or all CRLF instead of as written.
    public let normalizeLineEndings: Bool
    /// Names of the request features (such as `tools`) with which a request may still be stripped.
    public let allows: Set<String>
    /// How the tuned model answers.
    public let answer: AnswerRule
    /// SHA-256, in hexadecimal, over everything that decides what is recognized and what is removed.
    public let fingerprint: String

    let matcher: SchemaMatcher

    /// A schema, or the first rule it breaks.
    public init(
        id: String, version: String = "1", messages: [MessagePattern], exampleTurns: ExampleTurns? = nil,
        unknownExamples: UnknownExamplePolicy = .fullPrompt, normalizeLineEndings: Bool = true,
        allows: Set<String> = [], answer: AnswerRule = AnswerRule()
    ) throws(SchemaError) {
        let validation = SchemaValidation(
            messages: messages, exampleTurns: exampleTurns, unknownExamples: unknownExamples,
            normalizeLineEndings: normalizeLineEndings)
        try validation.check(id: id, version: version, allows: allows)
        self.id = id
        self.version = version
        self.messages = messages
        self.exampleTurns = exampleTurns
        self.unknownExamples = unknownExamples
        self.normalizeLineEndings = normalizeLineEndings
        self.allows = allows
        self.answer = answer
        fingerprint = SchemaFingerprint.hexadecimal(
            messages: messages, exampleTurns: exampleTurns, unknownExamples: unknownExamples,
            normalizeLineEndings: normalizeLineEndings, allows: allows)
        matcher = SchemaMatcher(
            messages: messages, exampleTurns: exampleTurns, policy: unknownExamples,
            normalizeLineEndings: normalizeLineEndings)
    }

    /// The name under which a ledger can find this version again: task, version and the start of the fingerprint.
    public var versionName: String { "\(id)@\(version)+\(fingerprint.prefix(12))" }

    /// The known examples.
    public var bank: [Example] { exampleBlock?.bank ?? exampleTurns?.bank ?? [] }

    /// The examples part, where the schema has one inside a message.
    public var exampleBlock: ExampleBlock? {
        for case .examples(let block) in messages.lazy.flatMap(\.parts) { return block }
        return nil
    }

    /// The names of the context slots, in order.
    public var contextNames: [String] {
        messages.flatMap(\.parts).compactMap { part in
            if case .context(let slot) = part { slot.name } else { nil }
        }
    }
}
