import CKernels

/// How a model's matrices are held while it computes; raw values are the names of the command line.
public enum WeightPrecision: String, Sendable, CaseIterable {
    /// Four bytes a weight.
    case float32 = "f32"
    /// Two bytes a weight, rounded to nearest even.
    case bfloat16 = "bf16"
    /// A signed byte a weight and a scale for each 32: 1.06 bytes.
    case int8
    /// Four bits a weight and a scale for each 32: 0.56 bytes.
    case int4

    var format: pi_format {
        switch self {
        case .float32: pi_format_f32
        case .bfloat16: pi_format_bf16
        case .int8: pi_format_int8
        case .int4: pi_format_int4
        }
    }

    /// True when the rows that are multiplied have to be quantized too.
    var quantizesRows: Bool { self == .int8 || self == .int4 }

    /// The precision of the embeddings and the output head: int4 keeps them in int8, where errors weigh most.
    public var ofHead: WeightPrecision { self == .int4 ? .int8 : self }

    /// Bytes of a packed matrix [outputs, inputs].
    func bytes(outputs: Int, inputs: Int) -> Int {
        (outputs + 15) / 16 * panelBytes(inputs: inputs)
    }

    /// Bytes of 16 outputs.
    func panelBytes(inputs: Int) -> Int {
        pi_block_count(inputs) * pi_block_bytes(format)
    }
}
