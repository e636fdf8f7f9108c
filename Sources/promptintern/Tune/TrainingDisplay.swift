import Foundation
import Internalization

/// Shows a run while it trains: a progress bar, or one JSON object a line on standard output.
struct TrainingDisplay {
    let label: String
    var json = false

    private struct Event: Encodable {
        var event: String
        var run: String
        var step: Int?
        var steps: Int?
        var stage: Int?
        var stages: Int?
        var loss: Double?
        var dev_loss: Double?
        var tokens: Int?
        var note: String?
        var record: InternalizationRun.StageRecord?
    }

    /// Trains what is left, and returns what each stage was trained on.
    func run(_ run: InternalizationRun) throws -> [InternalizationRun.StageRecord] {
        guard json else {
            let bar = ProgressBar(label)
            run.onNote = { put("\(label): \($0)", to: .standardError) }
            return try run.run { bar.show($0) }.stages
        }
        func emit(_ event: Event) {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            if let data = try? encoder.encode(event) { show(String(decoding: data, as: UTF8.self)) }
        }
        run.onNote = { emit(Event(event: "note", run: run.folder, note: $0)) }
        let stages = try run.run { progress in
            emit(
                Event(
                    event: "step", run: run.folder, step: progress.step, steps: progress.steps,
                    stage: progress.stage + 1, stages: progress.stages, loss: progress.loss,
                    dev_loss: progress.devLoss, tokens: progress.tokens))
        }.stages
        for (number, record) in stages.enumerated() {
            emit(Event(event: "stage", run: run.folder, stage: number + 1, stages: stages.count, record: record))
        }
        emit(Event(event: "done", run: run.folder))
        return stages
    }
}
