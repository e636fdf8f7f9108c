import Foundation
import Randomness
import Tuning

/// Which rows each optimizer step of a run is computed on, under which stage's prompts, and at which learning rate.
///
/// The plan depends on nothing but the recipe and the number of rows, so whoever follows it, embedded trainer or
/// another program, does the same steps. Only an adaptive run changes it: a stage that ends early leaves its steps to
/// the last.
public struct TrainingPlan: Sendable {
    /// The recipe.
    public let recipe: Recipe
    /// The stages of the recipe's arm.
    public let stages: [Stage]
    /// Optimizer steps of each stage.
    public private(set) var stageSteps: [Int]
    /// Number of training rows.
    public let rows: Int
    private var cachedOrder: (epoch: Int, order: [Int])?

    /// The plan of a recipe over `rows` training rows.
    ///
    /// - Throws: `InternalizationError.setting` if there are no rows, or a setting is out of its range.
    public init(recipe: Recipe, rows: Int) throws(InternalizationError) {
        try recipe.validate()
        guard rows > 0 else { throw .setting("there are no training rows") }
        self.recipe = recipe
        self.rows = rows
        stages = try recipe.resolvedStages()
        stageSteps = recipe.stageSteps(rows: rows)
    }

    /// Steps of all stages.
    public var steps: Int { stageSteps.reduce(0, +) }

    /// The last stage that learns from labels: the query alone, in an arm that removes.
    public var lastLabelled: Int { stages.lastIndex { !$0.isOnPolicy } ?? 0 }

    /// Steps before a stage.
    public func steps(before stage: Int) -> Int { stageSteps[..<stage].reduce(0, +) }

    /// Ends a stage after `steps` steps and gives those that are left to the last one with labels.
    mutating func end(stage: Int, after steps: Int) {
        stageSteps[lastLabelled] += stageSteps[stage] - steps
        stageSteps[stage] = steps
    }

    /// Ends the last stage with labels after `steps` steps.
    mutating func stop(stage: Int, after steps: Int) {
        stageSteps[stage] = steps
    }

    /// Takes over the stages' steps that an interrupted run had come to.
    mutating func resume(stageSteps: [Int]) {
        if stageSteps.count == stages.count { self.stageSteps = stageSteps }
    }

    /// The learning rate of a stage's step, both counted from 0.
    ///
    /// The rate falls over all steps in a row that have the same prompts, and starts anew where the prompts change: a
    /// removal needs high rates again.
    public func rate(stage: Int, step: Int) -> Float {
        let first = stages[..<stage].lastIndex { $0 != stages[stage] }.map { $0 + 1 } ?? 0
        let end = stages[stage...].firstIndex { $0 != stages[stage] } ?? stages.count
        let total = stageSteps[first..<end].reduce(0, +)
        let warmUp = max(1, Int(Double(total) * recipe.warmUp))
        let peak = stages[stage].isOnPolicy ? recipe.onPolicy?.rate ?? recipe.rate : recipe.rate
        let schedule = RateSchedule(peak: peak, warmUpSteps: warmUp, totalSteps: total)
        return schedule.rate(at: steps(before: stage) + step - steps(before: first))
    }

    /// The rows of a step, counted from 0 over all stages: the data set in an order that depends on seed and epoch.
    public mutating func rows(step: Int) -> [Int] {
        (0..<recipe.batch).map { index in
            let position = step * recipe.batch + index
            return order(epoch: position / rows)[position % rows]
        }
    }

    /// For each row of a step, the stage under whose prompts it is computed: mostly the step's own, a later one where
    /// the recipe mixes in query-only rows or smooths the removal.
    public func rowStages(stage: Int, step: Int) -> [Int] {
        let last = lastLabelled
        var result = [Int](repeating: stage, count: recipe.batch)
        guard recipe.arm.isRemoval, stage < last, recipe.queryOnlyMix != nil || recipe.removalSmoothing > 0 else {
            return result
        }
        let progress = Double(stage) / Double(last)
        let share = recipe.queryOnlyMix.map { $0[0] + ($0[1] - $0[0]) * progress } ?? 0
        var random = SplitMix64(seed: recipe.seed &* 104_729 &+ UInt64(step))
        for index in result.indices {
            let (mixed, offset) = (random.unit(), -log(1 - random.unit()))
            if mixed < share {
                result[index] = last
            } else if recipe.removalSmoothing > 0 {
                result[index] = min(last, stage + Int(min(Double(last), offset / recipe.removalSmoothing)))
            }
        }
        return result
    }

    private mutating func order(epoch: Int) -> [Int] {
        if let cachedOrder, cachedOrder.epoch == epoch { return cachedOrder.order }
        var random = SplitMix64(seed: recipe.seed &* 7_919 &+ UInt64(epoch))
        let order = random.choose(rows, of: Array(0..<rows))
        cachedOrder = (epoch, order)
        return order
    }
}
