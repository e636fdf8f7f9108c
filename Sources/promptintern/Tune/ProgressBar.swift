import Foundation
import Internalization

/// One line that shows stage, step, loss, speed and the time left; drawn only on a terminal, else a line now and then.
final class ProgressBar {
    private let label: String
    private let isTerminal = isatty(2) == 1
    private let start = ContinuousClock.now
    private var firstStep: Int?
    private var tokens = 0
    private var loss: Double?
    private var lastDrawn: ContinuousClock.Instant?

    init(_ label: String) {
        self.label = label
    }

    /// Shows a step.
    func show(_ progress: InternalizationRun.Progress) {
        if firstStep == nil { firstStep = progress.step - 1 }
        tokens += progress.tokens
        loss = loss.map { 0.95 * $0 + 0.05 * progress.loss } ?? progress.loss
        let now = ContinuousClock.now
        let interval: Duration = isTerminal ? .milliseconds(100) : .seconds(30)
        let isLast = progress.step == progress.steps
        if let lastDrawn, now - lastDrawn < interval, !isLast { return }
        lastDrawn = now
        let seconds = (now - start) / .seconds(1)
        let done = progress.step - (firstStep ?? 0)
        let left = seconds / Double(max(1, done)) * Double(progress.steps - progress.step)
        let width = 24
        let filled = progress.step * width / max(1, progress.steps)
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        let text =
            "\(label) [\(bar)] stage \(progress.stage + 1)/\(progress.stages) step \(progress.step)/\(progress.steps) "
            + String(format: "loss %.4f  %.0f tokens/s  %.0f s left", loss ?? 0, Double(tokens) / seconds, left)
        let line = isTerminal ? "\r\u{1B}[K" + text + (isLast ? "\n" : "") : text + "\n"
        FileHandle.standardError.write(Data(line.utf8))
    }
}
