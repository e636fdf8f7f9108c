import Engine
import Foundation
import TestSupport
import Testing
import Tokenization

@testable import Internalization

@Suite("Internalization runs")
struct InternalizationRunTests {
    private func recipe(_ arm: TrainingArm, epochs: Int) -> Recipe {
        var recipe = Recipe()
        recipe.arm = arm
        recipe.examples = 2
        recipe.epochs = epochs
        recipe.rank = 8
        recipe.alpha = 16
        recipe.rate = 5e-3
        recipe.stages = 2
        return recipe
    }

    @Test("an interrupted run goes on to the same adapter bit for bit, and every arm takes as many steps")
    func resumes() throws {
        let task = try SmallTask()
        let folder = try TinyModelFolder()
        let whole = try task.run(recipe(.progressive, epochs: 18), runs: folder.path + "/whole")
        var steps = 0
        let (adapter, stages) = try whole.run { progress in
            steps += 1
            #expect(progress.step == steps)
            #expect(progress.steps == whole.stageSteps.reduce(0, +))
        }
        #expect(stages.map(\.steps) == whole.stageSteps)
        #expect(stages[1].loss < stages[0].loss)

        let again = try task.run(recipe(.progressive, epochs: 18), runs: folder.path + "/again")
        for stop in [53, 60, 97] {
            // The checkpoint of step 50 is found again; what came after it is computed once more.
            let killed = try task.run(recipe(.progressive, epochs: 18), runs: folder.path + "/again")
            do {
                _ = try killed.runUntil(step: stop)
            } catch is StopRequest {
                continue
            }
        }
        let (resumed, records) = try again.run { _ in }
        #expect(resumed.values == adapter.values)
        #expect(records.map(\.corpus) == stages.map(\.corpus))
        let control = try task.run(recipe(.queryOnly, epochs: 18), runs: folder.path)
        #expect(control.stageSteps == whole.stageSteps)
        #expect(control.folder != whole.folder)
    }

    @Test("a query-only arm learns a small book by heart, which the base does not know")
    func learns() throws {
        let task = try SmallTask()
        let folder = try TinyModelFolder()
        let run = try task.run(recipe(.queryOnly, epochs: 60), runs: folder.path)
        let (adapter, _) = try run.run { _ in }
        let evaluator = Evaluator(encoder: task.encoder, bank: task.rows, maximumAnswer: 48)
        let items = EvaluationItem.items(task.heldOut, unit: .row)
        let base = try DecoderModel(weights: task.base)
        let before = try evaluator.evaluate(
            arm: "A1", meaning: "base", model: base, items: items, prompt: .queryOnly)
        let after = try evaluator.evaluate(
            arm: "B3", meaning: "tuned", model: try base.merging(adapter), items: items, prompt: .queryOnly,
            timed: 2)
        #expect(before.exact == 0)
        #expect(after.exact >= 50, "\(after.exact)")
        #expect(after.scores.count == task.heldOut.count)
        #expect(try #require(after.latency).firstToken > 0)
        let difference = PairedDifference(after, before)
        #expect(difference.difference == after.exact)
        #expect(difference.low <= difference.difference && difference.difference <= difference.high)
    }
}

/// Lets an answer have so many tokens, all of one kind.
private struct Repeated: TokenConstraint {
    let token: Int32
    var left: Int

    var mayEnd: Bool { left == 0 }
    var allowed: TokenMask {
        var mask = TokenMask(size: Int(token) + 1)
        if left > 0 { mask.insert(token) }
        return mask
    }
    mutating func accept(_ token: Int32) { left -= 1 }
}

@Suite("What is evaluated is what is served")
struct ServedAnswerTests {
    @Test("a task's form holds the answers to shortened prompts, and not those to the full one")
    func form() throws {
        let task = try SmallTask()
        let token = try #require(task.encoder.tokenizer.encode(Array("a".utf8)).first)
        let evaluator = Evaluator(
            encoder: task.encoder, bank: task.rows, maximumAnswer: 8, form: Repeated(token: token, left: 3))
        let items = EvaluationItem.items(
            task.heldOut.prefix(4).map { TaskRow(query: $0.query, answer: "aaa") }, unit: .row)
        let model = try DecoderModel(weights: task.base)
        func exact(_ prompt: Evaluator.Prompt) throws -> Double {
            try evaluator.evaluate(arm: "C", meaning: "", model: model, items: items, prompt: prompt, timed: 1).exact
        }
        #expect(try exact(.queryOnly) == 100)
        #expect(try exact(.shortened(literals: task.encoder.schema.emptiedLiterals, examples: 1)) == 100)
        #expect(try exact(.full(examples: 1)) == 0)
    }
}

/// Thrown by a test in the middle of a run, as a stand-in for the process being killed between two steps.
struct StopRequest: Error {}

extension InternalizationRun {
    /// Runs and stops the hard way at a step.
    func runUntil(step: Int) throws {
        _ = try run { progress throws(StopRequest) in
            if progress.step == step { throw StopRequest() }
        }
    }
}
