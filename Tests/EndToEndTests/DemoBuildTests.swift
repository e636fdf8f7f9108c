import Foundation
import TestSupport
import Testing

@Suite("The demo task from nothing")
struct DemoBuildTests {
    private struct Report: Decodable {
        struct Arm: Decodable {
            let exact: Double
            let n: Int
            let meanPromptTokens: Double
        }

        let arms: [String: Arm]
    }

    private struct Manifest: Decodable {
        struct Figures: Decodable {
            let n: Int
            let query_only_exact: Double
        }

        let task: String
        let format_version: Int
        let figures: Figures
    }

    @Test("the small recipe trains a base, tunes three arms, evaluates and promotes what knows its book by heart")
    func small() throws {
        let folder = try TinyModelFolder()
        let task = folder.path + "/house-books"
        let built = try Program.run(["demo", "build", "--small", "--output", task])
        #expect(built.status == 0, "\(built.errors)")
        #expect(built.output.contains("promoted"))
        let manifest = try JSONDecoder().decode(
            Manifest.self, from: Data(contentsOf: URL(fileURLWithPath: task + "/manifest.json")))
        #expect(manifest.task == "house-books" && manifest.format_version == 1)
        #expect(manifest.figures.n == 60)

        // What was promoted is what the evaluation measures: the same adapter, the same held-out questions.
        let settings = [
            "--examples", "3", "--epochs", "40", "--rate", "0.003", "--rank", "16", "--arms", "A1,C", "--timed", "0",
            "--json",
        ]
        let evaluated = try Program.run(["eval", "--task", task] + settings)
        #expect(evaluated.status == 0, "\(evaluated.errors)")
        let report = try JSONDecoder().decode(Report.self, from: Data(evaluated.output.utf8))
        let base = try #require(report.arms["A1"])
        let tuned = try #require(report.arms["C"])
        #expect(base.exact == 0)
        #expect(tuned.n == 60 && tuned.exact >= 80, "\(tuned.exact)")
        #expect(tuned.exact == manifest.figures.query_only_exact)
        #expect(tuned.meanPromptTokens < 40)

        let again = try Program.run(["tune", "--task", task] + settings.prefix(8))
        #expect(again.status == 0 && again.output.contains("run folder"), "a finished run is found again")
    }

    @Test("a task without a base model, and an arm that was not trained, say what to do")
    func errors() throws {
        let folder = try TinyModelFolder()
        let missing = try Program.run(["tune", "--task", folder.path + "/nothing"])
        #expect(missing.status != 0)
        #expect(missing.errors.contains("schema.yaml"))
        #expect(!missing.errors.contains("Fatal"))
    }
}
