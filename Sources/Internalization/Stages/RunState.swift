import Foundation

/// Where a run stands, as its checkpoints keep it.
struct RunState: Equatable {
    var stage = 0
    var step = 0
    /// Losses of the last steps.
    var losses: [Double] = []
    var records: [InternalizationRun.StageRecord] = []
    /// Steps of each stage, as adaptive borders left them.
    var stageSteps: [Int] = []
    /// Evaluations on the dev rows in the current stage.
    var watch = DevWatch()
    /// Whether the teacher is listened to in the current stage; nil before that was decided.
    var listens: Bool?

    init() {}

    init(_ position: [String: String]) {
        stage = position["stage"].flatMap { Int($0) } ?? 0
        step = position["step"].flatMap { Int($0) } ?? 0
        losses = decode([Double].self, position["losses"]) ?? []
        records = decode([InternalizationRun.StageRecord].self, position["records"]) ?? []
        stageSteps = decode([Int].self, position["stageSteps"]) ?? []
        watch = decode(DevWatch.self, position["watch"]) ?? DevWatch()
        listens = position["listens"].flatMap { Bool($0) }
    }

    var position: [String: String] {
        var values = [
            "stage": String(stage), "step": String(step), "losses": encode(losses), "records": encode(records),
            "stageSteps": encode(stageSteps), "watch": encode(watch),
        ]
        if let listens { values["listens"] = String(listens) }
        return values
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ text: String?) -> Value? {
        text.flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
    }

    private func encode(_ value: some Encodable) -> String {
        (try? JSONEncoder().encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// Counts evaluations without a better loss.
struct DevWatch: Codable, Equatable {
    private(set) var best: Double?
    private(set) var misses = 0

    /// Takes in a loss; says whether it is the best one so far.
    mutating func note(_ loss: Double) -> Bool {
        if let best, loss >= best {
            misses += 1
            return false
        }
        best = loss
        misses = 0
        return true
    }
}
