/// A worked example: what was asked and what was answered.
public struct Example: Sendable, Hashable {
    /// The example's question, as UTF-8.
    public var input: [UInt8]
    /// The example's answer, as UTF-8.
    public var output: [UInt8]

    /// An example with the given bytes.
    public init(input: [UInt8], output: [UInt8]) {
        self.input = input
        self.output = output
    }

    /// An example with the UTF-8 of the given strings.
    public init(input: String, output: String) {
        self.init(input: Array(input.utf8), output: Array(output.utf8))
    }
}

/// What happens to an example that the bank does not hold.
public enum UnknownExamplePolicy: String, Sendable, Hashable, CaseIterable {
    /// The request is not recognized: it goes in full. The default.
    case fullPrompt = "full_prompt"
    /// The unknown example stays in the stripped prompt, byte for byte.
    case keep
    /// The unknown example is removed like a known one.
    case strip
}

/// Examples inside a message: zero or more blocks `prefix input separator output suffix`.
public struct ExampleBlock: Sendable, Hashable {
    /// The bytes before each input.
    public var prefix: [UInt8]
    /// The bytes between an input and its output; never empty.
    public var separator: [UInt8]
    /// The bytes after each output.
    public var suffix: [UInt8]
    /// The known examples; an example's index in this array is its number in a `Segment`.
    public var bank: [Example]
    /// The largest number of blocks in one request, or `nil` for no limit.
    public var maximum: Int?

    /// A block with the given markers and bank.
    public init(prefix: [UInt8], separator: [UInt8], suffix: [UInt8], bank: [Example], maximum: Int? = nil) {
        self.prefix = prefix
        self.separator = separator
        self.suffix = suffix
        self.bank = bank
        self.maximum = maximum
    }

    /// The bytes of one example inside a message.
    public func render(_ example: Example) -> [UInt8] {
        prefix + example.input + separator + example.output + suffix
    }
}

/// Examples as turns: zero or more user/assistant pairs that stand between two message patterns.
public struct ExampleTurns: Sendable, Hashable {
    /// How many message patterns stand before the turns.
    public var position: Int
    /// The bytes around each input in its user message.
    public var userPrefix: [UInt8], userSuffix: [UInt8]
    /// The bytes around each output in its assistant message.
    public var assistantPrefix: [UInt8], assistantSuffix: [UInt8]
    /// The known examples; an example's index in this array is its number in a `Segment`.
    public var bank: [Example]
    /// The largest number of pairs in one request, or `nil` for no limit.
    public var maximum: Int?

    /// Turns after the first `position` message patterns.
    public init(
        position: Int, userPrefix: [UInt8] = [], userSuffix: [UInt8] = [], assistantPrefix: [UInt8] = [],
        assistantSuffix: [UInt8] = [], bank: [Example], maximum: Int? = nil
    ) {
        self.position = position
        self.userPrefix = userPrefix
        self.userSuffix = userSuffix
        self.assistantPrefix = assistantPrefix
        self.assistantSuffix = assistantSuffix
        self.bank = bank
        self.maximum = maximum
    }

    /// The user and the assistant message of one example.
    public func render(_ example: Example) -> [PromptMessage] {
        [
            PromptMessage(role: .user, text: userPrefix + example.input + userSuffix),
            PromptMessage(role: .assistant, text: assistantPrefix + example.output + assistantSuffix),
        ]
    }
}
