/// A vector in pieces of eight, so that a dot product is a few vector instructions.
struct UnitVector: Sendable {
    private let pieces: [SIMD8<Float>]

    /// The values, filled up with zeros.
    init(_ values: [Float]) {
        pieces = stride(from: 0, to: values.count, by: 8).map { start in
            var piece = SIMD8<Float>.zero
            for lane in 0..<min(8, values.count - start) { piece[lane] = values[start + lane] }
            return piece
        }
    }

    /// The dot product with a vector of the same width: the cosine, for vectors of length 1.
    func dot(_ other: UnitVector) -> Float {
        var sums = SIMD8<Float>.zero
        for (left, right) in zip(pieces, other.pieces) { sums += left * right }
        return sums.sum()
    }
}
