import ChatAPI

extension GatewayService {
    /// Answers `GET /v1/models`: the gateway's own names first, then those of the default backend if it can be reached.
    public func models(_ received: Received) async -> ClientReply {
        let own = ModelList(ownModels)
        guard let backend = configuration.defaultBackend.flatMap({ backends[$0] }),
            let list = await list(backend, received)
        else { return ClientReply(json: own.body, requestID: received.id) }
        return ClientReply(json: Self.merge(own, into: list) ?? own.body, requestID: received.id)
    }

    /// Answers `GET /v1/models/{id}`: one of the gateway's own, else what the default backend says.
    public func model(_ id: String, _ received: Received) async -> ClientReply {
        if let model = ownModels.first(where: { $0.id == id }) {
            return ClientReply(json: model.body, requestID: received.id)
        }
        guard configuration.defaultBackend != nil else {
            return ClientReply(APIError.modelNotFoundWithoutUpstream(id), requestID: received.id)
        }
        return await forward(received)
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

    private func list(_ backend: any Backend, _ received: Received) async -> JSONDocument? {
        // The list is changed here, so it must come unpacked.
        let headers = received.forwardedHeaders(readingAnswer: true)
        let request = BackendRequest(
            id: received.id, method: "GET", target: received.target, headers: headers, body: [], model: "",
            limits: .init(firstByte: .seconds(5), total: .seconds(10)))
        guard let reply = try? await backend.reply(to: request), reply.status == 200,
            let bytes = try? await reply.body.collect(upTo: 8 << 20)
        else { return nil }
        return try? JSONDocument(bytes)
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
