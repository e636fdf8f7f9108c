import Crypto
public import Engine
import Foundation

/// A training run's state on disk: parameters, optimizer moments, step, and the caller's own position.
///
/// Each save writes a new file and keeps the one before; `latest` skips a file whose checksum does not fit, so a
/// damaged newest checkpoint costs one interval and nothing more.
public struct TrainingCheckpoint: Sendable {
    /// The trained parameters.
    public let values: [Float]
    /// The optimizer with its moments.
    public let optimizer: AdamW
    /// What the caller needs to go on: data position, random state, stage.
    public let position: [String: String]

    /// Takes the state of a trainer.
    public init(values: [Float], optimizer: AdamW, position: [String: String]) {
        self.values = values
        self.optimizer = optimizer
        self.position = position
    }

    /// Writes `checkpoint-<number>.safetensors` into the folder and removes all but the two newest.
    ///
    /// - Parameter number: grows with every save; the optimizer's step when nothing resets it.
    public func save(folder: String, number: Int) throws(EngineError) {
        var metadata = position
        metadata["optimizer.step"] = String(optimizer.step)
        metadata["sha256"] = Self.digest([values, optimizer.first, optimizer.second])
        let digits = String(number)
        let name = "checkpoint-" + String(repeating: "0", count: max(0, 9 - digits.count)) + digits + ".safetensors"
        let count = values.count
        try SafetensorsWriter.write(
            [
                .init(name: "values", shape: [count], values: values[...]),
                .init(name: "first", shape: [count], values: optimizer.first[...]),
                .init(name: "second", shape: [count], values: optimizer.second[...]),
            ], precision: .float32, metadata: metadata, to: folder + "/" + name)
        for old in Self.files(folder).dropLast(2) {
            try? FileManager.default.removeItem(atPath: old)
        }
    }

    /// The newest checkpoint in the folder whose checksum fits, or nil when there is none.
    public static func latest(folder: String, options: AdamW.Options) -> TrainingCheckpoint? {
        for file in files(folder).reversed() {
            if let checkpoint = try? load(file, options: options) { return checkpoint }
        }
        return nil
    }

    private static func load(_ path: String, options: AdamW.Options) throws(EngineError) -> TrainingCheckpoint {
        let file = try SafetensorsFile(path: path)
        let values = try file.values(of: "values")
        var optimizer = AdamW(count: values.count, options: options)
        optimizer.first = try file.values(of: "first")
        optimizer.second = try file.values(of: "second")
        var metadata = file.header.metadata
        optimizer.step = metadata.removeValue(forKey: "optimizer.step").flatMap { Int($0) } ?? 0
        guard metadata.removeValue(forKey: "sha256") == digest([values, optimizer.first, optimizer.second]) else {
            throw .malformed(file: path, at: "sha256", reason: "the tensors do not fit the checksum")
        }
        return TrainingCheckpoint(values: values, optimizer: optimizer, position: metadata)
    }

    private static func files(_ folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasPrefix("checkpoint-") && $0.hasSuffix(".safetensors") }.sorted()
            .map { folder + "/" + $0 }
    }

    private static func digest(_ tensors: [[Float]]) -> String {
        var hash = SHA256()
        for tensor in tensors {
            unsafe tensor.withUnsafeBytes { bytes in unsafe hash.update(bufferPointer: bytes) }
        }
        return hash.finalize().map { byte in
            let hex = String(byte, radix: 16)
            return hex.count == 1 ? "0" + hex : hex
        }.joined()
    }
}
