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

    /// The limits of a target.
    public init(_ target: ExportTarget, family: BedrockFamily) {
        switch target {
        case .openai: self = Self.openai
        case .bedrock: self = Self.bedrock[family] ?? Self()
        case .peft, .trl: self = Self(needsTurns: false)
        case .llamaFactory, .axolotl: self = Self()
        }
    }

    private init(
        minimumRows: Int = 1, maximumRows: Int? = nil, maximumTokens: Int? = nil, maximumBytes: Int? = nil,
        maximumEpochs: Int? = nil, needsTurns: Bool = true
    ) {
        self.minimumRows = minimumRows
        self.maximumRows = maximumRows
        self.maximumTokens = maximumTokens
        self.maximumBytes = maximumBytes
        self.maximumEpochs = maximumEpochs
        self.needsTurns = needsTurns
    }

    /// "Supervised fine-tuning" guide (10 examples; 65,536 tokens a training example of gpt-4o and gpt-4o-mini, which
    /// the model tables of Azure OpenAI repeat) and Files reference (512 MB).
    private static let openai = Self(
        minimumRows: 10, maximumTokens: 65_536, maximumBytes: 512_000_000, needsTurns: false)

    /// Amazon Bedrock's user guide, "Prepare data for fine-tuning", and Amazon Nova's, "Selecting hyperparameters" (1
    /// to 5 epochs). Row counts are default quotas of an account and can be raised there.
    private static let bedrock: [BedrockFamily: Self] = [
        .nova: Self(
            minimumRows: 8, maximumRows: 20_000, maximumTokens: 32_000, maximumBytes: 1_000_000_000, maximumEpochs: 5),
        .claude: Self(
            minimumRows: 32, maximumRows: 10_000, maximumTokens: 32_000, maximumBytes: 10_000_000_000,
            maximumEpochs: 10),
        .text: Self(
            maximumRows: 10_000, maximumTokens: 16_000, maximumBytes: 1_000_000_000, maximumEpochs: 10),
    ]
}
