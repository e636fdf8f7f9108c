/// Which tokens a sequence has had, as the penalties count them.
struct TokenHistory: Sendable {
    private var prompt: Set<Int32> = []
    private var counts: [Int32: Int] = [:]
    private let repetition: Float
    private let presence: Float
    private let frequency: Float

    init(_ options: GenerationOptions, prompt: some Sequence<Int32>) {
        repetition = options.repetitionPenalty
        presence = options.presencePenalty
        frequency = options.frequencyPenalty
        if repetition != 1 { self.prompt = Set(prompt) }
    }

    /// Whether any penalty changes anything.
    var isActive: Bool { repetition != 1 || presence != 0 || frequency != 0 }

    mutating func append(_ token: Int32) {
        guard isActive else { return }
        counts[token, default: 0] += 1
    }

    /// Repetition over prompt and answer first (Keskar et al., "CTRL", 2019, section 4.1, with the sign rule of
    /// transformers' RepetitionPenaltyLogitsProcessor), then frequency and presence over the answer (OpenAI's formula).
    func penalize(_ logits: inout [Float]) {
        if repetition != 1 {
            for token in prompt where counts[token] == nil { repeatPenalty(&logits[Int(token)]) }
            for token in counts.keys { repeatPenalty(&logits[Int(token)]) }
        }
        guard presence != 0 || frequency != 0 else { return }
        for (token, count) in counts { logits[Int(token)] -= Float(count) * frequency + presence }
    }

    private func repeatPenalty(_ logit: inout Float) {
        logit = logit < 0 ? logit * repetition : logit / repetition
    }
}
