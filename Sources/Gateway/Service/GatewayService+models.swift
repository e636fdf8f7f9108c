import Access
import ChatAPI

extension GatewayService {
    /// What the default backend says to the question for its models.
    private enum Listing {
        /// Its list, and the answer's fields.
        case list(JSONDocument, HeaderFields)
        /// No list: why, and what the client can be told.
        case failure(BackendError, ClientReply)
    }

    /// Answers `GET /v1/models`: the gateway's own names first, then those of the default backend; of both only those
    /// that the caller's key may use.
    ///
    /// Where nothing is to be put in or left out, the answer is the backend's, whatever it says.
    public func models(_ received: Received) async -> ClientReply {
        let own = ModelList(ownModels.filter { refusal(naming: $0.id, received) == nil })
        let isScoped = received.caller?.isScoped ?? false
        guard let name = configuration.defaultBackend, let backend = backends[name] else {
            return ClientReply(json: own.body, requestID: received.id)
        }
        if own.models.isEmpty, !isScoped { return await forward(received, isInScope: true, to: name) }
        switch await listing(of: backend, received) {
        case .list(let list, let fields):
            let body = isScoped ? select(own, from: list, received) : Self.merge(own, into: list) ?? own.body
            return changed(body, fields, received)
        case .failure(let error, let answer):
            return withoutList(own, backend, error, answer, received)
        }
    }

    /// Answers `GET /v1/models/{id}`: one of the gateway's own, else what the default backend says; neither to a key
    /// that may not use the model.
    public func model(_ id: String, _ received: Received) async -> ClientReply {
        // To a backend that resolves dots, an id with such parts could be another model, or the whole list.
        let hasDots = id.split(separator: "/").contains { $0 == "." || $0 == ".." }
        if let refusal = refusal(naming: hasDots ? "" : id, received) { return refuse(received, refusal) }
        if let model = ownModels.first(where: { $0.id == id }) {
            return ClientReply(json: model.body, requestID: received.id)
        }
        guard let name = configuration.defaultBackend else {
            return ClientReply(APIError.modelNotFoundWithoutUpstream(id), requestID: received.id)
        }
        return await forward(received, isInScope: true, to: name)
    }

    /// The names that clients can send: routes, and the tasks' tuned and full-prompt models.
    private var ownModels: [ModelList.Model] {
        var names: [String] = configuration.routes.map(\.name)
        for task in registry.tasks { names += [task.full.model, task.tuned?.model].compactMap { $0 } }
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }.map {
            ModelList.Model(id: $0, created: 0, ownedBy: "promptintern")
        }
    }

    private func listing(of backend: any Backend, _ received: Received) async -> Listing {
        // The list is changed here, so it must come unpacked, and whole.
        let headers = received.forwardedHeaders(readingAnswer: true).without(["if-none-match", "if-modified-since"])
        let request = BackendRequest(
            id: received.id, method: "GET", target: received.target, headers: headers, body: [], model: "",
            limits: .init(firstByte: .seconds(5), total: .seconds(10)))
        do {
            let reply = try await backend.reply(to: request)
            let bytes = try await reply.body.collect(upTo: 8 << 20)
            if reply.status == 200 { return .list(try JSONDocument(bytes), reply.headers) }
            let error = BackendError(
                reply.status < 500 ? .refused : .failed, wasSent: true, answer: .upstreamUnavailable(),
                detail: "\(backend.name): it has no list of models for us, but status \(reply.status)",
                status: reply.status)
            let fields = relayed(reply.headers, received)
            return .failure(error, ClientReply(status: reply.status, headers: fields, body: ReplyStream(bytes)))
        } catch let error as BackendError {
            return .failure(error, ClientReply(error.answer, requestID: received.id))
        } catch {
            let unreadable = BackendError(
                .protocolViolation, wasSent: true,
                answer: .upstreamUnavailable("The upstream's list of models cannot be read."))
            return .failure(unreadable, ClientReply(unreadable.answer, requestID: received.id))
        }
    }

    /// Our models alone, which can be used whatever the backend says; its own answer if there are none, or if it is
    /// about the client's key.
    private func withoutList(
        _ own: ModelList, _ backend: any Backend, _ error: BackendError, _ answer: ClientReply, _ received: Received
    ) -> ClientReply {
        if [401, 403].contains(error.status), backend.takesClientKey, received.handsOnKey { return answer }
        if error.code != .cancelled {
            log.metrics.failed(backend.name, error)
            onEvent(.backendFailed(requestID: received.id, task: nil, backend: backend.name, error: error))
        }
        if own.models.isEmpty { return answer }
        let cause = error.status > 0 ? "status \(error.status)" : error.code.rawValue
        return ClientReply(
            json: own.body, requestID: received.id,
            headers: [(GatewayHeader.detail, "the upstream's models are missing: \(cause)")])
    }

    /// A list that is not the backend's own bytes any more, with the fields that still hold.
    private func changed(_ list: [UInt8], _ fields: HeaderFields, _ received: Received) -> ClientReply {
        var fields = relayed(fields.without(Self.fieldsOfBytes), received)
        fields.append(("content-type", "application/json"))
        fields.append(("content-length", String(list.count)))
        return ClientReply(status: 200, headers: fields, body: ReplyStream(list))
    }

    private static let fieldsOfBytes = [
        "content-type", "content-length", "content-encoding", "content-md5", "digest", "etag", "last-modified",
    ]

    /// The backend's fields, but for its rates where the caller has limits of its own.
    private func relayed(_ fields: HeaderFields, _ received: Received) -> HeaderFields {
        AnswerHeaders.relayed(fields, requestID: received.id, hidesRates: received.caller?.isLimited ?? false)
    }

    /// Our models, and those of the backend's that the key may use. What else the backend's answer holds is left out:
    /// it may name others.
    private func select(_ own: ModelList, from list: JSONDocument, _ received: Received) -> [UInt8] {
        var json = JSONWriter(capacity: list.bytes.count)
        json.object { json in
            json.member("object", "list")
            json.array("data") { json in
                for model in own.models { json.raw(model.body) }
                guard let data = list.root["data"] else { return }
                for model in data.elements where refusal(naming: model["id"]?.string?.text ?? "", received) == nil {
                    json.raw(model.rawBytes)
                }
            }
        }
        return json.bytes
    }

    /// The backend's own bytes with our models put in front; nil if they are no model list.
    private static func merge(_ own: ModelList, into list: JSONDocument) -> [UInt8]? {
        guard let data = list.root["data"], data.kind == .array else { return nil }
        let bodies = Array(own.models.map(\.body).joined(separator: Array(",".utf8)))
        guard !bodies.isEmpty else { return list.bytes }
        let isEmpty = !data.elements.contains { _ in true }
        var edits = ByteEdits()
        edits.insert(bodies + (isEmpty ? [] : Array(",".utf8)), at: data.range.lowerBound + 1)
        return edits.applied(to: list.bytes)
    }
}
