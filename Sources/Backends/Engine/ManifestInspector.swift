import Engine
public import Gateway
public import PromptSchema
public import Tokenization

/// Hashes what a manifest names.
public enum ManifestInspector {
    /// The facts to compare the manifest with; a file that cannot be read counts as different from every hash.
    ///
    /// - Parameters:
    ///   - taskFolder: where the manifest's relative folders count from.
    ///   - tokenizer: the tokenizer that the tuned model is served with; nil if another process serves it.
    ///   - servedHere: false skips the weights, which then lie with the process that serves them.
    public static func facts(
        for manifest: TaskManifest, taskFolder: String, schema: Schema, tokenizer: Tokenizer?, servedHere: Bool = true
    ) -> ManifestFacts {
        guard servedHere, let base = manifest.baseModel, let adapter = manifest.adapter else {
            return ManifestFacts(schemaFingerprint: schema.fingerprint, tokenizerSHA256: tokenizer?.fingerprint)
        }
        return ManifestFacts(
            schemaFingerprint: schema.fingerprint, tokenizerSHA256: tokenizer?.fingerprint,
            baseSHA256: hash(resolve(base.folder, in: taskFolder) + "/model.safetensors"),
            adapterSHA256: hash(resolve(adapter.folder, in: taskFolder) + "/adapter_model.safetensors"))
    }

    /// A folder of the manifest, counted from the task folder unless it is absolute.
    public static func resolve(_ folder: String, in taskFolder: String) -> String {
        folder.hasPrefix("/") ? folder : taskFolder + "/" + folder
    }

    private static func hash(_ path: String) -> String {
        (try? FileDigest.sha256(path: path)) ?? "unreadable"
    }
}
