import Foundation

/// Trains a plan's stages at a provider, one job after another, from wherever the state file says it stopped.
public struct FineTuningRun: Sendable {
    /// The plan.
    public let plan: FineTuningPlan
    private let api: FineTuningAPI
    private let provider: String
    private let statePath: String
    private let interval: Duration

    /// Prepares a run.
    ///
    /// - Parameters:
    ///   - provider: the base URL, which the state file remembers.
    ///   - statePath: the state file.
    ///   - interval: the time between two looks at a job.
    public init(
        plan: FineTuningPlan, api: FineTuningAPI, provider: String, statePath: String,
        interval: Duration = .seconds(10)
    ) {
        self.plan = plan
        self.api = api
        self.provider = provider
        self.statePath = statePath
        self.interval = interval
    }

    /// Does what is left to do and returns the final state; the last stage that was asked for has the model.
    ///
    /// - Parameter count: how many of the stages to train, from the first on; nil for all. A later run goes on after
    ///   them.
    /// - Throws: `FineTuningError`; what was acknowledged before stays in the state file, and a job that failed or was
    ///   cancelled is made anew the next time.
    public func run(
        stages count: Int? = nil, progress: @Sendable (FineTuningUpdate) -> Void
    ) async throws(FineTuningError) -> FineTuningState {
        var state =
            try FineTuningState.load(statePath, provider: provider, plan: plan)
            ?? FineTuningState(provider: provider, plan: plan)
        if let file = plan.validation, state.validation == nil {
            let content = try content(file)
            progress(.uploading(stage: nil, bytes: content.count))
            state.validation = try await api.upload(name: file, content)
            try state.save(statePath)
        }
        for stage in plan.stages.indices.prefix(count ?? .max) where state.stages[stage].model == nil {
            try await upload(stage, &state, progress)
            try await start(stage, &state, progress)
            try await follow(stage, &state, progress)
        }
        return state
    }

    private func upload(
        _ stage: Int, _ state: inout FineTuningState, _ progress: @Sendable (FineTuningUpdate) -> Void
    ) async throws(FineTuningError) {
        guard state.stages[stage].file == nil else { return }
        let content = try content(plan.stages[stage].file)
        progress(.uploading(stage: stage, bytes: content.count))
        state.stages[stage].file = try await api.upload(name: plan.stages[stage].file, content)
        try state.save(statePath)
    }

    /// Makes the stage's job, or finds the one that an interrupted run made.
    private func start(
        _ stage: Int, _ state: inout FineTuningState, _ progress: @Sendable (FineTuningUpdate) -> Void
    ) async throws(FineTuningError) {
        if let job = state.stages[stage].job {
            progress(.job(stage: stage, id: job, isResumed: true))
            return
        }
        if let marker = state.stages[stage].marker, let job = try await api.findJob(marker: marker) {
            state.stages[stage].job = job.id
            try state.save(statePath)
            progress(.job(stage: stage, id: job.id, isResumed: true))
            return
        }
        // The marker is on disk before the job can exist, so that no stop in between makes a second one.
        let marker = UUID().uuidString.lowercased()
        state.stages[stage].marker = marker
        try state.save(statePath)
        let request = try request(stage, marker, state)
        let job: FineTuningJob
        do throws(FineTuningError) {
            job = try await api.createJob(request)
        } catch {
            try forgetFile(after: error, stage, &state)
            throw error
        }
        state.stages[stage].job = job.id
        try state.save(statePath)
        progress(.job(stage: stage, id: job.id, isResumed: false))
    }

    private func request(
        _ stage: Int, _ marker: String, _ state: FineTuningState
    ) throws(FineTuningError) -> FineTuningAPI.JobRequest {
        let base = stage == 0 ? plan.model : state.stages[stage - 1].model
        guard let base, let file = state.stages[stage].file else {
            throw .state(path: statePath, reason: "lacks the model or the file of stage \(stage); remove it")
        }
        return FineTuningAPI.JobRequest(
            model: base, trainingFile: file, validationFile: state.validation, epochs: plan.stages[stage].epochs,
            batch: plan.batch, rateMultiplier: plan.rateMultiplier,
            suffix: String("\(plan.suffix)-\(stage)".suffix(64)), seed: plan.seed, marker: marker)
    }

    /// A file that the provider no longer has is uploaded again the next time.
    private func forgetFile(
        after error: FineTuningError, _ stage: Int, _ state: inout FineTuningState
    ) throws(FineTuningError) {
        guard case .refused(_, let status, _, let message) = error, status == 400 || status == 404,
            let file = state.stages[stage].file, message.contains(file)
        else { return }
        state.stages[stage].file = nil
        try state.save(statePath)
    }

    private func follow(
        _ stage: Int, _ state: inout FineTuningState, _ progress: @Sendable (FineTuningUpdate) -> Void
    ) async throws(FineTuningError) {
        guard let id = state.stages[stage].job else { return }
        while true {
            let job = try await api.job(id)
            let events = try await api.events(id, since: state.stages[stage].lastEvent)
            for event in events { progress(.event(stage: stage, event)) }
            if let last = events.last {
                state.stages[stage].lastEvent = last.id
                try state.save(statePath)
            }
            progress(.status(stage: stage, job))
            if job.status.isFinal {
                try finish(stage, job, &state)
                progress(.finished(stage: stage, model: job.model ?? ""))
                return
            }
            do {
                try await Task.sleep(for: interval)
            } catch {
                throw .unreachable(request: "GET /fine_tuning/jobs/\(id)", reason: "stopped while the job runs on")
            }
        }
    }

    private func finish(_ stage: Int, _ job: FineTuningJob, _ state: inout FineTuningState) throws(FineTuningError) {
        if job.status == .succeeded {
            guard let model = job.model, !model.isEmpty else {
                throw .malformed(request: "GET /fine_tuning/jobs/\(job.id)", reason: "the job has no model")
            }
            state.stages[stage].model = model
            state.stages[stage].trainedTokens = job.trainedTokens
            try state.save(statePath)
            return
        }
        state.stages[stage].job = nil
        state.stages[stage].marker = nil
        state.stages[stage].lastEvent = nil
        try state.save(statePath)
        if job.status == .cancelled { throw .cancelled(job: job.id) }
        let reason = job.error?.message ?? job.error?.code ?? "the provider gives no reason"
        throw .failed(job: job.id, reason: String(reason.prefix(500)))
    }

    private func content(_ file: String) throws(FineTuningError) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: plan.folder + "/" + file) else {
            throw .state(path: plan.folder + "/" + file, reason: "cannot be read")
        }
        return Array(data)
    }
}
