/// A token of an answer, with what the model thought of it if the request asked.
public struct GeneratedToken: Sendable, Equatable {
    /// A token and the natural logarithm of its probability under the model, before any penalty, bias or temperature.
    public struct Candidate: Sendable, Equatable {
        /// The token.
        public let id: Int32
        /// ln p.
        public let logprob: Float

        /// Pairs a token with its log probability.
        public init(id: Int32, logprob: Float) {
            self.id = id
            self.logprob = logprob
        }
    }

    /// The token.
    public let id: Int32
    /// ln p of the token; nil unless asked for.
    public let logprob: Float?
    /// The likeliest tokens, the likeliest first; as many as asked for.
    public let top: [Candidate]

    /// A token; without a log probability unless one is given.
    public init(_ id: Int32, logprob: Float? = nil, top: [Candidate] = []) {
        self.id = id
        self.logprob = logprob
        self.top = top
    }

    /// A token as one row of logits sees it.
    ///
    /// - Parameter count: the number of alternatives; nil leaves out the log probability too.
    init(_ id: Int32, logits: ArraySlice<Float>, top count: Int?) {
        guard let count else {
            self.init(id)
            return
        }
        let first = logits.startIndex
        let total = Self.logSum(logits)
        let best = Self.largest(min(count, logits.count), of: logits)
        self.init(
            id, logprob: logits[first + Int(id)] - total,
            top: best.map { Candidate(id: $0, logprob: logits[first + Int($0)] - total) })
    }

    /// ln(sum(exp(logits))), in double precision so that a large vocabulary costs no digits.
    static func logSum(_ logits: ArraySlice<Float>) -> Float {
        let highest = logits[logits.startIndex + KernelTable.best.argmax(logits)]
        var sum = 0.0
        for logit in logits { sum += Double(Exponential.of(logit - highest)) }
        return highest + Float(Exponential.log(sum))
    }

    /// The ids of the `count` largest values in falling order, the smaller id first on a tie.
    static func largest(_ count: Int, of logits: ArraySlice<Float>) -> [Int32] {
        guard count > 0 else { return [] }
        var kept: [Int32] = []
        let first = logits.startIndex
        for (offset, logit) in logits.enumerated() {
            if kept.count == count, !(logit > logits[first + Int(kept[count - 1])]) { continue }
            let place = kept.firstIndex { logits[first + Int($0)] < logit } ?? kept.count
            kept.insert(Int32(offset), at: place)
            if kept.count > count { kept.removeLast() }
        }
        return kept
    }
}
