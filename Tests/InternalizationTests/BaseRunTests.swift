import Engine
import Foundation
import Testing
import Tokenization
import Tuning

@testable import Internalization

@Suite("Training of a base model")
struct BaseRunTests {
    private static func recipe(steps: Int) -> BaseRecipe {
        BaseRecipe(
            vocabularySize: 512, hiddenSize: 64, intermediateSize: 128, layerCount: 2, headCount: 2,
            keyValueHeadCount: 1, seed: 4, steps: steps, rate: 3e-3, warmUpSteps: 10, decaySteps: 1, weightDecay: 0.01,
            promptWeight: 0.2, wordDropout: 0.05, examples: 1,
            sources: [
                .init(file: "rows", prompt: .query, rowsPerStep: 6, everySteps: 1, swapShare: 0.5),
                .init(file: "rows", prompt: .full, rowsPerStep: 2, everySteps: 25, swapShare: 0),
            ])
    }

    private static func train(
        _ task: SmallTask, steps: Int, folder: String
    ) throws -> (ModelWeights, [BaseRun.Progress]) {
        let recipe = recipe(steps: steps)
        let corpus = try BaseCorpus(
            recipe: recipe, rows: [task.rows, task.rows], heldOut: task.heldOut, encoder: task.encoder)
        let model = recipe.model(
            vocabularySize: task.encoder.tokenizer.vocabularySize, endToken: task.encoder.template.stopTokens[0])
        var seen: [BaseRun.Progress] = []
        let weights = try BaseRun(
            plan: recipe.plan, model: model, source: corpus, folder: folder, threads: 2
        ).run { seen.append($0) }
        return (weights, seen)
    }

    @Test("a prolonged run has the weights of one that never stopped, and the loss falls")
    func prolonged() throws {
        let task = try SmallTask()
        let folder = FileManager.default.temporaryDirectory.path + "/base-run-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (whole, progress) = try Self.train(task, steps: 130, folder: folder + "/whole")
        let (_, first) = try Self.train(task, steps: 100, folder: folder + "/parts")
        let (parts, second) = try Self.train(task, steps: 130, folder: folder + "/parts")
        #expect(parts.values == whole.values)
        #expect(first.map(\.step) == [100] && second.map(\.step) == [130] && progress.map(\.step) == [130])
        #expect(second[0].heldOutLoss == progress[0].heldOutLoss)
        #expect(second[0].loss < first[0].loss && second[0].heldOutLoss < 5)
    }

    @Test("a step's rows do not depend on the number of threads, and only answers and queries are to be predicted")
    func batches() throws {
        let task = try SmallTask()
        let corpus = try BaseCorpus(recipe: Self.recipe(steps: 1), rows: [task.rows, task.rows], encoder: task.encoder)
        for step in [0, 1, 25, 26] {
            let one = try corpus.batch(step: step, threads: 1)
            let two = try corpus.batch(step: step, threads: 2)
            #expect(one.reduce(0) { $0 + $1.segments.count } == (step % 25 == 0 ? 8 : 6))
            #expect(two.reduce(0) { $0 + $1.segments.count } == (step % 25 == 0 ? 8 : 6))
            func answers(_ batch: [PackedSequence]) -> Int {
                batch.reduce(0) { $0 + $1.weights.count { $0 == 1 } }
            }
            #expect(answers(one) == answers(two))
            #expect(one.allSatisfy { $0.weights.prefix(max(0, $0.prefix - 1)).allSatisfy { $0 == 0 } })
        }
    }
}
