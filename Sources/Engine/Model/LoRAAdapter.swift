/// A low-rank addition to chosen linear layers: y = W x + scale * B (A x) (Hu et al., "LoRA", 2021, section 4.1).
public struct LoRAAdapter: Sendable {
    /// What PEFT's `adapter_config.json` says.
    public struct Config: Sendable, Equatable {
        /// Inner width r.
        public var rank: Int
        /// Numerator of the scale.
        public var alpha: Float
        /// Share of the adapter's inputs set to zero in training.
        public var dropout: Float
        /// The linear layers that have an adapter, in every decoder layer but for `exceptions`.
        public var targets: [Projection]
        /// True: scale = alpha / sqrt(rank) (rsLoRA); false: alpha / rank.
        public var rankStabilized: Bool
        /// Modules of `targets` with another rank or alpha than the general ones, or (nil) without an adapter.
        public private(set) var exceptions: [Module: Size?] = [:]

        /// Describes an adapter; all linear layers by default.
        public init(
            rank: Int, alpha: Float, dropout: Float = 0, targets: [Projection] = Projection.allCases,
            rankStabilized: Bool = false
        ) {
            self.rank = rank
            self.alpha = alpha
            self.dropout = dropout
            self.targets = targets
            self.rankStabilized = rankStabilized
        }

        /// The factor of the low-rank term where nothing is excepted.
        public var scale: Float { scale(Size(rank: rank, alpha: alpha)) }

        /// Rank and alpha of a linear layer; nil where it has no adapter.
        public func size(layer: Int, _ projection: Projection) -> Size? {
            guard targets.contains(projection) else { return nil }
            return exceptions[Module(layer: layer, projection: projection)] ?? Size(rank: rank, alpha: alpha)
        }

        /// The factor of a low-rank term of this size.
        func scale(_ size: Size) -> Float {
            rankStabilized ? size.alpha / Float(size.rank).squareRoot() : size.alpha / Float(size.rank)
        }

        /// Adapts exactly these modules of a model of so many layers.
        mutating func setSizes(_ sizes: [Module: Size], layers: Int) {
            targets = Projection.allCases.filter { projection in sizes.keys.contains { $0.projection == projection } }
            exceptions = [:]
            for layer in 0..<layers {
                for projection in targets {
                    let module = Module(layer: layer, projection: projection)
                    let size = sizes[module]
                    if size != Size(rank: rank, alpha: alpha) { exceptions.updateValue(size, forKey: module) }
                }
            }
        }
    }

    /// A linear layer of a decoder layer.
    public struct Module: Sendable, Hashable {
        /// The decoder layer, from 0.
        public let layer: Int
        /// The linear layer in it.
        public let projection: Projection
    }

    /// The size of one layer's adapter.
    public struct Size: Sendable, Equatable {
        /// Inner width r.
        public let rank: Int
        /// Numerator of the scale.
        public let alpha: Float
    }

    /// One adapted layer: A is [rank, inputs], B is [outputs, rank], both ranges of the flat buffer.
    public struct Pair: Sendable, Equatable {
        /// Place of A.
        public let down: Range<Int>
        /// Place of B.
        public let up: Range<Int>
        /// Inner width r of this layer.
        public let rank: Int
        /// The factor of this layer's low-rank term.
        public let scale: Float
    }

    /// What the adapter adapts.
    public let config: Config
    /// The model shape it fits.
    public let model: ModelConfig
    /// All A and B matrices in one flat buffer: layer by layer, in `Projection` order, A before B.
    public var values: [Float]
    let pairs: [Pair?]

    /// A zero adapter for a model of this shape.
    public init(config: Config, model: ModelConfig) {
        self.config = config
        self.model = model
        var next = 0
        var pairs: [Pair?] = []
        for layer in 0..<model.layerCount {
            for projection in Projection.allCases {
                guard let size = config.size(layer: layer, projection) else {
                    pairs.append(nil)
                    continue
                }
                let shape = projection.shape(in: model)
                let down = next..<next + size.rank * shape.inputs
                let up = down.upperBound..<down.upperBound + shape.outputs * size.rank
                pairs.append(Pair(down: down, up: up, rank: size.rank, scale: config.scale(size)))
                next = up.upperBound
            }
        }
        self.pairs = pairs
        values = [Float](repeating: 0, count: next)
    }

    /// The matrices that adapt a layer, nil where there are none.
    public func pair(layer: Int, _ projection: Projection) -> Pair? {
        pairs[layer * Projection.allCases.count + projection.offset]
    }
}
