/// Whose files an export writes.
public enum ExportTarget: String, Sendable, Codable, CaseIterable {
    /// OpenAI's fine-tuning: chat JSON lines.
    case openai
    /// The trainer in `integrations/peft`: the plan of every optimizer step beside the texts.
    case peft
    /// TRL's supervised fine-tuning, through `integrations/trl`.
    case trl
    /// LLaMA-Factory: `dataset_info.json` and a YAML file a stage.
    case llamaFactory = "llama-factory"
    /// Axolotl: a YAML file a stage.
    case axolotl
    /// Amazon Bedrock's model customization: JSON lines, and a job description a stage.
    case bedrock

    /// Whether the tool's settings take LoRA's alpha as a whole number only; PEFT itself takes any, and providers
    /// choose it.
    public var needsWholeAlpha: Bool { self == .trl || self == .llamaFactory || self == .axolotl }

    /// Whether the tool counts steps, so that every arm can take equally many; the others count whole epochs.
    public var countsSteps: Bool { self != .openai && self != .bedrock }
}

/// Which of Amazon Bedrock's record shapes the model to be customized wants.
public enum BedrockFamily: String, Sendable, Codable, CaseIterable {
    /// Amazon Nova: `bedrock-conversation-2024` records.
    case nova
    /// Claude 3 Haiku: `system` and `messages` records.
    case claude
    /// Llama and Titan text models: `prompt` and `completion` records of a single turn.
    case text
}
