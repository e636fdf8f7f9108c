/// The rule that cuts text into words before byte pairs are merged; merges never cross a word's border.
///
/// Each case is one published regular expression, recognised by its exact text and carried out by ``WordScanner``.
public enum SplitPattern: String, CaseIterable, Sendable {
    /// GPT-2's rule: digits in runs of any length, with an optional leading space.
    case gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    /// GPT-2's rule with digits in groups of at most two and never with a leading space.
    case gpt2DigitPairs = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    /// Llama 3's rule: digits in groups of at most three.
    case llama3 =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    /// Qwen 2's rule: Llama 3's with every digit on its own.
    case qwen2 =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    /// The longest run of digits in one word.
    var digitsPerWord: Int {
        switch self {
        case .gpt2: .max
        case .gpt2DigitPairs: 2
        case .llama3: 3
        case .qwen2: 1
        }
    }

    /// Whether a word of digits may start with a space.
    var digitsTakeSpace: Bool { self == .gpt2 }

    /// Whether the rule is of the newer family: contractions in any case, one leading sign before letters, line ends
    /// kept with what stands before them.
    var keepsLineEnds: Bool { self == .llama3 || self == .qwen2 }
}
