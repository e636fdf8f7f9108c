import Crypto
public import Engine
import Foundation
public import PromptSchema
import Tokenization
import Tuning

/// Writes a run's stages as files for other people's trainers: the same texts that the embedded trainer is fed.
///
/// One training file a stage, the tool's configuration files, and `export.json`. Every answer is the same in all
/// stages; the last stage is what stripping leaves of the prompt.
public struct StageExport {
    private let schema: Schema
    private let encoder: PromptEncoder?
    private let rows: [TaskRow]
    private let heldOut: [TaskRow]
    private let compressor: any TemplateCompressor
    private let retriever: ExampleRetriever
    private let settings: ExportSettings
    private let asked: Recipe
    private var plan: TrainingPlan

    /// Prepares an export.
    ///
    /// - Parameters:
    ///   - encoder: the base model's tokenizer and chat template; nil if the task has no base model here, in which case
    ///     a token is taken to be four bytes.
    ///   - heldOut: rows for the tool's validation, written query-only; may be empty.
    ///   - retriever: finds the rows' examples; by label among all rows if nil.
    public init(
        recipe: Recipe, schema: Schema, encoder: PromptEncoder?, rows: [TaskRow], heldOut: [TaskRow] = [],
        compressor: any TemplateCompressor, retriever: ExampleRetriever? = nil, settings: ExportSettings
    ) throws(InternalizationError) {
        if settings.target.needsWholeAlpha, recipe.alpha != recipe.alpha.rounded() {
            throw .setting(
                "alpha: \(recipe.alpha) is no whole number, and \(settings.target.rawValue) takes no other: round "
                    + "training.alpha, or use --to peft")
        }
        asked = recipe
        var exported = try recipe.naming(compressor)
        // A stage without labels has no file.
        exported.onPolicy = nil
        plan = try TrainingPlan(recipe: exported, rows: rows.count)
        self.retriever = retriever ?? ExampleRetriever(bank: rows)
        self.schema = schema
        self.encoder = encoder
        self.rows = rows
        self.heldOut = heldOut
        self.compressor = compressor
        self.settings = settings
    }

    /// The recipe, with the compressor's name.
    public var recipe: Recipe { plan.recipe }

    /// Checks every row, then writes the files, `export.json` last.
    ///
    /// - Throws: `InternalizationError.row` or `.file` for what the tool would refuse; nothing counts as written then.
    public func write(to folder: String) throws(InternalizationError) -> ExportIndex {
        let files = try stageFiles(folder)
        let validation = try validationFile(folder)
        let index = ExportIndex(
            target: settings.target, task: schema.id, schemaFingerprint: schema.fingerprint, recipe: plan.recipe,
            model: settings.model, endToken: encoder.map(endToken), countsTokens: encoder != nil,
            validation: validation?.name, stages: files.map(\.entry))
        let configs = ExportConfigs(
            task: schema.id, settings: settings, plan: plan, stages: index.stages, validation: index.validation)
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for file in files { try save(file.data, file.entry.file, folder) }
            if let validation { try save(validation.data, validation.name, folder) }
            for file in configs.files { try save(Data(file.text.utf8), file.name, folder) }
            if settings.target == .peft { try save(stepLines(), "steps.jsonl", folder) }
            let json = JSONEncoder()
            json.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try save(try json.encode(index) + Data("\n".utf8), "export.json", folder)
        } catch {
            throw .file(path: folder, reason: "cannot be written: \(error.localizedDescription)")
        }
        return index
    }

    /// Writes the adapter that the embedded trainer starts from, as PEFT stores one.
    public func writeInitialAdapter(to folder: String, model: ModelConfig) throws {
        try LoRAAdapter.initial(config: plan.recipe.adapter, model: model, seed: plan.recipe.seed)
            .save(folder: folder, precision: .float32, baseModelName: settings.model)
    }

    // MARK: Files

    private struct StageFile {
        let entry: ExportIndex.StageEntry
        let data: Data
    }

    private func stageFiles(_ folder: String) throws(InternalizationError) -> [StageFile] {
        var files: [StageFile] = []
        for (number, stage) in plan.stages.enumerated() {
            let texts = try StagePrompts(
                stage: stage, rows: rows, schema: schema, compressor: compressor, retriever: retriever,
                countTokens: { text in encoder?.count(text) ?? (text.count + 3) / 4 })
            files.append(try file(number, texts, folder))
        }
        return files
    }

    private func file(
        _ number: Int, _ texts: StagePrompts, _ folder: String
    ) throws(InternalizationError) -> StageFile {
        let name = "stage-\(number).jsonl"
        let (data, counts) = try lines(texts.prompts, path: folder + "/" + name)
        let steps = plan.stageSteps[number]
        let epochs = Double(steps * plan.recipe.batch) / Double(rows.count)
        let corpus = try encoder.map { encoder throws(InternalizationError) in try StageCorpus(texts, encoder: encoder)
        }
        let entry = ExportIndex.StageEntry(
            file: name, sha256: hexadecimal(SHA256.hash(data: data)), rows: rows.count,
            templateRate: texts.stage.templateRate, actualRate: texts.template.actualRate,
            template: texts.stage.isQueryOnly ? nil : texts.template.cuts,
            examples: texts.stage.exampleCount, steps: steps, epochs: max(1, Int(epochs.rounded())),
            maximumTokens: counts.max() ?? 0, tokens: counts.reduce(0, +), tokensSHA256: corpus?.digest)
        return StageFile(entry: entry, data: data)
    }

    private func validationFile(_ folder: String) throws(InternalizationError) -> (name: String, data: Data)? {
        guard !heldOut.isEmpty else { return nil }
        let texts = try StagePrompts(
            stage: Stage(templateRate: 0, exampleCount: 0), rows: heldOut, schema: schema,
            compressor: compressor, retriever: ExampleRetriever(bank: []),
            countTokens: { text in encoder?.count(text) ?? (text.count + 3) / 4 })
        return ("validation.jsonl", try lines(texts.prompts, path: folder + "/validation.jsonl").data)
    }

    private func lines(
        _ prompts: [StagePrompts.Prompt], path: String
    ) throws(InternalizationError) -> (data: Data, counts: [Int]) {
        let check = ExportCheck(target: settings.target, limits: settings.limits)
        let record = ExportRecord(target: settings.target, family: settings.family)
        var data = Data()
        var counts: [Int] = []
        for (index, prompt) in prompts.enumerated() {
            let line = record.line(prompt)
            let tokens = try encoder?.encode(prompt).count ?? (line.count + 3) / 4
            try check.check(prompt, tokens: tokens, isExact: encoder != nil, path: path, line: index + 1)
            counts.append(tokens)
            data += line
            data.append(UInt8(ascii: "\n"))
        }
        try check.check(path: path, rows: prompts.count, bytes: data.count)
        return (data, counts)
    }

    /// What the recipe asks for and the tool does not do, by the recipe's keys.
    public var ignored: [String] {
        let recipe = asked
        var keys: [(String, Bool)] = [
            ("distillation", recipe.distillation != nil), ("on_policy", recipe.onPolicy != nil),
            ("adaptive_patience", recipe.adaptivePatience > 0),
            ("patience", recipe.patience > 0),
        ]
        if settings.target != .peft {
            keys += [
                ("query_only_mix", recipe.queryOnlyMix != nil), ("removal_smoothing", recipe.removalSmoothing > 0),
            ]
        }
        return keys.filter(\.1).map(\.0)
    }

    /// One line for each optimizer step: its stage, learning rate, and rows, counted from 0.
    private func stepLines() throws -> Data {
        var plan = plan
        let json = JSONEncoder()
        json.outputFormatting = .sortedKeys
        var data = Data()
        for stage in plan.stages.indices {
            for step in 0..<plan.stageSteps[stage] {
                let overall = plan.steps(before: stage) + step
                let stages = plan.rowStages(stage: stage, step: overall)
                let line = StepLine(
                    stage: stage, rate: plan.rate(stage: stage, step: step), rows: plan.rows(step: overall),
                    stages: stages.allSatisfy { $0 == stage } ? nil : stages)
                data += try json.encode(line)
                data.append(UInt8(ascii: "\n"))
            }
        }
        return data
    }

    private struct StepLine: Encodable {
        let stage: Int
        let rate: Float
        let rows: [Int]
        /// The stage of each row, where some see the prompts of a later one.
        let stages: [Int]?
    }

    private func endToken(_ encoder: PromptEncoder) -> String {
        String(decoding: encoder.tokenizer.decode([encoder.template.stopTokens[0]]), as: UTF8.self)
    }

    private func save(_ data: Data, _ name: String, _ folder: String) throws {
        try data.write(to: URL(fileURLWithPath: folder + "/" + name), options: .atomic)
    }
}
