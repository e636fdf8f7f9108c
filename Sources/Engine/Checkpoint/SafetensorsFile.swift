import Crypto
import Foundation

/// A safetensors file, mapped read-only; its header is checked in full before anything else is read or allocated.
public struct SafetensorsFile: Sendable {
    /// What the file holds.
    public let header: SafetensorsHeader
    private let file: FileMapping

    /// Opens a file and checks its header.
    ///
    /// - Throws: `EngineError.unreadable`, `.malformed` (which tensor or header byte, and why) or `.unsupported`
    ///   (an element type other than F32, F16, BF16).
    public init(path: String) throws(EngineError) {
        let file = try FileMapping(path: path)
        guard file.count >= 8 else {
            throw .malformed(
                file: path, at: "byte \(file.count)", reason: "the file is shorter than its 8-byte header length")
        }
        let length = file.bytes(0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(SafetensorsHeader.maximumBytes) else {
            throw .malformed(
                file: path, at: "header length",
                reason: "\(length) bytes are more than the limit of \(SafetensorsHeader.maximumBytes)")
        }
        guard Int(length) <= file.count - 8 else {
            throw .malformed(
                file: path, at: "header length", reason: "\(length) bytes do not fit a file of \(file.count) bytes")
        }
        header = try SafetensorsHeader(json: file.bytes(8..<8 + Int(length)), fileSize: file.count, path: path)
        self.file = file
    }

    /// The path it was opened with.
    public var path: String { file.path }

    /// The file's name in its folder.
    var name: String { String(path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...]) }

    /// The SHA-256 of the file as it is mapped.
    func digest() -> SHA256Digest { file.digest() }

    /// What the file system said of it when it was opened.
    var stamp: FileStamp { file.stamp }

    /// Converts a tensor of this file, or consecutive elements of it, to float32, into `values` from `index` on.
    public func read(
        _ tensor: SafetensorsHeader.Tensor, elements: Range<Int>? = nil, into values: inout [Float], at index: Int = 0
    ) {
        let elements = elements ?? 0..<tensor.count
        precondition(elements.lowerBound >= 0 && elements.upperBound <= tensor.count, "a tensor has not these elements")
        precondition(index >= 0 && index + elements.count <= values.count, "a tensor does not fit its place")
        let first = tensor.range.lowerBound + elements.lowerBound * tensor.type.size
        let range = first..<first + elements.count * tensor.type.size
        unsafe file.withBytes(range) { bytes in
            switch tensor.type {
            case .float32: unsafe KernelTable.best.copy(float32: bytes, into: &values, at: index)
            case .float16: unsafe KernelTable.best.widen(float16: bytes, into: &values, at: index)
            case .bfloat16: unsafe KernelTable.best.widen(bfloat16: bytes, into: &values, at: index)
            }
        }
        file.release(range)
    }

    /// True when a tensor of this file has the type, the shape and the bytes of another file's tensor.
    func holdsSame(
        _ tensor: SafetensorsHeader.Tensor, as other: SafetensorsHeader.Tensor, of otherFile: SafetensorsFile
    ) -> Bool {
        guard tensor.type == other.type, tensor.shape == other.shape else { return false }
        return unsafe file.withBytes(tensor.range) { bytes in
            unsafe otherFile.file.withBytes(other.range) { others in
                unsafe bytes.isEmpty || memcmp(bytes.baseAddress!, others.baseAddress!, bytes.count) == 0
            }
        }
    }

    /// The values of a tensor of this file as float32.
    public func values(of tensor: SafetensorsHeader.Tensor) -> [Float] {
        var values = [Float](repeating: 0, count: tensor.count)
        read(tensor, into: &values)
        return values
    }

    /// The values of the tensor with this name as float32.
    ///
    /// - Throws: `EngineError.malformed` when the file has no such tensor.
    public func values(of name: String) throws(EngineError) -> [Float] {
        guard let tensor = header.tensors[name] else {
            throw .malformed(file: path, at: "tensor \(name.debugDescription)", reason: "it is missing")
        }
        return values(of: tensor)
    }
}
