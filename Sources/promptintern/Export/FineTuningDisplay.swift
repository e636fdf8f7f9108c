import FineTuning
import Foundation
import Synchronization

/// Shows a fine-tuning on standard error: a line for whatever happens, and on a terminal a bar for the running job.
final class FineTuningDisplay: Sendable {
    private struct State {
        var status: FineTuningJob.Status?
        var metrics: FineTuningEvent.Metrics?
        var hasBar = false
    }

    private let stages: Int
    private let isTerminal = isatty(2) == 1
    private let state = Mutex(State())

    init(stages: Int) {
        self.stages = stages
    }

    /// Shows an update.
    func show(_ update: FineTuningUpdate) {
        state.withLock { state in
            switch update {
            case .uploading(nil, let bytes): line("uploading the validation file, \(bytes) bytes", &state)
            case .uploading(let stage?, let bytes): line("\(name(stage)): uploading \(bytes) bytes", &state)
            case .job(let stage, let id, let isResumed):
                (state.status, state.metrics) = (nil, nil)
                line("\(name(stage)): job \(id)\(isResumed ? ", going on" : "")", &state)
            case .event(let stage, let event): show(event, stage, &state)
            case .status(let stage, let job): show(job, stage, &state)
            case .finished(let stage, let model): line("\(name(stage)): model \(model)", &state)
            }
        }
    }

    private func show(_ event: FineTuningEvent, _ stage: Int, _ state: inout State) {
        guard let metrics = event.metrics, let step = metrics.step, metrics.loss != nil else {
            line("\(name(stage)): \(event.message)", &state)
            return
        }
        state.metrics = metrics
        let tenth = max(1, (metrics.totalSteps ?? 10) / 10)
        if !isTerminal, step % tenth == 0 || step == metrics.totalSteps {
            line("\(name(stage)): \(text(metrics))", &state)
        }
    }

    private func show(_ job: FineTuningJob, _ stage: Int, _ state: inout State) {
        if state.status != job.status {
            state.status = job.status
            line("\(name(stage)): \(job.status.rawValue.replacing("_", with: " "))", &state)
        }
        guard isTerminal, job.status == .running else { return }
        let left = job.estimatedFinish.map { max(0, $0 - Int(Date().timeIntervalSince1970)) }
        let time = left.map { "  about \(($0 + 59) / 60) min left" } ?? ""
        put("\r\u{1B}[K\(name(stage)) \(state.metrics.map(text) ?? "running")\(time)")
        state.hasBar = true
    }

    private func text(_ metrics: FineTuningEvent.Metrics) -> String {
        let loss = metrics.loss.map { String(format: "  loss %.4f", $0) } ?? ""
        guard let step = metrics.step, let steps = metrics.totalSteps, steps > 0 else {
            return "step \(metrics.step ?? 0)\(loss)"
        }
        let filled = min(24, step * 24 / steps)
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 24 - filled)
        return "[\(bar)] step \(step)/\(steps)\(loss)"
    }

    private func name(_ stage: Int) -> String { "stage \(stage + 1)/\(stages)" }

    private func line(_ text: String, _ state: inout State) {
        put((state.hasBar ? "\r\u{1B}[K" : "") + text + "\n")
        state.hasBar = false
    }

    private func put(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
