import Backends
import Configuration
import Engine
import Foundation
import Gateway
import PromptSchema
import Tokenization

/// Makes tasks of their settings: schema, manifest check, token counter, and who answers.
struct TaskAssembly {
    let engines: [LoadedEngine]
    /// The upstream for tasks that name no full-prompt model.
    let passthrough: String?
    let settings: GatewaySettings

    func task(_ setting: TaskSetting) throws(ConfigurationError) -> GatewayTask {
        let schema = try SchemaFile.load(path: setting.folder + "/schema.yaml")
        let manifest: TaskManifest?
        do throws(GatewayError) {
            manifest = try TaskManifest.load(taskFolder: setting.folder)
        } catch {
            throw settings.error(at: setting.key + ".folder", error.message)
        }
        let counter = try counter(setting, manifest)
        let full = try full(setting, task: schema.id)
        let tuned = try tuned(setting, manifest, task: schema.id)
        try checkAnswer(schema, setting)
        return GatewayTask(
            schema: schema, full: full, tuned: tuned,
            manifest: ManifestCheck(
                manifest, task: schema.id,
                facts: facts(setting, manifest, schema, counter?.tokenizer, tuned: tuned?.model)),
            counter: counter, initialMode: setting.mode,
            breaker: CircuitBreaker(CircuitBreaker.Options(setting.breaker)))
    }

    private func engine(_ name: String?) -> LoadedEngine? {
        engines.first { $0.setting.name == name }
    }

    /// Who answers stripped prompts: the model that the configuration names, else the provider's in the manifest.
    private func tuned(
        _ setting: TaskSetting, _ manifest: TaskManifest?, task: String
    ) throws(ConfigurationError) -> GatewayTask.Tuned? {
        guard let target = setting.tuned else { return nil }
        let key = setting.key + ".tuned"
        guard let model = target.model ?? manifest?.providerModel?.name else {
            throw settings.error(
                at: key, "task '\(task)': its tuned backend needs a model",
                "write the adapter's name, as in 'model: \(task)'")
        }
        if let engine = engine(target.backend), engine.adapter(model) == nil {
            let known = engine.setting.adapters.map(\.name).joined(separator: ", ")
            throw settings.error(
                at: key + ".model", "task '\(task)': engine '\(target.backend)' has no adapter '\(model)'",
                known.isEmpty ? "list it under the engine's adapters" : "it has \(known)")
        }
        return GatewayTask.Tuned(
            backend: target.backend, model: model,
            limits: .init(firstByte: .seconds(settings.limits.tunedFirstToken)))
    }

    /// Somebody must hold the tuned model's answers to what the schema demands.
    private func checkAnswer(_ schema: Schema, _ setting: TaskSetting) throws(ConfigurationError) {
        guard let backend = setting.tuned?.backend, engine(backend) == nil,
            let server = (settings.servers + settings.upstreams).first(where: { $0.name == backend })
        else { return }
        guard schema.answer.beams == 1 else {
            throw settings.error(
                at: setting.key + ".tuned",
                "task '\(schema.id)': its schema's answer.beams are searched by an embedded engine, not by '\(backend)'",
                "take 'beams' out of the schema and evaluate again, or serve the task with an engine")
        }
        guard let form = schema.answer.form else { return }
        let dialect = StructuredOutputs(rawValue: server.structuredOutputs.rawValue)
        guard dialect?.fields(for: form) == nil else { return }
        let what = if case .jsonSchema = form { "a JSON schema" } else { "a regular expression" }
        throw settings.error(
            at: setting.key + ".tuned", "task '\(schema.id)': '\(backend)' is not told to hold answers to \(what)",
            "give '\(backend)' the key structured_outputs with vllm or llama_cpp"
                + (what == "a JSON schema" ? ", or response_format" : ""))
    }

    private func full(_ setting: TaskSetting, task: String) throws(ConfigurationError) -> GatewayTask.Full {
        if let target = setting.fullPrompt {
            if let engine = engine(target.backend) {
                let model = target.model ?? engine.setting.baseName
                guard engine.modelNames.contains(model) else {
                    throw settings.error(
                        at: setting.key + ".full_prompt.model",
                        "task '\(task)': engine '\(target.backend)' has no model '\(model)'",
                        "it has \(engine.modelNames.joined(separator: ", "))")
                }
                return GatewayTask.Full(backend: target.backend, model: model)
            }
            return GatewayTask.Full(backend: target.backend, model: target.model)
        }
        guard let passthrough else {
            throw settings.error(
                at: setting.key, "task '\(task)': nobody answers its full prompts", "add full_prompt, or an upstream")
        }
        return GatewayTask.Full(backend: passthrough)
    }

    /// Counts as the tuned model reads: with its engine's tokenizer, else with the one beside the manifest's base.
    private func counter(_ setting: TaskSetting, _ manifest: TaskManifest?) throws(ConfigurationError) -> PromptCounter?
    {
        if let engine = engine(setting.tuned?.backend) ?? engine(setting.fullPrompt?.backend) {
            return PromptCounter(tokenizer: engine.model.tokenizer, template: engine.model.template)
        }
        guard let base = manifest?.baseModel else { return nil }
        let path = ManifestInspector.resolve(base.folder, in: setting.folder)
        guard FileManager.default.fileExists(atPath: path + "/tokenizer.json") else { return nil }
        let folder = EngineModelFolder(path: path)
        do throws(BackendsError) {
            let tokenizer = try folder.tokenizer()
            return PromptCounter(tokenizer: tokenizer, template: try folder.template(tokenizer))
        } catch {
            throw settings.error(at: setting.key + ".folder", "\(error)")
        }
    }

    /// What the manifest's hashes are compared with: the very files that are served, where this process serves them.
    private func facts(
        _ setting: TaskSetting, _ manifest: TaskManifest?, _ schema: Schema, _ tokenizer: Tokenizer?, tuned: String?
    ) -> ManifestFacts {
        var facts = ManifestFacts(
            schemaFingerprint: schema.fingerprint, tokenizerSHA256: tokenizer?.fingerprint, tunedModel: tuned)
        guard manifest != nil, let engine = engine(setting.tuned?.backend) else { return facts }
        facts.baseSHA256 = engine.model.digest(engine.model.folder.weightsFile)
        facts.adapterSHA256 = setting.tuned?.model.flatMap { engine.adapter($0) }?.sha256
        return facts
    }
}
