import Randomness

/// The tokens that a draw is made from, with their weights.
///
/// Sources: top-p: Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020, section 3.1; top-k: Fan et
/// al., "Hierarchical Neural Story Generation", 2018, section 5.4; min-p: Nguyen et al., "Turning Up the Heat", 2024.
struct Nucleus: Sendable {
    private let temperature: Float
    private let topK: Int
    private let topP: Float
    private let minP: Float
    private(set) var candidates: [(token: Int32, weight: Float)] = []

    init(_ options: GenerationOptions) {
        temperature = options.temperature
        topK = options.topK
        topP = options.topP
        minP = options.minP
    }

    /// Whether anything is drawn at all; otherwise the likeliest token is taken.
    var samples: Bool { temperature > 0 && topP > 0 && topK != 1 }

    /// Draws a token; `best` is the likeliest one's offset.
    mutating func draw(_ logits: ArraySlice<Float>, best: Int, random: inout SplitMix64) -> Int32 {
        var rest = Self.uniform(&random) * collect(logits, best: best)
        for candidate in candidates {
            rest -= candidate.weight
            if rest < 0 { return candidate.token }
        }
        return candidates.last { $0.weight > 0 }?.token ?? Int32(best)
    }

    /// From 0 to below 1, with 24 random bits.
    private static func uniform(_ random: inout SplitMix64) -> Float {
        Float(random.next() >> 40) * 0x1p-24
    }

    /// Fills `candidates` with the tokens that may be drawn and weights relative to the likeliest; returns their sum.
    mutating func collect(_ logits: ArraySlice<Float>, best: Int) -> Float {
        let highest = logits[logits.startIndex + best]
        candidates.removeAll(keepingCapacity: true)
        var total: Float = 0
        for (token, logit) in logits.enumerated() {
            let weight = Exponential.of((logit - highest) / temperature)
            guard weight > 0 else { continue }
            total += weight
            candidates.append((Int32(token), weight))
        }
        if topK > 0, topK < candidates.count { total = keepTopK() }
        if topP < 1 { total = keepTopP(of: total) }
        if minP > 0 { total = keep(from: minP) }
        return total
    }

    private mutating func keep(from least: Float) -> Float {
        candidates.removeAll { $0.weight < least }
        return candidates.reduce(0) { $0 + $1.weight }
    }

    /// Keeps the `topK` likeliest candidates and those that tie with the last.
    private mutating func keepTopK() -> Float {
        var heaviest: [Float] = []
        for candidate in candidates {
            if heaviest.count == topK, candidate.weight <= heaviest[0] { continue }
            Heap.push(candidate.weight, onto: &heaviest)
            if heaviest.count > topK { Heap.pop(from: &heaviest) }
        }
        return keep(from: heaviest[0])
    }

    /// Keeps the fewest likeliest candidates whose share reaches top-p; returns their weight.
    private mutating func keepTopP(of total: Float) -> Float {
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
}

/// A binary heap with the smallest value first.
private enum Heap {
    static func push(_ value: Float, onto heap: inout [Float]) {
        heap.append(value)
        var at = heap.count - 1
        while at > 0, heap[at] < heap[(at - 1) / 2] {
            heap.swapAt(at, (at - 1) / 2)
            at = (at - 1) / 2
        }
    }

    static func pop(from heap: inout [Float]) {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var at = 0
        while true {
            var least = at
            for child in [2 * at + 1, 2 * at + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            if least == at { return }
            heap.swapAt(at, least)
            at = least
        }
    }
}
