/// A safetensors file open for reading; its header is checked in full before anything else is read or allocated.
public struct SafetensorsFile: ~Copyable {
    /// What the file holds.
    public let header: SafetensorsHeader
    private let file: InputFile

    /// Opens a file and checks its header.
    ///
    /// - Throws: `EngineError.unreadable`, `.malformed` (which tensor or header byte, and why) or `.unsupported`
    ///   (an element type other than F32, F16, BF16).
    public init(path: String) throws(EngineError) {
        let file = try InputFile(path: path)
        guard file.size >= 8 else {
            throw .malformed(
                file: path, at: "byte \(file.size)", reason: "the file is shorter than its 8-byte header length")
        }
        let length = try file.bytes(0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(SafetensorsHeader.maximumBytes) else {
            throw .malformed(
                file: path, at: "header length",
                reason: "\(length) bytes are more than the limit of \(SafetensorsHeader.maximumBytes)")
        }
        guard Int(length) <= file.size - 8 else {
            throw .malformed(
                file: path, at: "header length", reason: "\(length) bytes do not fit a file of \(file.size) bytes")
        }
        header = try SafetensorsHeader(
            json: try file.bytes(8..<8 + Int(length)), fileSize: file.size, path: path)
        self.file = file
    }

    /// The path it was opened with.
    public var path: String { file.path }

    /// Reads a tensor of this file, widened to float32, into `values` from `index` on.
    public func read(
        _ tensor: SafetensorsHeader.Tensor, into values: inout [Float], at index: Int = 0
    ) throws(EngineError) {
        switch tensor.type {
        case .float32:
            try file.read(from: tensor.range.lowerBound, into: &values, at: index, count: tensor.count)
        case .float16, .bfloat16:
            let chunk = 1 << 18
            var bits = [UInt16](repeating: 0, count: min(chunk, tensor.count))
            var done = 0
            while done < tensor.count {
                let count = min(chunk, tensor.count - done)
                if count < bits.count { bits.removeLast(bits.count - count) }
                try file.read(from: tensor.range.lowerBound + done * 2, into: &bits, at: 0, count: count)
                let widened =
                    tensor.type == .bfloat16
                    ? KernelTable.best.widen(bfloat16: bits) : KernelTable.best.widen(float16: bits)
                values.replaceSubrange(index + done..<index + done + count, with: widened)
                done += count
            }
        }
    }

    /// The values of the tensor with this name, widened to float32.
    ///
    /// - Throws: `EngineError.malformed` when the file has no such tensor.
    public func values(of name: String) throws(EngineError) -> [Float] {
        guard let tensor = header.tensors[name] else {
            throw .malformed(file: path, at: "tensor \(name.debugDescription)", reason: "it is missing")
        }
        var values = [Float](repeating: 0, count: tensor.count)
        try read(tensor, into: &values)
        return values
    }
}
