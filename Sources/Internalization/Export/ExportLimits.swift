/// What a tool accepts, as its documentation says; whatever is nil has no limit.
public struct ExportLimits: Sendable, Equatable {
    /// Fewest rows of a training file.
    public var minimumRows = 1
    /// Most rows of a training file.
    public var maximumRows: Int?
    /// Most tokens of a row, label included.
    public var maximumTokens: Int?
    /// Most bytes of a file.
    public var maximumBytes: Int?
    /// Most epochs of a job.
    public var maximumEpochs: Int?
    /// Whether, after a system message, user and assistant have to take turns, beginning with the user.
    public var needsTurns = true

    /// No limits but the turns.
    public init() {}

    /// The limits of a target.
    ///
    /// OpenAI: "Supervised fine-tuning" guide (10 examples, 65,536 tokens an example for the gpt-4o and gpt-4.1 families)
    /// and Files reference (512 MB). Bedrock: "Prepare data for fine-tuning" (Claude 3 Haiku: 32 to 10,000 records of 32,000
    /// tokens; Llama 3.1: 10,000 records of 16,000 tokens) and "Fine-tuning Amazon Nova models" (8 to 20,000 samples of
    /// 32,000 tokens, 1 to 5 epochs).
    public init(_ target: ExportTarget, family: BedrockFamily) {
        switch (target, family) {
        case (.openai, _):
            minimumRows = 10
            maximumTokens = 65_536
            maximumBytes = 512_000_000
            needsTurns = false
        case (.bedrock, .nova):
            minimumRows = 8
            maximumRows = 20_000
            maximumTokens = 32_000
            maximumBytes = 1_000_000_000
            maximumEpochs = 5
        case (.bedrock, .claude):
            minimumRows = 32
            maximumRows = 10_000
            maximumTokens = 32_000
            maximumBytes = 10_000_000_000
            maximumEpochs = 10
        case (.bedrock, .text):
            maximumRows = 10_000
            maximumTokens = 16_000
            maximumBytes = 1_000_000_000
            maximumEpochs = 10
        case (.peft, _), (.trl, _):
            needsTurns = false
        case (.llamaFactory, _), (.axolotl, _): break
        }
    }
}
