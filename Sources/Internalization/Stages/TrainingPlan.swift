import Tuning

/// Which rows each optimizer step of a run is computed on, and at which learning rate.
///
/// The plan depends on nothing but the recipe and the number of rows, so whoever follows it, embedded trainer or another
/// program, does the same steps.
public struct TrainingPlan: Sendable {
    /// The recipe.
    public let recipe: Recipe
    /// The stages of the recipe's arm.
    public let stages: [Stage]
    /// Optimizer steps of each stage.
    public let stageSteps: [Int]
    /// Number of training rows.
    public let rows: Int
    private var cachedOrder: (epoch: Int, order: [Int])?

    /// The plan of a recipe over `rows` training rows.
    ///
    /// - Throws: `InternalizationError.setting` if there are no rows, or a setting is out of its range.
    public init(recipe: Recipe, rows: Int) throws(InternalizationError) {
        guard recipe.batch > 0, recipe.epochs > 0, recipe.rank > 0 else {
            throw .setting("batch, epochs and rank have to be at least 1")
        }
        guard rows > 0 else { throw .setting("there are no training rows") }
        self.recipe = recipe
        self.rows = rows
        stages = try recipe.resolvedStages()
        stageSteps = recipe.stageSteps(rows: rows)
    }

    /// Steps of all stages.
    public var steps: Int { stageSteps.reduce(0, +) }

    /// Steps before a stage.
    public func steps(before stage: Int) -> Int { stageSteps[..<stage].reduce(0, +) }

    /// The learning rate of a stage's step, both counted from 0.
    ///
    /// The rate falls over all steps in a row that have the same prompts, and starts anew where the prompts change: a
    /// removal needs high rates again.
    public func rate(stage: Int, step: Int) -> Float {
        let first = stages[..<stage].lastIndex { $0 != stages[stage] }.map { $0 + 1 } ?? 0
        let end = stages[stage...].firstIndex { $0 != stages[stage] } ?? stages.count
        let total = stageSteps[first..<end].reduce(0, +)
        let warmUp = max(1, Int(Double(total) * recipe.warmUp))
        let schedule = RateSchedule(peak: recipe.rate, warmUpSteps: warmUp, totalSteps: total)
        return schedule.rate(at: steps(before: stage) + step - steps(before: first))
    }

    /// The rows of a step, counted from 0 over all stages: the data set in an order that depends on seed and epoch.
    public mutating func rows(step: Int) -> [Int] {
        (0..<recipe.batch).map { index in
            let position = step * recipe.batch + index
            return order(epoch: position / rows)[position % rows]
        }
    }

    private mutating func order(epoch: Int) -> [Int] {
        if let cachedOrder, cachedOrder.epoch == epoch { return cachedOrder.order }
        var random = TrainingRandom(seed: recipe.seed &* 7_919 &+ UInt64(epoch))
        var order = Array(0..<rows)
        for index in order.indices.dropLast() {
            order.swapAt(index, index + Int(random.next() >> 1) % (order.count - index))
        }
        cachedOrder = (epoch, order)
        return order
    }
}
