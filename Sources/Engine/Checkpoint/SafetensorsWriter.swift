/// How parameters are stored.
public enum CheckpointPrecision: String, Sendable, CaseIterable {
    case float32
    case bfloat16

    /// The safetensors element type.
    public var tensorType: TensorType { self == .float32 ? .float32 : .bfloat16 }
}

/// Writes safetensors files atomically: a reader sees the old file or the whole new one.
public enum SafetensorsWriter {
    /// One tensor to write: its values may be a slice of a larger buffer.
    public struct Tensor: Sendable {
        /// The name in the header.
        public var name: String
        /// The dimensions; their product is the number of values.
        public var shape: [Int]
        /// The values, row-major.
        public var values: ArraySlice<Float>

        /// Names and shapes some values.
        public init(name: String, shape: [Int], values: ArraySlice<Float>) {
            precondition(shape.reduce(1, *) == values.count, "a tensor's shape does not fit its values")
            self.name = name
            self.shape = shape
            self.values = values
        }
    }

    /// Writes the tensors in the given order; bfloat16 rounds to nearest even.
    public static func write(
        _ tensors: [Tensor], precision: CheckpointPrecision, metadata: [String: String] = [:], to path: String
    ) throws(EngineError) {
        var file = try AtomicFile(path: path)
        let header = headerBytes(tensors, type: precision.tensorType, metadata: metadata)
        let length = UInt64(header.count)
        try file.write((0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + header)
        for tensor in tensors {
            switch precision {
            case .float32: try file.write(tensor.values.span)
            case .bfloat16: try file.write(KernelTable.best.bfloat16(tensor.values.span).span)
            }
        }
        try file.commit()
    }

    private static func headerBytes(_ tensors: [Tensor], type: TensorType, metadata: [String: String]) -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for tensor in tensors {
            let end = offset + tensor.values.count * type.size
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(quoted(tensor.name)):{\"dtype\":\"\(type.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var bytes = Array("{\(members.joined(separator: ","))}".utf8)
        // Tensors start at a multiple of 8, as the format's own writer has it.
        while bytes.count % 8 != 0 { bytes.append(UInt8(ascii: " ")) }
        return bytes
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
