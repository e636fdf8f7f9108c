import Ledger
import PromptSchema
public import Tokenization

/// Counts a prompt's tokens as a model reads them, chat template included, by segment kind.
public struct PromptCounter: Sendable {
    /// The tokenizer.
    public let tokenizer: Tokenizer
    private let template: ChatTemplate

    /// A counter for the model with this tokenizer and template.
    public init(tokenizer: Tokenizer, template: ChatTemplate) {
        self.tokenizer = tokenizer
        self.template = template
    }

    /// The tokens of the prompt, ready for the answer; the kinds' sum is exactly what the model processes.
    ///
    /// A prompt that the model's template does not take is estimated: no model will process it.
    ///
    /// - Parameter pieces: the messages with the stretches of each; what no stretch covers counts as `other`.
    func count(_ pieces: [CountedMessage]) -> SegmentTokens {
        guard
            let prompt = try? template.encode(
                messages: pieces.map { ($0.role.rawValue, $0.text) }, addGenerationPrompt: true)
        else { return Self.estimate(pieces) }
        var tokens = SegmentTokens.zero
        for (index, piece) in pieces.enumerated() {
            let spans = prompt.segmentSpans(ofMessage: index, ranges: piece.stretches.map(\.range))
            for (stretch, span) in zip(piece.stretches, spans) { tokens[stretch.kind] += span.count }
        }
        tokens.other = prompt.ids.count - tokens.total
        return tokens
    }

    /// An estimate without a tokenizer for a prompt of which nothing is recognized: a token for every four bytes.
    static func estimate(bytes: Int) -> SegmentTokens {
        SegmentTokens(other: (bytes + 3) / 4)
    }

    /// An estimate without a tokenizer: a token for every four bytes, rounded up, by segment kind.
    static func estimate(_ pieces: [CountedMessage]) -> SegmentTokens {
        var bytes = SegmentTokens.zero
        for piece in pieces {
            var rest = piece.text.count
            for stretch in piece.stretches {
                bytes[stretch.kind] += stretch.range.count
                rest -= stretch.range.count
            }
            bytes.other += max(0, rest)
        }
        var tokens = SegmentTokens.zero
        for kind in Ledger.SegmentKind.allCases { tokens[kind] = (bytes[kind] + 3) / 4 }
        return tokens
    }
}

/// A message with the stretches that its tokens are counted by.
struct CountedMessage: Sendable, Equatable {
    struct Stretch: Sendable, Equatable {
        let kind: Ledger.SegmentKind
        let range: Range<Int>
    }

    let role: Role
    let text: [UInt8]
    var stretches: [Stretch] = []
}

extension Ledger.SegmentKind {
    init(_ kind: PromptSchema.SegmentKind) {
        self =
            switch kind {
            case .template: .template
            case .examples: .examples
            case .context: .context
            case .query: .query
            }
    }
}
