import Foundation

/// The provider's routes for files and fine-tuning jobs (OpenAI API reference, "Files" and "Fine-tuning").
public struct FineTuningAPI: Sendable {
    /// What a job is made of.
    public struct JobRequest: Sendable, Equatable {
        /// The model to start from.
        public var model: String
        /// The uploaded training file.
        public var trainingFile: String
        /// The uploaded validation file.
        public var validationFile: String?
        /// Passes over the file.
        public var epochs: Int
        /// Rows of a step; nil lets the provider choose.
        public var batch: Int?
        /// Factor of the provider's learning rate; nil lets the provider choose.
        public var rateMultiplier: Double?
        /// Part of the resulting model's name, at most 64 characters.
        public var suffix: String
        /// Seed.
        public var seed: Int
        /// Tells this job from all others, so that it is found again when its creation was not answered.
        public var marker: String
    }

    private let client: ProviderClient
    private static let markerKey = "promptintern_stage"

    /// The routes, below the client's base URL.
    public init(client: ProviderClient) {
        self.client = client
    }

    /// Uploads a training file and returns its id.
    func upload(name: String, _ content: [UInt8]) async throws(FineTuningError) -> String {
        var form = MultipartForm(boundary: MultipartForm.boundary(avoiding: content))
        form.add("purpose", "fine-tune")
        form.add("file", file: name, type: "application/jsonl", content)
        let bytes = try await client.send("POST", "/files", type: form.contentType, body: form.body)
        return try decode(Identified.self, bytes, "POST /files").id
    }

    /// Makes a job, once: a creation that was not answered is looked up before it is tried again.
    func createJob(_ request: JobRequest) async throws(FineTuningError) -> FineTuningJob {
        let body = try encode(JobBody(request))
        var tries = 0
        while true {
            let outcome = await client.attempt(
                "POST", "/fine_tuning/jobs", type: "application/json", body: body, repeating: .untouched)
            switch outcome {
            case .success(let bytes): return try decode(FineTuningJob.self, bytes, "POST /fine_tuning/jobs")
            case .failure(let error, let mayHaveActed):
                tries += 1
                guard mayHaveActed else { throw error }
                if let job = try await findJob(marker: request.marker) { return job }
                guard tries < 4 else { throw error }
            }
        }
    }

    /// The job with this marker, if the provider has one among the newest thousand.
    func findJob(marker: String) async throws(FineTuningError) -> FineTuningJob? {
        var after: String?
        for _ in 0..<10 {
            let path = "/fine_tuning/jobs?limit=100" + (after.map { "&after=\($0)" } ?? "")
            let page = try decode(
                Page<FineTuningJob>.self, try await client.send("GET", path), "GET /fine_tuning/jobs")
            if let job = page.data.first(where: { $0.metadata?[Self.markerKey] == marker }) { return job }
            guard page.hasMore, let last = page.data.last else { return nil }
            after = last.id
        }
        return nil
    }

    /// A job as it stands.
    func job(_ id: String) async throws(FineTuningError) -> FineTuningJob {
        let path = "/fine_tuning/jobs/\(id)"
        return try decode(FineTuningJob.self, try await client.send("GET", path), "GET \(path)")
    }

    /// The job's events since the one with the id `last`, oldest first; at most the newest thousand.
    func events(_ id: String, since last: String?) async throws(FineTuningError) -> [FineTuningEvent] {
        var found: [FineTuningEvent] = []
        var after: String?
        for _ in 0..<10 {
            let path = "/fine_tuning/jobs/\(id)/events"
            let query = "?limit=100" + (after.map { "&after=\($0)" } ?? "")
            let page = try decode(
                Page<FineTuningEvent>.self, try await client.send("GET", path + query), "GET \(path)")
            let new = page.data.prefix { $0.id != last }
            found += new
            guard new.count == page.data.count, page.hasMore, let oldest = page.data.last else { break }
            after = oldest.id
        }
        return found.reversed()
    }

    private func decode<Value: Decodable>(
        _ type: Value.Type, _ bytes: [UInt8], _ request: String
    ) throws(FineTuningError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw .malformed(request: request, reason: "the answer is not what the API reference describes")
        }
    }

    private func encode(_ value: some Encodable) throws(FineTuningError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw .malformed(request: "POST /fine_tuning/jobs", reason: "the job cannot be written as JSON")
        }
    }

    // MARK: Bodies

    private struct Identified: Decodable {
        let id: String
    }

    private struct Page<Item: Decodable>: Decodable {
        let data: [Item]
        let hasMore: Bool

        enum CodingKeys: String, CodingKey {
            case data
            case hasMore = "has_more"
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            data = try values.decode([Item].self, forKey: .data)
            hasMore = try values.decodeIfPresent(Bool.self, forKey: .hasMore) ?? false
        }
    }

    private struct JobBody: Encodable {
        struct Hyperparameters: Encodable {
            let nEpochs: Int
            let batchSize: Int?
            let rateMultiplier: Double?

            enum CodingKeys: String, CodingKey {
                case nEpochs = "n_epochs"
                case batchSize = "batch_size"
                case rateMultiplier = "learning_rate_multiplier"
            }
        }
        struct Supervised: Encodable {
            let hyperparameters: Hyperparameters
        }
        struct Method: Encodable {
            let type = "supervised"
            let supervised: Supervised
        }
        let model: String
        let trainingFile: String
        let validationFile: String?
        let suffix: String
        let seed: Int
        let method: Method
        let metadata: [String: String]

        enum CodingKeys: String, CodingKey {
            case model, suffix, seed, method, metadata
            case trainingFile = "training_file"
            case validationFile = "validation_file"
        }

        init(_ request: JobRequest) {
            model = request.model
            trainingFile = request.trainingFile
            validationFile = request.validationFile
            suffix = request.suffix
            seed = request.seed
            method = Method(
                supervised: Supervised(
                    hyperparameters: Hyperparameters(
                        nEpochs: request.epochs, batchSize: request.batch, rateMultiplier: request.rateMultiplier)))
            metadata = [FineTuningAPI.markerKey: request.marker]
        }
    }
}
