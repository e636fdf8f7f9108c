import Crypto
import Foundation
import Synchronization

/// A model's packed weights in a file beside the model, so that later starts need not pack them again.
///
/// The file is mapped read-only. It is used only if it was made of these very weights, in this arrangement and
/// precision, and none of its bytes has changed since; otherwise it is made anew, atomically. A file whose stamps
/// differ from the sources', as in a copied folder, is still used if the sources' content is the same, and gets their
/// stamps.
public struct PreparedWeights: Sendable {
    /// What became of the file.
    public enum Outcome: Sendable, Equatable {
        /// The matrices are too small for a file to pay.
        case notNeeded
        /// The file is used; it has so many bytes.
        case used(Int)
        /// The weights were packed and the file was written; why, if there was another.
        case written(Int, instead: String?)
        /// The weights were packed, and no file could be written.
        case notWritten(String)
    }

    /// The end of the files' names.
    public static let suffix = ".packed"

    /// The file.
    public let path: String
    /// Models whose packed matrices are smaller have no file: they are packed in less time than a file takes.
    public var least = 16 << 20

    /// The file for a model folder and a precision.
    public init(modelFolder: String, precision: WeightPrecision) {
        path = "\(modelFolder)/model.\(precision.rawValue)\(Self.suffix)"
    }

    /// The model of a checkpoint, with its packed matrices out of the file, which is made when it cannot be used.
    public func model(
        of checkpoint: Checkpoint, options: DecoderModel.Options
    ) throws(EngineError) -> (model: DecoderModel, outcome: Outcome) {
        let source = ParameterSource.checkpoint(checkpoint)
        let places = PackedPlaces(checkpoint.config, precision: options.precision)
        guard places.count >= least else {
            return (try DecoderModel(checkpoint: checkpoint, options: options), .notNeeded)
        }
        let shape = places.digest(checkpoint.layout)
        let memory: AlignedMemory
        let outcome: Outcome
        switch read(checkpoint, places, shape, options.team) {
        case .memory(let found):
            memory = found
            outcome = .used(PreparedHeader.count + places.count)
        case .refused(let reason):
            memory = AlignedMemory(count: places.count)
            outcome = write(memory, checkpoint, places, shape, options.team, instead: reason) {
                places.pack({ source.values(in: $0) }, into: memory, team: options.team)
            }
        }
        let packed = PackedWeights(places, memory: memory, config: checkpoint.config) { source.values(in: $0) }
        return (try DecoderModel(source, packed: packed, options: options), outcome)
    }

    private enum Found {
        case memory(AlignedMemory)
        /// Why not; nil where there is no file.
        case refused(String?)
    }

    private func read(
        _ checkpoint: Checkpoint, _ places: PackedPlaces, _ shape: [UInt8], _ team: ThreadTeam
    ) -> Found {
        guard let file = try? InputFile(path: path) else { return .refused(nil) }
        guard file.size == PreparedHeader.count + places.count else { return .refused("it has another size") }
        guard let bytes = try? file.bytes(0..<PreparedHeader.count), let header = PreparedHeader(bytes) else {
            return .refused("its header is damaged or of another version")
        }
        guard header.shape == shape else { return .refused("it holds another model or arrangement") }
        let stamps = checkpoint.stampDigest
        guard header.stamps == stamps || header.sources == checkpoint.contentDigest else {
            return .refused("the model's files have changed")
        }
        guard let memory = file.memory(offset: PreparedHeader.count, count: places.count) else {
            return .refused("it cannot be mapped")
        }
        guard Self.digest(memory, places.count, team) == header.packed else { return .refused("it is damaged") }
        // A base beside a merged adapter may never be asked.
        memory.release()
        if header.stamps != stamps { stamp(header, stamps) }
        return .memory(memory)
    }

    /// Puts the stamps of files with the same content into the header, so that the next start need not read them. Where
    /// the file cannot be written it reads them; a header that is half written is refused as damaged.
    private func stamp(_ header: PreparedHeader, _ stamps: [UInt8]) {
        let renewed = PreparedHeader(
            shape: header.shape, sources: header.sources, stamps: stamps, packed: header.packed)
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
        let mode = status.st_mode & 0o7777
        guard unsafe chmod(path, mode | 0o200) == 0 else { return }
        defer { _ = unsafe chmod(path, mode & ~0o222) }
        let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = renewed.bytes
        _ = unsafe pwrite(descriptor, bytes, bytes.count, 0)
        _ = fsync(descriptor)
    }

    /// Packs the weights and writes the file. The sources are hashed before they are packed: if they change meanwhile,
    /// the file does not fit them at the next start.
    private func write(
        _ memory: AlignedMemory, _ checkpoint: Checkpoint, _ places: PackedPlaces, _ shape: [UInt8],
        _ team: ThreadTeam, instead reason: String?, packing: () -> Void
    ) -> Outcome {
        var isPacked = false
        do throws(EngineError) {
            // Only its owner may write it, and nobody by accident: it is mapped while it is in use.
            var file = try AtomicFile(path: path, mode: 0o444)
            let (sources, stamps) = (checkpoint.contentDigest, checkpoint.stampDigest)
            packing()
            isPacked = true
            let header = PreparedHeader(
                shape: shape, sources: sources, stamps: stamps, packed: Self.digest(memory, places.count, team))
            try file.write(header.bytes)
            let bytes = unsafe UnsafeBufferPointer(
                start: memory.base.assumingMemoryBound(to: UInt8.self), count: places.count)
            try unsafe file.write(bytes.span)
            try file.commit()
            return .written(PreparedHeader.count + places.count, instead: reason)
        } catch {
            if !isPacked { packing() }
            return .notWritten(error.description)
        }
    }

    /// The SHA-256 of the hashes of the 4 MiB pieces: pieces can be hashed side by side.
    private static func digest(_ memory: AlignedMemory, _ count: Int, _ team: ThreadTeam) -> [UInt8] {
        let piece = 4 << 20
        let parts = (count + piece - 1) / piece
        let digests = Mutex([[UInt8]](repeating: [], count: parts))
        team.run(parts: parts) { part in
            let start = part * piece
            let bytes = unsafe UnsafeRawBufferPointer(start: memory.base + start, count: min(piece, count - start))
            var hash = SHA256()
            unsafe hash.update(bufferPointer: bytes)
            let digest = Array(hash.finalize())
            digests.withLock { $0[part] = digest }
        }
        return Array(SHA256.hash(data: digests.withLock { $0.flatMap { $0 } }))
    }
}
