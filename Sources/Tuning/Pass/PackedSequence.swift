/// Several sequences in one row of tokens, so that a step wastes no padding and computes a shared prefix once.
///
/// Tokens `0..<prefix` are seen by every segment; each segment sees the prefix and itself, causally, and no other
/// segment. Positions go on from the prefix in every segment. The gradient equals the sum of the gradients of the
/// sequences `prefix + segment`, each computed alone.
public struct PackedSequence: Sendable, Equatable {
    /// All token ids: the prefix, then the segments one after another.
    public private(set) var tokens: [Int32]
    /// Each token's position in its own sequence.
    public private(set) var positions: [Int32]
    /// The token that each position has to predict.
    public private(set) var targets: [Int32]
    /// Weight of each position's loss; 0 where nothing has to be predicted.
    public private(set) var weights: [Float]
    /// Number of shared tokens at the start.
    public let prefix: Int
    /// Token ranges of the segments, in order, without gaps.
    public private(set) var segments: [Range<Int>] = []

    /// For positions with a teacher, what the teacher predicts there.
    public private(set) var teachers: [Int: TokenDistribution] = [:]
    /// Share of the teacher's part in the loss of such a position: (1 - share) CE + share * KL(teacher || model).
    public var teacherShare: Float = 0
    /// For positions with a guide, log q of every token of the vocabulary: the loss there is KL(model || q), whatever
    /// the target is.
    public private(set) var guides: [Int: [Float]] = [:]

    /// Starts with a shared prefix, whose own tokens have to be predicted with `weight` each (0: not at all).
    public init(prefix tokens: [Int32] = [], weight: Float = 0) {
        self.tokens = tokens
        prefix = tokens.count
        positions = (0..<Int32(tokens.count)).map { $0 }
        targets = Array(tokens.dropFirst()) + (tokens.isEmpty ? [] : [0])
        weights = [Float](repeating: weight, count: max(0, tokens.count - 1)) + (tokens.isEmpty ? [] : [0])
    }

    /// Adds a sequence after the prefix.
    ///
    /// - Parameters:
    ///   - tokens: the segment's ids; not empty.
    ///   - weights: for each token of the segment, the weight of predicting it. The first token of a segment is
    ///     predicted by nothing when several segments share the prefix; its weight is ignored.
    ///   - teachers: for each token of the segment, what a teacher predicted in its place; empty for no teacher.
    ///   - guides: for each token of the segment, log q of every token in its place; empty for no guide.
    public mutating func append(
        _ tokens: [Int32], weights: [Float], teachers: [TokenDistribution?] = [], guides: [[Float]?] = []
    ) {
        precondition(!tokens.isEmpty && tokens.count == weights.count, "a segment needs tokens, and a weight for each")
        let start = self.tokens.count
        self.tokens += tokens
        positions += (0..<tokens.count).map { Int32(prefix + $0) }
        targets += tokens.dropFirst() + [0]
        self.weights += weights.dropFirst() + [0]
        segments.append(start..<start + tokens.count)
        for (index, teacher) in teachers.enumerated().dropFirst() { self.teachers[start + index - 1] = teacher }
        for (index, guide) in guides.enumerated().dropFirst() { self.guides[start + index - 1] = guide }
    }

    /// Number of tokens.
    public var count: Int { tokens.count }

    /// For each segment, whether every position with a weight predicts its target.
    func exactSegments(predictions: [Int32]) -> [Bool] {
        segments.map { segment in
            segment.allSatisfy { weights[$0] == 0 || predictions[$0] == targets[$0] }
        }
    }
}
