import Testing

@testable import Internalization

@Suite("Schedules")
struct StageScheduleTests {
    @Test(
        "stages equal the check values of the method",
        arguments: [
            (RemovalCurve.linear, 4, 10, [1, 0.667, 0.333, 0], [10, 6, 3, 0]),
            (.linear, 4, 5, [1, 0.667, 0.333, 0], [5, 3, 1, 0]),
            (.exponential, 4, 10, [1, 0.335, 0.090, 0], [10, 3, 0, 0]),
            (.inverseExponential, 4, 10, [1, 0.910, 0.665, 0], [10, 9, 6, 0]),
            (.linear, 6, 5, [1, 0.8, 0.6, 0.4, 0.2, 0], [5, 4, 3, 2, 1, 0]),
        ])
    func values(_ curve: RemovalCurve, _ count: Int, _ examples: Int, _ rates: [Double], _ counts: [Int]) throws {
        let stages = try curve.stages(count: count, examples: examples)
        #expect(zip(stages, rates).allSatisfy { abs($0.templateRate - $1) < 5e-4 })
        #expect(stages.map(\.exampleCount) == counts)
    }

    @Test("every curve starts with everything, ends with nothing and never grows", arguments: RemovalCurve.allCases)
    func shape(_ curve: RemovalCurve) throws {
        for count in 2...9 {
            let stages = try curve.stages(count: count, examples: 10)
            #expect(stages[0] == Stage(templateRate: 1, exampleCount: 10))
            #expect(stages[count - 1].isQueryOnly)
            #expect(zip(stages, stages.dropFirst()).allSatisfy { $0.templateRate >= $1.templateRate })
            #expect(zip(stages, stages.dropFirst()).allSatisfy { $0.exampleCount >= $1.exampleCount })
        }
    }

    @Test("one stage cannot remove anything")
    func refused() {
        #expect(throws: InternalizationError.self) { try RemovalCurve.linear.stages(count: 1, examples: 5) }
        #expect(throws: InternalizationError.self) { try RemovalCurve.linear.stages(count: 4, examples: -1) }
    }

    @Test("every arm has the same number of stages; the bar keeps all, the control nothing")
    func arms() throws {
        var recipe = Recipe()
        #expect(try recipe.resolvedStages().map(\.exampleCount) == [10, 6, 3, 0])
        recipe.arm = .fullPrompt
        #expect(try recipe.resolvedStages() == [Stage](repeating: Stage(templateRate: 1, exampleCount: 10), count: 4))
        recipe.arm = .queryOnly
        #expect(try recipe.resolvedStages().allSatisfy(\.isQueryOnly))
    }

    @Test("steps are split without loss: the last stage takes its share, the others the rest evenly")
    func steps() {
        var recipe = Recipe()
        #expect(recipe.stageSteps(rows: 1_200) == [50, 50, 50, 150])
        recipe.lastStageShare = 0.25
        #expect(recipe.stageSteps(rows: 1_200) == [75, 75, 75, 75])
        recipe.stages = 3
        #expect(recipe.stageSteps(rows: 17).reduce(0, +) == 8)
    }
}
