/// A stretch of text after a chain of normalizers, with the way back to the text before it.
struct NormalizedText {
    /// The text after all steps.
    private(set) var bytes: ArraySlice<UInt8>
    private var rewrites: [TextRewrite] = []
    private let isAtStart: Bool
    let keepsPlaces: Bool

    /// Text that no step has seen yet.
    ///
    /// - Parameter isAtStart: whether the text is the input's beginning.
    init(_ text: ArraySlice<UInt8>, isAtStart: Bool, keepsPlaces: Bool) {
        bytes = text
        self.isAtStart = isAtStart
        self.keepsPlaces = keepsPlaces
    }

    /// Applies the steps, one after the other.
    mutating func apply(_ steps: [Normalizer]) {
        for step in steps {
            guard let rewrite = step.apply(bytes, isAtStart: isAtStart, keepsPlaces: keepsPlaces) else { continue }
            bytes = rewrite.bytes[...]
            if keepsPlaces { rewrites.append(rewrite) }
        }
    }

    /// Where `range`, counted from the beginning of the text, came from in the text before the steps.
    func original(_ range: Range<Int>) -> Range<Int> {
        rewrites.reversed().reduce(range) { $1.original($0) }
    }
}
