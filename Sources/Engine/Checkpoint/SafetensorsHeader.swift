/// The element type of a stored tensor, by its safetensors name.
public enum TensorType: String, Sendable, CaseIterable {
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"

    /// Bytes of one element.
    public var size: Int { self == .float32 ? 4 : 2 }
}

/// What a safetensors file says about its tensors, checked in full before any of them is read.
///
/// Format: 8 bytes of header length (little endian), a JSON header, then the tensors' bytes without gaps.
public struct SafetensorsHeader: Sendable {
    /// One tensor: name, element type, shape and the range of its bytes in the file.
    public struct Tensor: Sendable, Equatable {
        /// The name in the header.
        public let name: String
        /// The element type.
        public let type: TensorType
        /// The dimensions; empty for a scalar.
        public let shape: [Int]
        /// The tensor's bytes, as offsets in the file.
        public let range: Range<Int>

        /// Number of elements.
        public var count: Int { range.count / type.size }
    }

    /// Largest header that is read, in bytes.
    public static let maximumBytes = 16 << 20
    /// Most tensors that one file may have.
    public static let maximumTensors = 20_000

    /// The tensors by name.
    public let tensors: [String: Tensor]
    /// The free text pairs under `__metadata__`.
    public let metadata: [String: String]

    /// Reads the header of a file of `fileSize` bytes from the JSON after the length field.
    init(json: [UInt8], fileSize: Int, path: String) throws(EngineError) {
        var scanner = SafetensorsScanner(bytes: json, path: path)
        let raw = try scanner.header()
        let dataStart = 8 + json.count
        var tensors: [String: Tensor] = [:]
        for entry in raw.tensors {
            tensors[entry.name] = try Self.check(entry, dataStart: dataStart, fileSize: fileSize, path: path)
        }
        self.tensors = tensors
        metadata = raw.metadata
        try Self.checkCoverage(tensors.values, dataStart: dataStart, fileSize: fileSize, path: path)
    }

    private static func check(
        _ entry: SafetensorsScanner.Entry, dataStart: Int, fileSize: Int, path: String
    ) throws(EngineError) -> Tensor {
        let place = "tensor \(entry.name.prefix(120).debugDescription)"
        guard let type = TensorType(rawValue: entry.type) else {
            throw .unsupported(
                file: path, what: "\(place) has dtype \(entry.type.prefix(20).debugDescription); store F32, F16 or BF16"
            )
        }
        guard entry.shape.count <= 8 else {
            throw .malformed(file: path, at: place, reason: "it has more than 8 dimensions")
        }
        var bytes = type.size
        for dimension in entry.shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
            guard !overflow else {
                throw .malformed(file: path, at: place, reason: "the size of its shape overflows")
            }
            bytes = product
        }
        let dataSize = fileSize - dataStart
        guard entry.begin <= entry.end, entry.end <= dataSize else {
            throw .malformed(
                file: path, at: place,
                reason: "its data_offsets [\(entry.begin), \(entry.end)] do not fit the file's \(dataSize) data bytes")
        }
        guard entry.end - entry.begin == bytes else {
            throw .malformed(
                file: path, at: place,
                reason: "its shape needs \(bytes) bytes, its data_offsets hold \(entry.end - entry.begin)")
        }
        return Tensor(
            name: entry.name, type: type, shape: entry.shape, range: dataStart + entry.begin..<dataStart + entry.end)
    }

    private static func checkCoverage(
        _ tensors: some Collection<Tensor>, dataStart: Int, fileSize: Int, path: String
    ) throws(EngineError) {
        let ordered = tensors.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        var next = dataStart
        for tensor in ordered {
            guard tensor.range.lowerBound == next else {
                let what = tensor.range.lowerBound < next ? "overlaps the tensor before it" : "leaves a gap before it"
                throw .malformed(
                    file: path, at: "tensor \(tensor.name.prefix(120).debugDescription)", reason: "its data \(what)")
            }
            next = tensor.range.upperBound
        }
        guard next == fileSize else {
            throw .malformed(
                file: path, at: "byte \(next)", reason: "the file has \(fileSize - next) bytes that no tensor covers")
        }
    }
}
