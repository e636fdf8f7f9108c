public import Engine
public import Foundation
public import PromptSchema

/// Puts a tuned adapter into service: checks the thresholds, copies the adapter, writes the manifest.
public struct Promotion: Sendable {
    /// What has to hold, in points of exact match on the held-out rows.
    public struct Thresholds: Sendable, Equatable {
        /// Query-only may be at most this much below the arm tuned and tested with the full prompt. A hundred accepts
        /// any figure; below that an arm that got nothing right is refused, whatever the others got.
        public var margin = 2.0
        /// Fewest held-out items.
        public var minimumRows = 500
        /// Why query-only need not be better than the control that was tuned with the query alone from the first step;
        /// nil if it has to be. The reason stands in the manifest.
        public var controlOverride: String?

        /// The usual thresholds: two points, five hundred rows.
        public init() {}
    }

    /// How an adapter is stored; what is promoted has to be evaluated as it is after this rounding.
    public static let precision = CheckpointPrecision.bfloat16

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

    /// Writes `adapter/` in `precision` and then, at once, `manifest.json`; what was there is kept for `rollback`.
    ///
    /// Between the two the gateway sees an adapter that the manifest does not name, and strips nothing.
    ///
    /// - Parameters:
    ///   - adapter: the adapter that was evaluated.
    ///   - tuned: the promoted arm, tested with the prompts of its stage.
    ///   - bar: the arm tuned and tested with the full prompt.
    ///   - control: the arm tuned query-only from the first step.
    ///   - stage: what the prompt still needs. An earlier stage than the last is a step on the ramp; what it may lose,
    ///     and what it has to be better than, are the same.
    /// - Throws: `InternalizationError.refused` with every threshold that does not hold, or if the file would not hold
    ///   the very values that were evaluated.
    public func promote(
        adapter: LoRAAdapter, tuned: ArmResult, bar: ArmResult, control: ArmResult,
        stage: PromotedManifest.PromotedStage = .queryOnly
    ) throws {
        try check(tuned: tuned, bar: bar, control: control)
        guard adapter.rounded(to: Self.precision).values == adapter.values else {
            throw InternalizationError.refused(
                "the adapter was evaluated with more digits than \(Self.precision.rawValue) keeps; round it first")
        }
        let base = taskFolder + "/base"
        let history = PromotionHistory(taskFolder: taskFolder)
        try history.archive()
        let staged = taskFolder + "/adapter.new"
        try? FileManager.default.removeItem(atPath: staged)
        try adapter.save(folder: staged, precision: Self.precision, baseModelName: "../base")
        let digest = try FileDigest.sha256(path: staged + "/adapter_model.safetensors")
        try history.install(staged)
        let manifest = PromotedManifest(
            formatVersion: stage.isQueryOnly ? 1 : 3, task: schema.id, schemaFingerprint: schema.fingerprint,
            tokenizerSHA256: try FileDigest.sha256(path: base + "/tokenizer.json"),
            baseModel: .init(folder: "base", sha256: try FileDigest.sha256(path: base + "/model.safetensors")),
            adapter: .init(folder: "adapter", sha256: digest), stage: stage,
            figures: .init(
                n: tuned.n, queryOnlyExact: stage.isQueryOnly ? tuned.exact : nil,
                stageExact: stage.isQueryOnly ? nil : tuned.exact,
                stagePromptTokens: stage.isQueryOnly ? nil : tuned.meanPromptTokens, fullPromptExact: bar.exact,
                controlExact: control.exact,
                controlOverride: tuned.primary > control.primary ? nil : thresholds.controlOverride),
            created: ISO8601DateFormatter().string(from: Date()))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try history.replace(by: encoder.encode(manifest) + Data("\n".utf8))
    }

    private func check(tuned: ArmResult, bar: ArmResult, control: ArmResult) throws(InternalizationError) {
        var failures: [String] = []
        if tuned.n < thresholds.minimumRows {
            failures.append("\(tuned.n) held-out rows, at least \(thresholds.minimumRows) are needed")
        }
        if tuned.primary < bar.primary - thresholds.margin {
            failures.append(
                "the promoted arm at \(tuned.primary) % is more than \(thresholds.margin) points below "
                    + "the full prompt's \(bar.primary) %")
        }
        if tuned.primary <= 0, thresholds.margin < 100 {
            failures.append("the promoted arm got none of \(tuned.n) held-out rows right")
        }
        if tuned.primary <= control.primary, thresholds.controlOverride == nil {
            failures.append(
                "the promoted arm at \(tuned.primary) % is not better than the control's \(control.primary) %: the labels alone "
                    + "teach as much; state a control_override to promote it all the same")
        }
        guard failures.isEmpty else { throw .refused(failures.joined(separator: "; ")) }
    }

    /// Puts a manifest into service that names no adapter here, such as that of a provider's model; what was there is
    /// kept for `rollback`.
    public static func install(manifest: Data, taskFolder: String) throws {
        let history = PromotionHistory(taskFolder: taskFolder)
        try history.archive()
        try history.replace(by: manifest)
    }

    /// Puts the manifest that was in service before the last promotion back; returns when that one was promoted.
    ///
    /// The earlier manifest may name a provider's model; then there is no adapter to put back.
    ///
    /// - Throws: `InternalizationError.refused` when there is none, or its adapter is gone or changed.
    public static func rollback(taskFolder: String) throws -> String {
        let history = PromotionHistory(taskFolder: taskFolder)
        guard let previous = try history.previous() else {
            throw InternalizationError.refused("\(taskFolder) has no earlier promotion to go back to")
        }
        guard let manifest = try? JSONDecoder().decode(EarlierManifest.self, from: previous.data) else {
            throw InternalizationError.refused("\(previous.path) is not a manifest")
        }
        if let adapter = manifest.adapter {
            let kept = history.kept(adapter.sha256)
            guard (try? FileDigest.sha256(path: kept + "/adapter_model.safetensors")) == adapter.sha256 else {
                throw InternalizationError.refused("the earlier adapter in \(kept) is gone or not what was promoted")
            }
            try history.archive()
            let staged = taskFolder + "/adapter.new"
            try? FileManager.default.removeItem(atPath: staged)
            try FileManager.default.copyItem(atPath: kept, toPath: staged)
            try history.install(staged)
        }
        try history.restore(previous)
        return manifest.created
    }

    /// What a rollback needs of a manifest of any format.
    private struct EarlierManifest: Decodable {
        let adapter: PromotedManifest.Part?
        let created: String
    }
}
