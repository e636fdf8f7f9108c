public import Engine
import Foundation
public import PromptSchema

/// Puts a tuned adapter into service: checks the thresholds, copies the adapter, writes the manifest.
public struct Promotion: Sendable {
    /// What has to hold, in points of exact match on the held-out rows.
    public struct Thresholds: Sendable {
        /// Query-only may be at most this much below the arm tuned and tested with the full prompt.
        public var margin = 2.0
        /// Fewest held-out rows.
        public var minimumRows = 500

        /// The usual thresholds: two points, five hundred rows.
        public init() {}
    }

    /// The task folder that receives adapter and manifest.
    public let taskFolder: String
    private let schema: Schema
    private let thresholds: Thresholds

    /// Promotion into a task folder.
    public init(taskFolder: String, schema: Schema, thresholds: Thresholds = Thresholds()) {
        self.taskFolder = taskFolder
        self.schema = schema
        self.thresholds = thresholds
    }

    /// Writes `adapter/` in bfloat16 and then, at once, `manifest.json`.
    ///
    /// - Parameters:
    ///   - adapter: the adapter that was evaluated.
    ///   - tuned: the promoted arm, tested query-only.
    ///   - bar: the arm tuned and tested with the full prompt.
    ///   - control: the arm tuned query-only from the first step.
    /// - Throws: `InternalizationError.refused` with every threshold that does not hold.
    public func promote(adapter: LoRAAdapter, tuned: ArmResult, bar: ArmResult, control: ArmResult) throws {
        var failures: [String] = []
        if tuned.n < thresholds.minimumRows {
            failures.append("\(tuned.n) held-out rows, at least \(thresholds.minimumRows) are needed")
        }
        if tuned.exact < bar.exact - thresholds.margin {
            failures.append(
                "query-only exact match \(tuned.exact) % is more than \(thresholds.margin) points below "
                    + "the full prompt's \(bar.exact) %")
        }
        guard failures.isEmpty else { throw InternalizationError.refused(failures.joined(separator: "; ")) }
        let base = taskFolder + "/base"
        let adapterFolder = taskFolder + "/adapter"
        try adapter.save(folder: adapterFolder, precision: .bfloat16, baseModelName: "../base")
        let manifest = PromotedManifest(
            formatVersion: 1, task: schema.id, schemaFingerprint: schema.fingerprint,
            tokenizerSHA256: try FileDigest.sha256(path: base + "/tokenizer.json"),
            baseModel: .init(folder: "base", sha256: try FileDigest.sha256(path: base + "/model.safetensors")),
            adapter: .init(
                folder: "adapter",
                sha256: try FileDigest.sha256(path: adapterFolder + "/adapter_model.safetensors")),
            stage: .init(tau: 0, k: 0),
            figures: .init(
                n: tuned.n, queryOnlyExact: tuned.exact, fullPromptExact: bar.exact, controlExact: control.exact),
            created: ISO8601DateFormatter().string(from: Date()))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try (encoder.encode(manifest) + Data("\n".utf8)).write(
            to: URL(fileURLWithPath: taskFolder + "/manifest.json"), options: .atomic)
    }
}
