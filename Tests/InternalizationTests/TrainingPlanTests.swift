import Testing

@testable import Internalization

@Suite("Training plans")
struct TrainingPlanTests {
    private func recipe(_ arm: TrainingArm) -> Recipe {
        var recipe = Recipe()
        recipe.arm = arm
        recipe.batch = 8
        recipe.epochs = 6
        recipe.stages = 3
        recipe.seed = 5
        return recipe
    }

    @Test("an epoch has every row once, and the next epoch has them in another order")
    func epochs() throws {
        var plan = try TrainingPlan(recipe: recipe(.progressive), rows: 24)
        let steps = (0..<plan.steps).map { plan.rows(step: $0) }
        #expect(plan.steps == 18 && plan.stageSteps.count == 3 && steps.allSatisfy { $0.count == 8 })
        let epochs = stride(from: 0, to: 18, by: 3).map { Array(steps[$0..<$0 + 3].joined()) }
        for epoch in epochs { #expect(epoch.sorted() == Array(0..<24)) }
        #expect(Set(epochs).count == 6)
    }

    @Test("every arm sees the same rows in the same steps; the rate starts anew only where the prompts change")
    func arms() throws {
        var progressive = try TrainingPlan(recipe: recipe(.progressive), rows: 24)
        var control = try TrainingPlan(recipe: recipe(.queryOnly), rows: 24)
        for step in 0..<18 { #expect(progressive.rows(step: step) == control.rows(step: step)) }
        for stage in 0..<3 {
            let peak = (0..<progressive.stageSteps[stage]).map { progressive.rate(stage: stage, step: $0) }.max()
            #expect(peak == progressive.recipe.rate)
        }
        let last = (0..<control.stageSteps[2]).map { control.rate(stage: 2, step: $0) }
        #expect(last.allSatisfy { $0 < control.recipe.rate })
        #expect(zip(last, last.dropFirst()).allSatisfy { $0 > $1 })
    }

    @Test("settings out of their range are refused")
    func refusals() {
        var wrong = recipe(.progressive)
        wrong.batch = 0
        #expect(throws: InternalizationError.self) { try TrainingPlan(recipe: wrong, rows: 3) }
        #expect(throws: InternalizationError.self) { try TrainingPlan(recipe: recipe(.progressive), rows: 0) }
    }
}
