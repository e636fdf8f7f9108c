/// What an export needs to know besides the task and the recipe.
public struct ExportSettings: Sendable {
    /// Whose files to write.
    public var target: ExportTarget
    /// Model to start from, as the tool names it.
    public var model: String?
    /// Rows that a device computes at once; the rest of a step's rows is accumulated.
    public var microBatch = 4
    /// The shape of Bedrock's records.
    public var family = BedrockFamily.nova
    /// LLaMA-Factory's name of the chat template; nil takes the tokenizer's own.
    public var chatTemplate: String?
    /// The tool's limits.
    public var limits: ExportLimits

    /// Settings with the target's documented limits.
    public init(target: ExportTarget, family: BedrockFamily = .nova) {
        self.target = target
        self.family = family
        limits = ExportLimits(target, family: family)
    }
}
