import Engine
import Foundation
import Testing

@testable import Internalization

@Suite("Evaluation reports")
struct ReportTests {
    private func result(_ arm: String, _ scores: [Double]) -> ArmResult {
        let items = EvaluationItem.items(
            scores.indices.map { TaskRow(query: "q\($0)", answer: "yes", group: "g\($0 / 2)") }, unit: .row)
        return ArmResult(
            arm: arm, meaning: "<meaning> & \(arm)",
            answers: zip(scores, items).map { GradedAnswer(text: $0 > 0 ? "yes" : "no", references: $1.references) },
            items: items, metrics: [ExactMatch(), BLEUMetric(unit: .characters)], promptTokens: [1_000, 2_000],
            answerTokens: [10])
    }

    private func report() -> EvaluationReport {
        var report = EvaluationReport(
            task: "t", data: "test.jsonl", unit: .row, prices: .init(input: 1, output: 4))
        let seeds: [(seed: UInt64, result: ArmResult)] = [
            (seed: UInt64(1), result: result("C", [1, 1, 0, 1])), (seed: UInt64(2), result: result("C", [1, 0, 0, 1])),
        ]
        report.arms["C"] = .mean(of: seeds)
        report.arms["B3"] = result("B3", [1, 0, 0, 0])
        report.arms["D-kd"] = result("D-kd", [1, 1, 1, 1])
        report.compare()
        return report
    }

    @Test("JSON has each arm's metrics beside its other members, and no list of items; those have a file of their own")
    func json() throws {
        let data = try JSONEncoder().encode(report())
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let arms = try #require(object["arms"] as? [String: [String: Any]])
        #expect(arms["C"]?["exact"] as? Double == 62.5)
        #expect(arms["C"]?["n"] as? Int == 4)
        #expect(arms["B3"]?["char_bleu"] as? Double != nil)
        let seeds = try #require(arms["C"]?["seeds"] as? [[String: Any]])
        #expect(seeds.compactMap { $0["primary"] as? Double } == [75, 50])
        #expect(arms["C"]?["scores"] == nil && arms["C"]?["clusters"] == nil)
        #expect(report().itemScores.scores["C"] == [1, 0.5, 0, 1])
        #expect(report().itemScores.clusters == ["g0", "g0", "g1", "g1"])
    }

    @Test("means over seeds keep each item's mean, and differences pair items by group")
    func differences() throws {
        let report = report()
        #expect(report.arms["C"]?.scores == [1, 0.5, 0, 1])
        let pair = try #require(report.differences.first { $0.arms == ["C", "B3"] })
        #expect(pair.difference == 37.5 && pair.groups == 2)
        #expect(report.differences.contains { $0.arms == ["D-kd", "C"] })
        #expect(report.ordered.map(\.arm) == ["B3", "C", "D-kd"])
        #expect(abs(report.cost(report.arms["B3"]!) - (1_500.0 + 40) / 1_000) < 1e-9)
    }

    @Test("the page is self-contained, escapes text, and shows every arm and the range over seeds")
    func page() {
        var full = report()
        full.forgetting = [.init(task: "other", arm: "C", percent: 12.5, n: 8)]
        full.stages = [
            .init(
                stage: Stage(templateRate: 0.5, exampleCount: 2), actualRate: 0.47, meanPromptTokens: 99, steps: 5,
                loss: 1.5, corpus: "x")
        ]
        let page = HTMLReport(full).text
        #expect(page.contains("62.50 (50.00–75.00)"))
        #expect(page.contains("&lt;meaning&gt; &amp; C") && !page.contains("<meaning>"))
        #expect(page.contains("0.470") && page.contains("12.50"))
        #expect(
            !page.contains("http://")
                || page.components(separatedBy: "http://").count
                    == page.components(
                        separatedBy: "http://www.w3.org/2000/svg"
                    ).count
        )
        #expect(!page.contains("<script") && !page.contains("src="))
    }

    @Test("a plot survives empty, constant and infinite data")
    func plots() {
        let cases: [[(Double, Double)]] = [[], [(1, 2)], [(1, 2), (2, 2)], [(1, .infinity), (2, .nan)]]
        for points in cases {
            let svg = LinePlot(title: "t", x: "x", y: "y", lines: [.init(name: "a", points: points)]).svg
            #expect(svg.hasPrefix("<svg") && svg.hasSuffix("</svg>") && !svg.contains("nan,") && !svg.contains(",inf"))
        }
        #expect(BarPlot(title: "t", bars: []).svg.contains("</svg>"))
    }

    @Test("every arm has a recipe of its own or none, and what belongs to a removal stays out of the controls")
    func arms() throws {
        var task = Recipe()
        task.queryOnlyMix = [0.2, 1]
        task.adaptivePatience = 4
        for arm in EvaluationArm.allCases {
            guard let recipe = arm.training(task) else { continue }
            try recipe.validate()
            if !recipe.arm.isRemoval {
                #expect(recipe.queryOnlyMix == nil && recipe.adaptivePatience == 0)
            }
            #expect(recipe.stageSteps(rows: 100).reduce(0, +) == task.stageSteps(rows: 100).reduce(0, +))
        }
        #expect(try EvaluationArm.jump.training(task)?.resolvedStages().count == 2)
        #expect(EvaluationArm.B2.test == .queryOnly && EvaluationArm.fullPromptBack.test == .fullPrompt)
    }
}
