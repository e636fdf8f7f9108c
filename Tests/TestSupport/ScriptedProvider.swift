import Foundation
import Synchronization

/// A fine-tuning provider on 127.0.0.1 that behaves as OpenAI's API reference says: files, jobs, events.
///
/// A job moves on each time it is looked at: validating_files, queued, running, and its end. Faults are queued for a
/// request and used up one by one.
public final class ScriptedProvider: Sendable {
    /// What goes wrong with a request.
    public enum Fault: Sendable {
        /// Nothing is done, and this is answered.
        case answer(Int, code: String? = nil, headers: [(name: String, value: String)] = [])
        /// Nothing is done, and the connection breaks.
        case reset
        /// What was asked is done, and the connection breaks without an answer.
        case resetAfterActing
        /// What was asked is done, and 500 is answered.
        case errorAfterActing
        /// The answer is not JSON.
        case garbage
    }

    /// A job as it was asked for.
    public struct Job: Sendable {
        /// Its id.
        public let id: String
        /// The model it starts from.
        public let model: String
        /// The content of its training file.
        public let file: [UInt8]
        /// The body of the request that made it.
        public let request: String
        fileprivate var looks = 0
        fileprivate let trainingFile: String
        fileprivate let number: Int
        fileprivate let metadata: [String: String]
    }

    /// The only key it takes.
    public static let key = "sk-secret-canary-0123456789"
    private let state: Box
    private let server: ScriptedServer

    /// What the server's threads share.
    private final class Box: Sendable {
        private let state: Mutex<State>

        init(_ state: consuming State) {
            self.state = Mutex(state)
        }

        func withLock<Result: Sendable>(_ body: (inout sending State) -> sending Result) -> Result {
            state.withLock(body)
        }
    }

    /// Starts it.
    ///
    /// - Parameter ends: how the jobs end, in the order in which they were made: succeeded, failed or cancelled; succeeded
    ///   for all further ones.
    public init(model: String = "gpt-test", ends: [String] = []) throws {
        let state = Box(State(models: [model], ends: ends))
        self.state = state
        server = try ScriptedServer { request in
            state.withLock { state in
                state.requests += 1
                if let last = state.refusesAfter, state.requests > last { return [.reset] }
                return state.answer(request)
            }
        }
    }

    /// `http://127.0.0.1:PORT/v1`.
    public var baseURL: String { server.baseURL + "/v1" }
    /// The port.
    public var port: Int { server.port }
    /// All requests so far.
    public var requests: [RecordedRequest] { server.requests }
    /// The jobs that were made.
    public var jobs: [Job] { state.withLock { $0.jobs } }
    /// How many files it holds.
    public var fileCount: Int { state.withLock { $0.files.count } }

    /// Queues a fault for the next request that starts like this, such as "POST /v1/files".
    public func fail(_ request: String, _ fault: Fault) {
        state.withLock { $0.faults.append((request, fault)) }
    }

    /// Breaks every connection after this many more requests; nil ends that.
    public func breakAfter(_ requests: Int?) {
        state.withLock { state in state.refusesAfter = requests.map { state.requests + $0 } }
    }

    /// Forgets all files, as after their deletion.
    public func forgetFiles() {
        state.withLock { $0.files = [:] }
    }
}

// MARK: Answers

extension ScriptedProvider {
    fileprivate struct State: Sendable {
        var files: [String: [UInt8]] = [:]
        var jobs: [Job] = []
        var models: Set<String>
        var faults: [(request: String, fault: Fault)] = []
        var ends: [String]
        var refusesAfter: Int?
        var requests = 0

        init(models: Set<String>, ends: [String]) {
            self.models = models
            self.ends = ends
        }

        mutating func answer(_ request: RecordedRequest) -> [ScriptedStep] {
            let name = "\(request.method) \(request.target)"
            let place = faults.firstIndex { name.hasPrefix($0.request) }
            switch place.map({ faults.remove(at: $0).fault }) {
            case .answer(let status, let code, let headers):
                return [Self.json(status, Self.error("scripted", code: code), headers: headers)]
            case .reset: return [.reset]
            case .resetAfterActing:
                _ = act(request)
                return [.reset]
            case .errorAfterActing:
                _ = act(request)
                return [Self.json(500, Self.error("scripted", code: "server_error"))]
            case .garbage: return [.response(200, body: Array("<html>".utf8))]
            case nil: return [act(request)]
            }
        }

        private mutating func act(_ request: RecordedRequest) -> ScriptedStep {
            guard request.header("authorization") == "Bearer \(ScriptedProvider.key)" else {
                let shown = request.header("authorization")?.dropFirst("Bearer ".count) ?? ""
                return Self.json(401, Self.error("Incorrect API key provided: \(shown)", code: "invalid_api_key"))
            }
            let path = request.target.prefix { $0 != "?" }.split(separator: "/").map { String($0) }
            switch (request.method, path.dropFirst().joined(separator: "/")) {
            case ("POST", "files"): return upload(request)
            case ("POST", "fine_tuning/jobs"): return create(request)
            case ("GET", "fine_tuning/jobs"):
                return page(request, jobs.reversed().map { ($0.id, describe($0)) })
            case ("GET", _) where path.count == 4: return look(path[3])
            case ("GET", _) where path.count == 5 && path[4] == "events":
                guard let job = jobs.first(where: { $0.id == path[3] }) else { return Self.notFound(path[3]) }
                return page(request, events(of: job).reversed().map { ($0["id"] as! String, $0) })
            default: return Self.notFound(request.target)
            }
        }

        // MARK: Files

        private mutating func upload(_ request: RecordedRequest) -> ScriptedStep {
            let boundary = request.header("content-type")?.split(separator: "boundary=").last.map { "--" + $0 } ?? "-"
            let body = String(decoding: request.body, as: UTF8.self)
            // A line end is one character.
            let parts = body.components(separatedBy: boundary).dropFirst().dropLast().map { part in
                part.dropFirst().dropLast().components(separatedBy: "\r\n\r\n")
            }
            func value(_ name: String) -> String? {
                parts.first { $0[0].contains("name=\"\(name)\"") }.map { $0.dropFirst().joined(separator: "\r\n\r\n") }
            }
            guard value("purpose") == "fine-tune", let content = value("file"), body.hasSuffix(boundary + "--\r\n")
            else {
                return Self.json(400, Self.error("purpose or file is missing", code: nil))
            }
            let id = "file-\(requests)"
            files[id] = Array(content.utf8)
            return Self.json(
                200,
                [
                    "id": id, "object": "file", "bytes": content.utf8.count, "created_at": 1_700_000_000,
                    "filename": "stage.jsonl", "purpose": "fine-tune", "status": "processed",
                ])
        }

        // MARK: Jobs

        private mutating func create(_ request: RecordedRequest) -> ScriptedStep {
            let object = try? JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
            guard let object, let model = object["model"] as? String, models.contains(model) else {
                return Self.json(404, Self.error("The model does not exist", code: "model_not_found"))
            }
            let name = object["training_file"] as? String ?? ""
            guard let file = files[name] else {
                return Self.json(400, Self.error("invalid training_file: \(name)", code: "invalid_training_file"))
            }
            guard file.split(separator: 0x0A).count >= 10 else {
                return Self.json(400, Self.error("the file has less than 10 examples", code: "invalid_n_examples"))
            }
            let job = Job(
                id: "ftjob-\(jobs.count)", model: model, file: file, request: request.bodyText, trainingFile: name,
                number: jobs.count, metadata: object["metadata"] as? [String: String] ?? [:])
            jobs.append(job)
            return Self.json(200, describe(job))
        }

        private mutating func look(_ id: String) -> ScriptedStep {
            guard let place = jobs.firstIndex(where: { $0.id == id }) else { return Self.notFound(id) }
            jobs[place].looks += 1
            let job = jobs[place]
            if status(job) == "succeeded" { models.insert(Self.model(job)) }
            return Self.json(200, describe(job))
        }

        private func status(_ job: Job) -> String {
            let all = [
                "validating_files", "queued", "running", job.number < ends.count ? ends[job.number] : "succeeded",
            ]
            return all[min(max(0, job.looks - 1), 3)]
        }

        private static func model(_ job: Job) -> String { "ft:gpt-test:org:stage:\(job.id)" }

        private func describe(_ job: Job) -> [String: Any] {
            let status = status(job)
            let hasModel = status == "succeeded"
            let problem: [String: Any] = [
                "code": "bad_data", "message": "the data made no sense", "param": "training_file",
            ]
            return [
                "object": "fine_tuning.job", "id": job.id, "model": job.model, "created_at": 1_700_000_000 + job.number,
                "finished_at": hasModel ? 1_700_000_100 : NSNull() as Any,
                "fine_tuned_model": hasModel ? Self.model(job) : NSNull() as Any, "organization_id": "org-1",
                "result_files": [String](), "status": status, "validation_file": NSNull(),
                "training_file": job.trainingFile, "trained_tokens": hasModel ? 1_000 : NSNull() as Any, "seed": 1,
                "hyperparameters": ["n_epochs": 1, "batch_size": 1, "learning_rate_multiplier": 1.0] as [String: Any],
                "error": status == "failed" ? problem : NSNull() as Any, "estimated_finish": NSNull(),
                "integrations": [String](), "metadata": job.metadata,
            ]
        }

        private func events(of job: Job) -> [[String: Any]] {
            let steps = max(0, (job.looks - 2) * 2)
            let messages = ["Created fine-tuning job", "Validating training file"].prefix(max(1, job.looks))
            let first = messages.map { ($0, nil as [String: Any]?) }
            let metrics = (0..<min(4, steps)).map { step -> (String, [String: Any]?) in
                (
                    "Step \(step + 1)/4: training loss=0.5",
                    ["step": step + 1, "total_steps": 4, "train_loss": 0.5 - 0.1 * Double(step)]
                )
            }
            return (first + metrics).enumerated().map { number, event in
                [
                    "object": "fine_tuning.job.event", "id": "ftevent-\(job.number)-\(number)",
                    "created_at": 1_700_000_000 + number, "level": "info", "message": event.0,
                    "data": event.1 ?? [:], "type": event.1 == nil ? "message" : "metrics",
                ]
            }
        }

        // MARK: Bodies

        /// One page of a list, newest first, two items long at most: whoever wants all of it has to ask again.
        private func page(_ request: RecordedRequest, _ items: [(id: String, value: [String: Any])]) -> ScriptedStep {
            let query = request.target.split(separator: "?").last?.split(separator: "&") ?? []
            let after = query.first { $0.hasPrefix("after=") }.map { String($0.dropFirst("after=".count)) }
            let start = after.flatMap { id in items.firstIndex { $0.id == id }.map { $0 + 1 } } ?? 0
            let shown = items[min(start, items.count)...].prefix(2)
            return Self.json(
                200, ["object": "list", "data": shown.map(\.value), "has_more": start + shown.count < items.count])
        }

        private static func notFound(_ what: String) -> ScriptedStep {
            json(404, error("there is no \(what)", code: "not_found"))
        }

        private static func error(_ message: String, code: String?) -> [String: Any] {
            let details: [String: Any] = [
                "message": message, "type": "invalid_request_error", "param": NSNull(),
                "code": code.map { $0 as Any } ?? NSNull(),
            ]
            return ["error": details]
        }

        private static func json(
            _ status: Int, _ value: [String: Any], headers: [(name: String, value: String)] = []
        ) -> ScriptedStep {
            let body = (try? JSONSerialization.data(withJSONObject: value)) ?? Data()
            return .response(status, headers: headers + [("Content-Type", "application/json")], body: Array(body))
        }
    }
}
