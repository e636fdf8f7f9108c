import Foundation
import Internalization
import TestSupport
import Testing

@testable import Configuration

@Suite("Recipe files")
struct RecipeFileTests {
    private func read(_ text: String) throws -> TaskRecipe {
        try RecipeFileReader(root: YAMLReader.parse(text, file: "task/recipe.yaml"), folder: "task").recipe()
    }

    private func error(_ text: String) -> String {
        do {
            _ = try read(text)
            return "none"
        } catch {
            return "\(error)"
        }
    }

    @Test("a file with every key is read as it is written")
    func everything() throws {
        let recipe = try read(
            """
            training:
              schedule:
                - {template: 1, examples: 8}
                - {template: 0.5, examples: 2}
                - {template: 0, examples: 0}
              epochs: 6
              last_stage_share: 0.4
              batch: 32
              accumulation: 2
              rate: 0.0005
              warm_up: 0.2
              clip: 0.5
              weight_decay: 0.01
              rank: 16
              alpha: 16
              seed: 7
              reset_optimizer: true
              query_only_mix: [0.1, 1]
              removal_smoothing: 4
              distillation: {weight: 0.3, top: 32}
              adaptive_patience: 2
              patience: 5
              evaluation_interval: 10
              fixed_rate: 0.6
            retrieval: {method: bm25, bank_ratio: 0.5}
            compressor: {files: templates}
            force_tokens: ["Output contract"]
            evaluation: {metrics: [exact, char_bleu], unit: group, pattern: "=.*", maximum_answer: 64}
            promotion: {margin: 1.5, minimum_rows: 100, control_override: "labels are plenty"}
            """)
        let training = recipe.training
        #expect(training.list?.map(\.exampleCount) == [8, 2, 0] && training.stages == 3)
        #expect(training.rank == 16 && training.alpha == 16 && training.seed == 7 && training.accumulation == 2)
        #expect(training.distillation == .init(weight: 0.3, top: 32) && training.queryOnlyMix == [0.1, 1])
        #expect(training.retrieval.method == .bm25 && training.retrieval.bankRatio == 0.5)
        #expect(recipe.compressor == .files("task/templates") && recipe.forced == ["Output contract"])
        #expect(recipe.evaluation.unit == .group && recipe.evaluation.maximumAnswer == 64)
        #expect(try recipe.evaluation.resolved().map(\.name) == ["exact", "char_bleu", "format"])
        #expect(recipe.promotion.margin == 1.5 && recipe.promotion.controlOverride == "labels are plenty")
    }

    @Test("a folder without a file has the usual recipe; alpha follows rank")
    func usual() throws {
        #expect(try RecipeFile.load(taskFolder: "no-such-folder") == TaskRecipe())
        #expect(try read("training: {rank: 8}").training.alpha == 16)
        #expect(
            try read("compressor: {command: [python3, compress.py]}").compressor
                == .command(["python3", "compress.py"]))
    }

    @Test(
        "what is wrong is named by file, line and key",
        arguments: [
            ("training:\n  epohcs: 3\n", "task/recipe.yaml:2: training.epohcs", "did you mean 'epochs'?"),
            ("training:\n  rate: fast\n", "task/recipe.yaml:2: training.rate", "number"),
            ("training:\n  stages: 1\n", "task/recipe.yaml:2: training.stages", "2"),
            ("training:\n  schedule: cubic\n", "task/recipe.yaml:2: training.schedule", "linear"),
            ("training:\n  query_only_mix: [0.1]\n", "task/recipe.yaml:2: training.query_only_mix", "two"),
            (
                "training:\n  schedule:\n    - {template: 1, examples: 2}\n    - {template: 0.5, examples: 0}\n",
                "training.schedule", "last stage"
            ),
            ("compressor: zip\n", "task/recipe.yaml:1: compressor", "attribution"),
            ("compressor: {command: []}\n", "compressor.command", "empty"),
            ("evaluation:\n  metrics: [bleu]\n", "task/recipe.yaml:2: evaluation.metrics", "char_bleu"),
            ("evaluation:\n  pattern: \"(\"\n", "evaluation.pattern", "regular expression"),
            ("retrieval:\n  bank_ratio: 0\n", "retrieval.bank_ratio", "from"),
        ])
    func errors(_ text: String, _ place: String, _ advice: String) {
        let message = error(text)
        #expect(message.contains(place), "\(message)")
        #expect(message.contains(advice), "\(message)")
    }
}
