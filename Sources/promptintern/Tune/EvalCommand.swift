import ArgumentParser
import Engine
import Foundation
import Internalization

/// The arms of an evaluation (method.md's letters).
enum EvaluationArm: String, CaseIterable, ExpressibleByArgument {
    case A0
    case A1
    case B1
    case B2
    case B3
    case C

    var meaning: String {
        switch self {
        case .A0: "base, full prompt"
        case .A1: "base, query alone"
        case .B1: "tuned and tested with the full prompt"
        case .B2: "tuned with the full prompt, tested with the query alone"
        case .B3: "tuned and tested with the query alone (control)"
        case .C: "tuned in stages, tested with the query alone (PromptIntern)"
        }
    }

    /// The training that the arm needs; nil for the base model.
    var training: TrainingArm? {
        switch self {
        case .A0, .A1: nil
        case .B1, .B2: .fullPrompt
        case .B3: .queryOnly
        case .C: .progressive
        }
    }

    var usesFullPrompt: Bool { self == .A0 || self == .B1 }
}

/// What `eval` prints with `--json`.
struct EvaluationReport: Codable {
    var data: String
    var arms: [String: ArmResult]
    var differences: [PairedDifference]
}

/// Evaluates trained arms on held-out rows.
struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval",
        abstract: "Compare the arms of a task on held-out rows: exact match, tokens, times.",
        discussion: """
            The arms that need training must have been trained by `promptintern tune` with the same settings. Times \
            are medians of single requests on one thread, with and without the constant prompt beginning cached.
            """)

    @OptionGroup var options: RecipeOptions

    @Option(help: ArgumentHelp("Held-out rows; <task>/data/test.jsonl by default.", valueName: "file"))
    var data: String?

    @Option(help: "Arms, separated by commas: \(EvaluationArm.allCases.map(\.rawValue).joined(separator: ",")).")
    var arms: String = EvaluationArm.allCases.map(\.rawValue).joined(separator: ",")

    @Option(help: "Requests of each arm that are timed one by one; 0 for none.")
    var timed: Int = 40

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let folder = try TaskFolder(options.task)
        let file = data ?? folder.path + "/data/test.jsonl"
        let report = try evaluate(folder, file: file)
        json ? try printJSON(report) : printTable(report)
    }

    /// Runs every chosen arm.
    func evaluate(_ folder: TaskFolder, file: String) throws -> EvaluationReport {
        let items = EvaluationItem.items(try TaskRows.load(file), unit: .row)
        let evaluator = Evaluator(encoder: folder.encoder, bank: try folder.rows("train"), threads: options.threads)
        var results: [String: ArmResult] = [:]
        let base = try DecoderModel(weights: folder.base)
        for name in arms.split(separator: ",") {
            guard let arm = EvaluationArm(rawValue: String(name)) else {
                throw ValidationError("--arms: there is no arm \(name); use \(EvaluationArm.allCases.map(\.rawValue))")
            }
            var model = base
            if let training = arm.training {
                let run = try folder.run(options.recipe(training), threads: options.threads)
                model = try base.merging(try folder.adapter(of: run))
            }
            results[arm.rawValue] = try evaluator.evaluate(
                arm: arm.rawValue, meaning: arm.meaning, model: model, items: items,
                prompt: arm.usesFullPrompt ? .full(examples: options.examples) : .queryOnly, timed: timed)
        }
        let pairs = [("C", "A0"), ("C", "B1"), ("C", "B3")]
        let differences = pairs.compactMap { first, second -> PairedDifference? in
            guard let first = results[first], let second = results[second] else { return nil }
            return PairedDifference(first, second)
        }
        return EvaluationReport(data: file, arms: results, differences: differences)
    }

    func printJSON(_ report: EvaluationReport) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(report), as: UTF8.self))
    }

    func printTable(_ report: EvaluationReport) {
        print("arm  exact %  prompt tokens  first token ms  total ms  cached first  cached total  what")
        for arm in EvaluationArm.allCases {
            guard let result = report.arms[arm.rawValue] else { continue }
            let times = result.latency
            func time(_ value: Double?) -> String { value.map { String(format: "%.1f", $0) } ?? "-" }
            let cells = [
                (arm.rawValue, 4), (String(format: "%.2f", result.exact), 8),
                (String(format: "%.1f", result.meanPromptTokens), 14), (time(times?.firstToken), 15),
                (time(times?.total), 9), (time(times?.cachedFirstToken), 13), (time(times?.cachedTotal), 13),
            ]
            let line = cells.map { text, width in
                String(repeating: " ", count: max(0, width - text.count)) + text
            }
            print(line.joined() + "  " + result.meaning + " (n \(result.n))")
        }
        for pair in report.differences {
            print(
                String(
                    format: "%@ - %@: %+.2f points, 95 %% interval %+.2f to %+.2f", pair.arms[0], pair.arms[1],
                    pair.difference, pair.low, pair.high))
        }
    }
}
