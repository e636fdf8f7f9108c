import Foundation

/// An evaluation as one HTML page that needs nothing else: tables, and charts as SVG.
public struct HTMLReport: Sendable {
    private let report: EvaluationReport

    /// A page of this report.
    public init(_ report: EvaluationReport) {
        self.report = report
    }

    /// The page.
    public var text: String {
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><title>\(escaped(report.task)): evaluation</title>
        <style>
        body { font: 15px/1.45 sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222 }
        table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto }
        th, td { padding: .3rem .6rem; border-bottom: 1px solid #ddd; text-align: right; white-space: nowrap }
        th:first-child, td:first-child, th:last-child, td:last-child { text-align: left }
        svg { max-width: 100%; height: auto; margin: .5rem 0 }
        </style></head><body>
        <h1>\(escaped(report.task))</h1>
        <p>\(report.ordered.first?.n ?? 0) items of <code>\(escaped(report.data))</code>, one a \
        \(report.unit.rawValue). Figures over several seeds are means, with the smallest and largest in brackets. Times \
        are medians of single requests on one thread; “cached” has the constant beginning of the prompt already in the \
        key/value cache, which is what reusing the full prompt's prefix gives without any training. Cost counts prompt \
        tokens at \(report.prices.input) and answer tokens at \(report.prices.output) a million, without any discount \
        for cached ones.</p>
        \(table(report.rows))
        \(bars(metric: report.metricNames.first ?? "exact"))
        \(tokens)
        <h2>Differences</h2>
        <ul>\(report.differenceLines.map { "<li>\(escaped($0))</li>" }.joined())</ul>
        <p>Intervals are paired bootstraps over groups, 2,000 samples, percentiles 2.5 and 97.5. B3 is the control: what the \
        labels teach without any prompt.</p>
        \(report.speedLine.map { "<p>" + escaped($0) + "</p>" } ?? "")
        \(stages)
        \(forgetting)
        </body></html>

        """
    }

    private func table(_ rows: [[String]]) -> String {
        guard let head = rows.first else { return "" }
        let body = rows.dropFirst().map { row in
            "<tr>" + row.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>"
        }
        return "<table><thead><tr>" + head.map { "<th>\(escaped($0))</th>" }.joined() + "</tr></thead><tbody>"
            + body.joined() + "</tbody></table>"
    }

    private func bars(metric: String) -> String {
        let values = report.ordered.map { ($0.arm, $0.metrics[metric] ?? 0) }
        return BarPlot(title: "\(metric), percent", bars: values).svg
    }

    private var tokens: String {
        BarPlot(
            title: "prompt tokens of a request, mean",
            bars: report.ordered.filter { $0.meanPromptTokens > 0 }.map { ($0.arm, $0.meanPromptTokens) }
        ).svg
    }

    private var stages: String {
        guard !report.stages.isEmpty else { return "" }
        let rows = report.stages.enumerated().map { number, record in
            [
                String(number + 1), report.format(record.stage.templateRate, 3), report.format(record.actualRate, 3),
                String(record.stage.exampleCount), report.format(record.meanPromptTokens, 1), String(record.steps),
                report.format(record.loss, 4), record.stage.isOnPolicy ? "own answers" : "",
            ]
        }
        let head = ["stage", "rate asked", "rate reached", "examples", "prompt tokens", "steps", "loss", ""]
        return "<h2>Stages of C</h2>" + table([head] + rows)
    }

    private var forgetting: String {
        guard !report.forgetting.isEmpty else { return "" }
        let rows = report.forgetting.map { [$0.task, $0.arm, report.format($0.percent, 2), String($0.n), ""] }
        return "<h2>Forgetting</h2><p>Other tasks with their full prompts.</p>"
            + table([["task", "arm", "percent", "n", ""]] + rows)
    }
}
