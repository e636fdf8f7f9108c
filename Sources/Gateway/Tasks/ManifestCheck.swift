import PromptSchema

/// What a manifest's hashes really are now; nil for what this machine does not hold, which is then not compared.
public struct ManifestFacts: Sendable, Equatable {
    /// The loaded schema's fingerprint.
    public var schemaFingerprint: String
    /// SHA-256 of the tokenizer file.
    public var tokenizerSHA256: String?
    /// SHA-256 of the base model's weights.
    public var baseSHA256: String?
    /// SHA-256 of the adapter's weights.
    public var adapterSHA256: String?
    /// The model that the configuration names as the tuned one.
    public var tunedModel: String?

    /// Collects the facts.
    public init(
        schemaFingerprint: String, tokenizerSHA256: String?, baseSHA256: String? = nil, adapterSHA256: String? = nil,
        tunedModel: String? = nil
    ) {
        self.schemaFingerprint = schemaFingerprint
        self.tokenizerSHA256 = tokenizerSHA256
        self.baseSHA256 = baseSHA256
        self.adapterSHA256 = adapterSHA256
        self.tunedModel = tunedModel
    }
}

/// Whether a task's prompts may be stripped.
public enum ManifestCheck: Sendable, Equatable {
    /// There is no manifest: nothing was promoted, and nothing is stripped.
    case missing
    /// Every hash holds.
    case matches(TaskManifest)
    /// Something differs; each sentence says what, and what to do. Nothing is stripped.
    case differs([String])

    /// Compares a manifest with what is there.
    public init(_ manifest: TaskManifest?, task: String, facts: ManifestFacts) {
        guard let manifest else {
            self = .missing
            return
        }
        var problems: [String] = []
        if manifest.task != task {
            problems.append("the manifest belongs to task \"\(manifest.task)\": put it into that task's folder")
        }
        func compare(_ what: String, _ promised: String, _ found: String?, _ remedy: String) {
            guard let found, found.lowercased() != promised.lowercased() else { return }
            problems.append(
                "\(what) is \(found.prefix(12)) and the model was tuned with \(promised.prefix(12)): \(remedy)")
        }
        compare(
            "the schema's fingerprint", manifest.schemaFingerprint, facts.schemaFingerprint,
            "restore the schema and its files, or tune and promote again")
        switch manifest.model {
        case .folders(let tokenizerSHA256, let base, let adapter):
            compare(
                "the tokenizer's hash", tokenizerSHA256, facts.tokenizerSHA256,
                "restore tokenizer.json in the base model's folder, or tune and promote again")
            compare(
                "the base model's hash", base.sha256, facts.baseSHA256,
                "restore the weights in \(base.folder), or tune and promote again")
            compare(
                "the adapter's hash", adapter.sha256, facts.adapterSHA256,
                "restore the weights in \(adapter.folder), or promote again")
        case .provider(let model):
            if let found = facts.tunedModel, found != model.name {
                problems.append(
                    "the tuned model is \"\(found)\" and the manifest promises \"\(model.name)\": "
                        + "leave the model out of the task's tuned backend, or name that one")
            }
        }
        if !manifest.stage.isQueryOnly, manifest.stage.template == nil {
            problems.append(
                "the manifest's stage keeps a part of the prompt and does not say which: promote the stage again")
        }
        self = problems.isEmpty ? .matches(manifest) : .differs(problems)
    }

    /// The same check, if what the manifest's stage keeps of the template lies within the schema's literals.
    func fitting(_ schema: Schema) -> ManifestCheck {
        guard case .matches(let manifest) = self, let plan = manifest.stage.plan, !plan.fits(schema) else {
            return self
        }
        return .differs(["the manifest's stage keeps what is not in the template: promote the stage again"])
    }

    /// True if nothing differs.
    public var isMatch: Bool {
        if case .matches = self { true } else { false }
    }
}
