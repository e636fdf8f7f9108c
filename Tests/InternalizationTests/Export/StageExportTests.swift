import Engine
import Foundation
import PromptSchema
import TestSupport
import Testing

@testable import Internalization

@Suite("Exports")
struct StageExportTests {
    private static let recipe: Recipe = {
        var recipe = Recipe()
        recipe.examples = 4
        recipe.batch = 8
        recipe.epochs = 2
        recipe.rate = 2e-5
        return recipe
    }()

    private func export(
        _ target: ExportTarget, family: BedrockFamily = .nova, task: SmallTask, to folder: String, rows: Int = 96,
        counts: Bool = true, recipe: Recipe = Self.recipe
    ) throws -> ExportIndex {
        var settings = ExportSettings(target: target, family: family)
        settings.model = "some/model"
        return try StageExport(
            recipe: recipe, schema: task.encoder.schema, encoder: counts ? task.encoder : nil,
            rows: Array(task.rows.prefix(rows)), heldOut: task.heldOut, compressor: RuleCompressor(),
            settings: settings
        ).write(to: folder)
    }

    private func lines(_ path: String) throws -> [Substring] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    }

    /// What a line holds, as (role, text) pairs, the answer last.
    private func turns(_ line: Substring) throws -> [[String]] {
        let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        if let prompt = object["prompt"] as? String {
            return [["user", prompt], ["answer", "\(object["completion"]!)"]]
        }
        var turns: [[String]] = []
        if let system = object["system"] as? String { turns.append(["system", system]) }
        if let system = object["system"] as? [[String: String]] { turns.append(["system", system[0]["text"]!]) }
        let all = ["prompt", "messages", "completion"].flatMap { object[$0] as? [[String: Any]] ?? [] }
        for turn in all {
            let parts = turn["content"] as? [[String: String]]
            turns.append([turn["role"] as! String, parts?[0]["text"] ?? turn["content"] as! String])
        }
        if let answer = object["answer"] as? String { turns.append(["assistant", answer]) }
        return turns
    }

    @Test(
        "an alpha that is no whole number is refused by name where the tool takes none",
        arguments: ExportTarget.allCases)
    func fractionalAlpha(_ target: ExportTarget) throws {
        let (task, folder) = (try SmallTask(), try TinyModelFolder())
        var recipe = Self.recipe
        recipe.alpha = 12.5
        guard [.trl, .llamaFactory, .axolotl].contains(target) else {
            #expect(try export(target, task: task, to: folder.path, recipe: recipe).recipe.alpha == 12.5)
            return
        }
        let error = #expect(throws: InternalizationError.self) {
            try export(target, task: task, to: folder.path, recipe: recipe)
        }
        #expect("\(try #require(error))".contains("alpha: 12.5 is no whole number"))
    }

    @Test("an on-policy stage has no labels: it is not exported, and its key is said")
    func onPolicy() throws {
        let (task, folder) = (try SmallTask(), try TinyModelFolder())
        var recipe = Self.recipe
        recipe.onPolicy = .init(steps: 3)
        let export = try StageExport(
            recipe: recipe, schema: task.encoder.schema, encoder: task.encoder, rows: task.rows,
            compressor: RuleCompressor(), settings: ExportSettings(target: .peft))
        #expect(export.ignored == ["on_policy"])
        let index = try export.write(to: folder.path)
        #expect(index.stages.count == 4 && index.stages.map(\.steps) == Self.recipe.stageSteps(rows: 96))
    }

    @Test(
        "answers are the same to the byte in every stage, the last has the query alone, the first the whole template",
        arguments: ExportTarget.allCases)
    func stages(_ target: ExportTarget) throws {
        let (task, folder) = (try SmallTask(), try TinyModelFolder())
        let index = try export(target, task: task, to: folder.path)
        let stages = try (0..<4).map { try lines(folder.path + "/stage-\($0).jsonl").map(turns) }
        for stage in stages {
            #expect(stage.map { $0.last?[1] } == task.rows.map(\.answer))
            #expect(stage.allSatisfy { $0.last?[0] == "assistant" })
        }
        for (row, turns) in zip(task.rows, stages[3]) { #expect(turns.dropLast() == [["user", row.query]]) }
        let template = task.encoder.schema.literals.map { String(decoding: $0.text, as: UTF8.self) }
        for turns in stages[0] { #expect(template.allSatisfy { turns[0][1].contains($0) }) }
        let validation = try lines(folder.path + "/validation.jsonl").map(turns)
        #expect(validation.map { $0[0][1] } == task.heldOut.map(\.query))
        #expect(index.stages.map(\.examples) == [4, 2, 1, 0] && index.stages.last?.actualRate == 0)
        let written = try JSONDecoder().decode(
            ExportIndex.self, from: Data(contentsOf: URL(fileURLWithPath: folder.path + "/export.json")))
        #expect(written == index && index.endToken == "<|im_end|>" && index.countsTokens)
    }

    @Test("the texts are those of the embedded trainer: their token ids have its corpora's digests")
    func tokens() throws {
        let (task, folder) = (try SmallTask(), try TinyModelFolder())
        let index = try export(.peft, task: task, to: folder.path)
        for (entry, stage) in zip(index.stages, try Self.recipe.resolvedStages()) {
            let corpus = try StageCorpus(
                stage: stage, rows: task.rows, encoder: task.encoder, compressor: RuleCompressor(),
                retriever: ExampleRetriever(bank: task.rows))
            #expect(entry.tokensSHA256 == corpus.digest)
            #expect(entry.maximumTokens == corpus.examples.map(\.count).max())
        }
    }

    @Test("the PEFT plan has the embedded trainer's rows and rates, step by step")
    func plan() throws {
        struct Step: Decodable {
            let stage: Int
            let rate: Float
            let rows: [Int]
        }
        let (task, folder) = (try SmallTask(), try TinyModelFolder())
        _ = try export(.peft, task: task, to: folder.path)
        let steps = try lines(folder.path + "/steps.jsonl").map {
            try JSONDecoder().decode(Step.self, from: Data($0.utf8))
        }
        var plan = try TrainingPlan(recipe: Self.recipe, rows: 96)
        #expect(steps.count == plan.steps && steps.count == 24)
        for (number, step) in steps.enumerated() {
            #expect(step.rows == plan.rows(step: number))
            #expect(step.rate == plan.rate(stage: step.stage, step: number - plan.steps(before: step.stage)))
        }
        try StageExport(
            recipe: Self.recipe, schema: task.encoder.schema, encoder: nil, rows: task.rows,
            compressor: RuleCompressor(), settings: ExportSettings(target: .peft)
        ).writeInitialAdapter(to: folder.path + "/initial", model: task.base.config)
        #expect(FileManager.default.fileExists(atPath: folder.path + "/initial/adapter_config.json"))
    }

    @Test(
        "configurations train each stage from the one before, with as many steps as the embedded trainer",
        arguments: [
            (ExportTarget.llamaFactory, "adapter_name_or_path: output/stage-"),
            (.axolotl, "lora_model_dir: output/stage-"),
        ])
    func chains(_ target: ExportTarget, _ key: String) throws {
        let (task, folder) = (try SmallTask(), try TinyModelFolder())
        let index = try export(target, task: task, to: folder.path)
        for stage in 0..<4 {
            let text = try lines(folder.path + "/stage-\(stage).yaml")
            #expect(text.contains { $0.hasPrefix(key) } == (stage > 0))
            if stage > 0 { #expect(text.contains("\(key)\(stage - 1)")) }
            #expect(text.contains("output_dir: output/stage-\(stage)"))
            #expect(text.contains("max_steps: \(index.stages[stage].steps)"))
            #expect(text.contains { $0.contains("\"some/model\"") } && text.contains("learning_rate: 0.00002"))
        }
    }

    @Test("prompts are shortened and given examples as the recipe says, and the export names the compressor")
    func sources() throws {
        let (task, folder) = (try SmallTask(), try TinyModelFolder())
        var settings = RetrievalSettings()
        settings.method = .bm25
        settings.bankRatio = 0.5
        let retriever = try ExampleRetriever(bank: task.rows, settings: settings)
        let compressor = RuleCompressor(forced: ["Branches"])
        let index = try StageExport(
            recipe: Self.recipe, schema: task.encoder.schema, encoder: task.encoder, rows: task.rows,
            compressor: compressor, retriever: retriever, settings: ExportSettings(target: .peft)
        ).write(to: folder.path)
        #expect(index.recipe.compressor == compressor.name && compressor.name != RuleCompressor().name)
        for (entry, stage) in zip(index.stages, try Self.recipe.resolvedStages()) {
            let corpus = try StageCorpus(
                stage: stage, rows: task.rows, encoder: task.encoder, compressor: compressor, retriever: retriever)
            #expect(entry.tokensSHA256 == corpus.digest)
            #expect(entry.template == (stage.isQueryOnly ? nil : corpus.template.cuts))
        }
    }

    @Test("rows that see a later stage's prompts are named in the PEFT plan; other tools' limits are told")
    func mixes() throws {
        struct Step: Decodable {
            let stage: Int
            let stages: [Int]?
        }
        let (task, folder) = (try SmallTask(), try TinyModelFolder())
        var recipe = Self.recipe
        recipe.queryOnlyMix = [0.5, 1]
        recipe.patience = 2
        func export(_ target: ExportTarget) throws -> StageExport {
            try StageExport(
                recipe: recipe, schema: task.encoder.schema, encoder: nil, rows: task.rows,
                compressor: RuleCompressor(), settings: ExportSettings(target: target))
        }
        let peft = try export(.peft)
        _ = try peft.write(to: folder.path)
        let plan = try TrainingPlan(recipe: recipe, rows: 96)
        for (number, line) in try lines(folder.path + "/steps.jsonl").enumerated() {
            let step = try JSONDecoder().decode(Step.self, from: Data(line.utf8))
            let stages = plan.rowStages(stage: step.stage, step: number)
            #expect(step.stages ?? [Int](repeating: step.stage, count: 8) == stages)
        }
        #expect(peft.ignored == ["patience"])
        #expect(try export(.trl).ignored == ["patience", "query_only_mix"])
    }

    @Test("held-out rows are registered where the tool looks for them")
    func validation() throws {
        let (task, folder) = (try SmallTask(), try TinyModelFolder())
        _ = try export(.llamaFactory, task: task, to: folder.path)
        let info =
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: folder.path + "/dataset_info.json")))
            as? [String: [String: Any]]
        #expect(info?["small-validation"]?["file_name"] as? String == "validation.jsonl")
        let factory = try lines(folder.path + "/stage-1.yaml")
        #expect(factory.contains("eval_dataset: \"small-validation\"") && factory.contains("eval_strategy: steps"))
        _ = try export(.axolotl, task: task, to: folder.path)
        let axolotl = try lines(folder.path + "/stage-1.yaml")
        let place = try #require(axolotl.firstIndex(of: "test_datasets:"))
        #expect(axolotl[place + 1] == "  - path: \"validation.jsonl\"" && axolotl[place + 3] == "    ds_type: json")
        _ = try export(.bedrock, task: task, to: folder.path)
        let job = try String(contentsOfFile: folder.path + "/job-0.json", encoding: .utf8)
        #expect(job.contains("{\"validators\": [{\"s3Uri\": \"s3://${BUCKET}/validation.jsonl\"}]}"))
    }

    @Test("a Bedrock job starts from the model before it and takes at most five epochs")
    func bedrockJobs() throws {
        let (task, folder) = (try SmallTask(), try TinyModelFolder())
        let index = try export(.bedrock, task: task, to: folder.path)
        for stage in 0..<4 {
            let data = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/job-\(stage).json"))
            let job = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
            let base = stage == 0 ? "some/model" : "${STAGE_\(stage - 1)_MODEL_ARN}"
            #expect(job["baseModelIdentifier"] as? String == base)
            let epochs = (job["hyperParameters"] as? [String: String])?["epochCount"].flatMap { Int($0) }
            #expect(epochs == min(5, index.stages[stage].epochs))
        }
    }

    @Test("without a tokenizer tokens are an estimate that says so; a file that is too small is not written")
    func withoutTokenizer() throws {
        let (task, folder) = (try SmallTask(), try TinyModelFolder())
        let index = try export(.openai, task: task, to: folder.path + "/a", counts: false)
        #expect(!index.countsTokens && index.endToken == nil && index.stages.allSatisfy { $0.tokensSHA256 == nil })
        let error = #expect(throws: InternalizationError.self) {
            try export(.openai, task: task, to: folder.path + "/b", rows: 9)
        }
        #expect(error?.description.contains("b/stage-0.jsonl: has 9 rows") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/b"))
    }
}
