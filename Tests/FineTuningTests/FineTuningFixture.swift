import FineTuning
import Foundation
import Synchronization
import TestSupport
import Transport

/// Three stage files in a folder, and runs of them against a scripted provider.
struct FineTuningFixture {
    let provider: ScriptedProvider
    let folder: TinyModelFolder
    let plan: FineTuningPlan
    private let transport: CurlTransport

    init(ends: [String] = []) throws {
        provider = try ScriptedProvider(ends: ends)
        folder = try TinyModelFolder()
        transport = try CurlTransport()
        var stages: [FineTuningPlan.Stage] = []
        for stage in 0..<3 {
            let lines = (0..<12).map { "{\"messages\":[{\"role\":\"user\",\"content\":\"\(stage) é \($0)\"}]}\n" }
            _ = try folder.write(lines.joined(), to: "stage-\(stage).jsonl")
            stages.append(.init(file: "stage-\(stage).jsonl", sha256: "hash-\(stage)", epochs: stage + 1))
        }
        plan = FineTuningPlan(folder: folder.path, model: "gpt-test", stages: stages, suffix: "books", seed: 7)
    }

    var statePath: String { folder.path + "/fine-tuning.json" }

    func content(_ stage: Int) -> [UInt8] {
        Array(FileManager.default.contents(atPath: folder.path + "/stage-\(stage).jsonl") ?? Data())
    }

    /// Runs the plan, or another one, to its end or its error.
    func run(
        _ other: FineTuningPlan? = nil, key: String = ScriptedProvider.key, attempts: Int = 6,
        progress: @Sendable (FineTuningUpdate) -> Void = { _ in }
    ) async throws -> FineTuningState {
        let client = ProviderClient(
            transport: transport, endpoint: try UpstreamEndpoint(provider.baseURL), key: key,
            schedule: RetrySchedule(attempts: attempts, first: .milliseconds(1), longest: .milliseconds(5)))
        return try await FineTuningRun(
            plan: other ?? plan, api: FineTuningAPI(client: client), provider: provider.baseURL, statePath: statePath,
            interval: .milliseconds(1)
        ).run(progress: progress)
    }

    /// Whether the provider was asked for exactly the plan's jobs, each from the model of the one before.
    var isTrainedOnce: Bool {
        let jobs = provider.jobs
        let models = ["gpt-test"] + jobs.map { "ft:gpt-test:org:stage:\($0.id)" }
        return jobs.count == 3 && jobs.map(\.model) == Array(models.prefix(3))
            && jobs.enumerated().allSatisfy { $1.file == content($0) }
    }
}

/// Collects updates from a run.
final class UpdateLog: Sendable {
    private let updates = Mutex<[FineTuningUpdate]>([])
    var all: [FineTuningUpdate] { updates.withLock { $0 } }
    func add(_ update: FineTuningUpdate) { updates.withLock { $0.append(update) } }
}
