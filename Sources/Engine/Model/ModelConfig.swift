/// The shape of a decoder model of one of the families of `ModelFamily`, with the meaning of Hugging Face's
/// `config.json`.
public struct ModelConfig: Sendable, Equatable {
    /// The architecture, which fixes the checkpoint's names and defaults.
    public var family: ModelFamily
    /// Number of token ids.
    public var vocabularySize: Int
    /// Width of the residual stream.
    public var hiddenSize: Int
    /// Width of the feed-forward layer.
    public var intermediateSize: Int
    /// Number of decoder layers.
    public var layerCount: Int
    /// Number of query heads.
    public var headCount: Int
    /// Number of key/value heads; divides `headCount` (grouped-query attention).
    public var keyValueHeadCount: Int
    /// Width of one head; even.
    public var headSize: Int
    /// Longest sequence, in tokens.
    public var maximumPositions: Int
    /// Added to the mean square in RMSNorm.
    public var normEpsilon: Float
    /// Base of the rotary frequencies.
    public var ropeTheta: Float
    /// True when the output head is the embedding matrix.
    public var tiesEmbeddings: Bool
    /// How the rotary frequencies are stretched.
    public var ropeScaling: RotaryScaling
    /// What a decoder layer computes: activation, biases, norms of heads, windows.
    public var block: DecoderBlock
    /// Token ids that end an answer.
    public var endTokens: [Int32]

    /// Describes a model; use `validate()` before trusting values from a file.
    public init(
        vocabularySize: Int, hiddenSize: Int, intermediateSize: Int, layerCount: Int, headCount: Int,
        keyValueHeadCount: Int, headSize: Int, maximumPositions: Int, normEpsilon: Float = 1e-5,
        ropeTheta: Float = 10_000, tiesEmbeddings: Bool = true, endTokens: [Int32] = [],
        family: ModelFamily = .llama, ropeScaling: RotaryScaling = .none, block: DecoderBlock = DecoderBlock()
    ) {
        self.family = family
        self.ropeScaling = ropeScaling
        self.block = block
        self.vocabularySize = vocabularySize
        self.hiddenSize = hiddenSize
        self.intermediateSize = intermediateSize
        self.layerCount = layerCount
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headSize = headSize
        self.maximumPositions = maximumPositions
        self.normEpsilon = normEpsilon
        self.ropeTheta = ropeTheta
        self.tiesEmbeddings = tiesEmbeddings
        self.endTokens = endTokens
    }

    /// What a token's embedding is multiplied by on entering the first layer; the head uses the matrix as it is.
    public var embeddingScale: Float {
        family == .gemma ? Float(Double(hiddenSize).squareRoot()) : 1
    }
    /// Width of all query heads together.
    public var queryWidth: Int { headCount * headSize }
    /// Width of all key (or value) heads together.
    public var keyValueWidth: Int { keyValueHeadCount * headSize }
}
