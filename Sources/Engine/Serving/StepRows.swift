import CKernels

/// The rows of a step: which sequence each belongs to, and the pieces that attention is cut into.
@safe struct StepRows {
    /// One sequence's rows.
    @safe struct Sequence {
        let rows: Range<Int>
        /// Position of the first row.
        let start: Int
        let blocks: [UnsafeRawPointer?]
    }

    /// Attention of consecutive rows of a sequence for the query heads of one key/value head.
    struct Piece {
        let sequence: Int
        let head: Int
        let rows: Range<Int>
    }

    let tokens: [Int32]
    let positions: [Int32]
    /// One more than the largest of them.
    let positionCount: Int
    let sequences: [Sequence]
    /// The sequence of each row.
    let owners: [Int]
    /// Rows whose final hidden states are wanted.
    let wanted: [Int]
    let pieces: [Piece]
    /// The pieces for the wanted rows only.
    let wantedPieces: [Piece]

    /// The rows of adapters, among all and among the wanted.
    let adapters: AdapterRows
    let wantedAdapters: AdapterRows

    var count: Int { tokens.count }

    /// Lays the sequences' rows one below the other; their caches must have room for them.
    init(_ steps: [SequenceStep], config: ModelConfig) {
        var tokens: [Int32] = [], positions: [Int32] = [], sequences: [Sequence] = [], owners: [Int] = []
        var wanted: [Int] = [], pieces: [Piece] = [], wantedPieces: [Piece] = []
        for (number, step) in steps.enumerated() {
            let rows = tokens.count..<tokens.count + step.tokens.count
            let start = step.cache.count
            unsafe sequences.append(
                Sequence(
                    rows: rows, start: start, blocks: step.cache.blocks.map { unsafe UnsafeRawPointer($0.layer(0)) }))
            tokens += step.tokens
            positions += (start..<start + rows.count).map { Int32($0) }
            owners += repeatElement(number, count: rows.count)
            let own = step.wantedRows(from: rows.lowerBound)
            wanted += own
            pieces += Self.cut(rows, of: number, config: config)
            wantedPieces += Self.cut(own, of: number, config: config)
        }
        self.tokens = tokens
        self.positions = positions
        positionCount = Int(positions.max() ?? -1) + 1
        self.sequences = sequences
        self.owners = owners
        self.wanted = wanted
        adapters = AdapterRows(owners, steps: steps)
        wantedAdapters = AdapterRows(wanted.map { owners[$0] }, steps: steps)
        // The last rows see the most positions: they come first, so that no thread is left with them at the end.
        self.pieces = pieces.reversed()
        self.wantedPieces = wantedPieces.reversed()
    }

    private static func cut(_ rows: Range<Int>, of sequence: Int, config: ModelConfig) -> [Piece] {
        let share = max(1, 96 / max(1, config.headCount / config.keyValueHeadCount))
        return stride(from: rows.lowerBound, to: rows.upperBound, by: share).flatMap { first in
            (0..<config.keyValueHeadCount).map {
                Piece(sequence: sequence, head: $0, rows: first..<min(first + share, rows.upperBound))
            }
        }
    }
}
