import ArgumentParser
import Foundation
import Internalization

/// Grades answers that need no model.
struct BaselinesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "baselines",
        abstract: "Grade answers that need no model: a constant, the nearest training row's label, the label itself.",
        discussion: """
            Each group of rows is asked once and graded against all its labels. `template_field` compares the `template` \
            fields of the data, `template` what our own parser makes of an answer.
            """)

    @Option(help: ArgumentHelp("Held-out rows with query, answer, group and template.", valueName: "file"))
    var data: String

    @Option(help: ArgumentHelp("Training rows.", valueName: "file"))
    var bank: String

    @Option(help: "The constant answer; the most frequent one of the training rows by default.")
    var constant: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let items = EvaluationItem.items(try TaskRows.load(data), unit: .group)
        let training = try TaskRows.load(bank)
        var table = Columns(rows: [["", "n"] + Self.names])
        table.right = Set(1...Self.names.count + 1)
        var report: [String: [String: Double]] = [:]
        for kind in BaselineAnswers.Kind.allCases {
            let baseline = BaselineAnswers(kind, items: items, bank: training, constant: constant)
            var figures = ["n": Double(items.count)]
            for metric in MetricTable.all { figures[metric.name] = metric.percent(baseline.answers) }
            figures["template_field"] = baseline.fieldTemplatePercent(.all)
            figures["template_field_having_one"] = baseline.fieldTemplatePercent(.havingOne)
            report[kind.rawValue] = figures
            table.rows.append(
                [kind.rawValue, String(items.count)] + Self.names.map { String(format: "%.2f", figures[$0] ?? 0) })
        }
        guard json else { return show(table.text) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        show(String(decoding: try encoder.encode(report), as: UTF8.self))
    }

    private static let names = MetricTable.all.map(\.name) + ["template_field", "template_field_having_one"]
}
