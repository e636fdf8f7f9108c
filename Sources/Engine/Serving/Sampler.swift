import Foundation

/// Chooses the next token from logits: the likeliest at temperature 0, else nucleus sampling with a seeded generator.
///
/// Source: Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020, section 3.1.
public struct Sampler: Sendable {
    private let temperature: Float
    private let topP: Float
    private var state: UInt64
    private var candidates: [(token: Int32, weight: Float)] = []

    /// A sampler with the options' temperature, top-p and seed.
    public init(_ options: GenerationOptions) {
        temperature = options.temperature
        topP = options.topP
        state = options.seed
    }

    /// The next token; ties go to the smaller id.
    public mutating func next(_ logits: [Float]) -> Int32 {
        let best = KernelTable.best.argmax(logits[...])
        guard temperature > 0, topP > 0 else { return Int32(best) }
        let highest = logits[best]
        candidates.removeAll(keepingCapacity: true)
        var total: Float = 0
        for (token, logit) in logits.enumerated() {
            let weight = exp((logit - highest) / temperature)
            total += weight
            candidates.append((Int32(token), weight))
        }
        if topP < 1 { total = keepNucleus(of: total) }
        var rest = uniform() * total
        for candidate in candidates {
            rest -= candidate.weight
            if rest < 0 { return candidate.token }
        }
        return candidates.last { $0.weight > 0 }?.token ?? Int32(best)
    }

    /// Keeps the fewest likeliest candidates whose share reaches top-p; returns their weight.
    private mutating func keepNucleus(of total: Float) -> Float {
        // A token lighter than this cannot be in the nucleus, unless it is the likeliest: with it as lightest, all
        // others together would already have more than top-p.
        let floor = (1 - topP) / Float(max(candidates.count - 1, 1)) * total
        candidates.removeAll { $0.weight < floor && $0.weight < 1 }
        candidates.sort { ($1.weight, $0.token) < ($0.weight, $1.token) }
        var kept: Float = 0
        for (index, candidate) in candidates.enumerated() {
            kept += candidate.weight
            if kept >= topP * total {
                candidates.removeLast(candidates.count - index - 1)
                break
            }
        }
        return kept
    }

    /// A number from 0 to below 1 with 24 random bits (SplitMix64; Steele, Lea, Flood, OOPSLA 2014).
    private mutating func uniform() -> Float {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return Float(mixed >> 40) * 0x1p-24
    }
}
