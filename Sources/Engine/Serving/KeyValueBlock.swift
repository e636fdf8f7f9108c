// Unchecked sendability: a block's memory is written only by the sequence that alone holds it, before it is shared.

import CKernels

/// The keys and values of 32 consecutive positions in every layer: what caches share and budgets count.
@safe public final class KeyValueBlock: @unchecked Sendable {
    /// Positions in a block.
    public static let positions = 32

    /// What a block of a model looks like.
    struct Shape: Sendable, Equatable {
        let layers: Int
        let heads: Int
        let headSize: Int
        /// True: half precision instead of float32.
        let isHalf: Bool

        init(_ config: ModelConfig, isHalf: Bool) {
            layers = config.layerCount
            heads = config.keyValueHeadCount
            headSize = config.headSize
            self.isHalf = isHalf
        }

        /// Bytes of one layer.
        var layerBytes: Int { pi_cache_block_bytes(heads, headSize, isHalf) }
        /// Bytes of all layers.
        var bytes: Int { layers * layerBytes }
    }

    let shape: Shape
    private let memory: AlignedMemory

    init(_ shape: Shape) {
        self.shape = shape
        memory = AlignedMemory(count: shape.bytes)
    }

    /// A copy of its own.
    func copied() -> KeyValueBlock {
        let copy = KeyValueBlock(shape)
        unsafe copy.memory.base.copyMemory(from: memory.base, byteCount: shape.bytes)
        return copy
    }

    /// The memory of one layer.
    func layer(_ number: Int) -> UnsafeMutableRawPointer {
        unsafe memory.base + number * shape.layerBytes
    }
}
