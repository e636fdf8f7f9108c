import ArgumentParser
import FineTuning
import Foundation
import Gateway
import Internalization
import PromptSchema
import Transport

/// Tunes a task's model where it is served.
struct FinetuneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "finetune", abstract: "Train a task's stages at a provider.",
        subcommands: [FinetuneOpenAICommand.self])
}

/// Trains the stages as OpenAI fine-tuning jobs, each from the model of the one before.
struct FinetuneOpenAICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openai",
        abstract: "Upload the stages, run a job for each, and name the last one's model in the manifest.",
        discussion: """
            Reads what `promptintern export --to openai` reads and writes the same files into <task>/runs/openai-<hash>, \
            with the state of the jobs in fine-tuning.json: after any interruption the same command goes on, and makes no \
            job twice. --rate, --batch, --rank and --threads are the embedded trainer's; the provider chooses its own.
            """)

    @OptionGroup var options: RecipeOptions

    @Option(help: "What is trained: progressive (PromptIntern), full-prompt (the bar) or query-only (the control).")
    var arm: TrainingArm = .progressive

    @Option(help: "Model to start from, such as gpt-4.1-mini-2025-04-14.")
    var model: String

    @Option(name: .customLong("base-url"), help: "The provider's base URL, with its /v1.")
    var baseURL: String = "https://api.openai.com/v1"

    @Option(help: ArgumentHelp("Environment variable that holds the key.", valueName: "name"))
    var keyEnv: String = "OPENAI_API_KEY"

    @Option(help: "Part of the models' names; the task's name by default.")
    var suffix: String?

    @Option(help: ArgumentHelp("Held-out rows for the provider's validation, sent query-only.", valueName: "file"))
    var validation: String?

    @Option(help: "Rows of a step at the provider; the provider's choice by default.")
    var providerBatch: Int?

    @Option(help: "Factor of the provider's learning rate; the provider's choice by default.")
    var rateMultiplier: Double?

    @Option(help: "Most tokens of a row, in place of the documented 65536.")
    var maximumTokens: Int?

    @Option(help: "Seconds between two looks at a job.")
    var pollSeconds: Double = 10

    @Option(
        help: ArgumentHelp(
            "Train up to this stage, counted from 1, and put it into service as a step on the ramp: the gateway then sends "
                + "what the stage keeps of the template and the last examples. All stages by default.",
            valueName: "number"))
    var stage: Int?

    @Flag(help: "Leave the manifest as it is.")
    var noManifest = false

    func validate() throws {
        guard pollSeconds >= 0, pollSeconds <= 3_600 else {
            throw ValidationError("--poll-seconds: \(pollSeconds) is not from 0 to 3600")
        }
        guard providerBatch.map({ $0 > 0 }) ?? true, rateMultiplier.map({ $0 > 0 }) ?? true else {
            throw ValidationError("--provider-batch and --rate-multiplier have to be above 0")
        }
    }

    func run() async throws {
        guard let key = ProcessInfo.processInfo.environment[keyEnv], !key.isEmpty else {
            throw Failure("the environment variable \(keyEnv) is not set: put the provider's key into it")
        }
        let task = try TaskTexts(options)
        let recipe = try options.recipe(arm)
        var settings = ExportSettings(target: .openai)
        settings.model = model
        if let maximumTokens { settings.limits.maximumTokens = maximumTokens }
        let digest = TaskRows.digest(try task.rows("train"))
        let export = try task.export(recipe, settings: settings, validation: validation)
        let name = export.recipe.runName(inputs: [task.schema.fingerprint, digest, model, baseURL, validation ?? ""])
        let folder = task.path + "/runs/openai-" + name
        let index = try export.write(to: folder)
        let count = try stageCount(index)
        let transport = try CurlTransport()
        let client = ProviderClient(
            transport: transport, endpoint: try UpstreamEndpoint(baseURL), key: key)
        let display = FineTuningDisplay(stages: index.stages.count)
        let state = try await FineTuningRun(
            plan: plan(index, folder), api: FineTuningAPI(client: client), provider: baseURL,
            statePath: folder + "/fine-tuning.json", interval: .milliseconds(Int(pollSeconds * 1_000))
        ).run(stages: count) { display.show($0) }
        guard let tuned = state.stages[count - 1].model else {
            throw Failure("\(folder): stage \(count) has no model")
        }
        show("model: \(tuned)")
        if !noManifest { try writeManifest(task, state, count, index, tuned) }
    }

    /// How many stages are trained; refused before any job is made if the gateway could not send the last one's
    /// prompts.
    private func stageCount(_ index: ExportIndex) throws -> Int {
        let count = stage ?? index.stages.count
        guard (1...index.stages.count).contains(count) else {
            throw Failure("--stage: \(count) is not from 1 to \(index.stages.count)")
        }
        let entry = index.stages[count - 1]
        let isQueryOnly = entry.templateRate == 0 && entry.examples == 0
        guard noManifest || isQueryOnly || entry.template != nil else { throw PromotedManifest.rewritten }
        return count
    }

    private func plan(_ index: ExportIndex, _ folder: String) -> FineTuningPlan {
        var plan = FineTuningPlan(
            folder: folder, model: model,
            stages: index.stages.map { .init(file: $0.file, sha256: $0.sha256, epochs: $0.epochs) },
            suffix: suffix ?? index.task, seed: Int(index.recipe.seed % UInt64(Int32.max)))
        plan.validation = index.validation
        plan.batch = providerBatch
        plan.rateMultiplier = rateMultiplier
        return plan
    }

    /// Puts the manifest of the provider's model into service; `promptintern rollback` puts the one before it back.
    private func writeManifest(
        _ task: TaskTexts, _ state: FineTuningState, _ count: Int, _ index: ExportIndex, _ tuned: String
    ) throws {
        let stage = index.stages[count - 1]
        let tokens = state.stages.prefix(count).reduce(0) { $0 + ($1.trainedTokens ?? 0) }
        let manifest = TaskManifest(
            task: index.task, schemaFingerprint: index.schemaFingerprint,
            model: .init(provider: baseURL, base: model, name: tuned),
            stage: .init(tau: stage.actualRate, k: stage.examples, template: stage.template),
            figures: ManifestFigures(["trained_tokens": .number(Double(tokens)), "evaluated": .bool(false)]),
            created: ISO8601DateFormatter().string(from: Date()))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try Promotion.install(manifest: encoder.encode(manifest) + Data("\n".utf8), taskFolder: task.path)
        show(
            "wrote \(task.path)/\(TaskManifest.fileName); nothing was evaluated: serve the task in mode audit or canary "
                + "first")
    }
}
