/// An adapter that was read from a folder, with the hash of the very bytes that were read.
public struct StoredAdapter: Sendable {
    /// The matrices.
    public let adapter: LoRAAdapter
    /// The SHA-256 of `adapter_model.safetensors`, in lower-case hexadecimal.
    public let sha256: String

    /// Reads a PEFT adapter folder for a model of this shape.
    ///
    /// - Parameter expected: the hash that the file must have; nil: any.
    /// - Throws: as `LoRAAdapter.load`; `.malformed` when the hash is another, before a matrix is read.
    public init(folder: String, model: ModelConfig, expecting expected: String? = nil) throws(EngineError) {
        let file = try SafetensorsFile(path: folder + "/adapter_model.safetensors")
        sha256 = FileDigest.hexadecimal(file.digest())
        if let expected, expected.lowercased() != sha256 {
            throw .malformed(
                file: file.path, at: "SHA-256", reason: "it is \(sha256), where \(expected.prefix(64)) is expected")
        }
        adapter = try LoRAAdapter.load(file, folder: folder, model: model)
        guard FileDigest.hexadecimal(file.digest()) == sha256 else {
            throw .malformed(file: file.path, at: "SHA-256", reason: "it changed while it was read; load it again")
        }
    }
}
