import Access
import ChatAPI

extension GatewayService {
    /// Answers `GET /v1/models`: the gateway's own names first, then those of the default backend if it can be reached;
    /// of both only those that the caller's key may use.
    public func models(_ received: Received) async -> ClientReply {
        let own = ModelList(ownModels.filter { refusal(naming: $0.id, received) == nil })
        guard let backend = configuration.defaultBackend.flatMap({ backends[$0] }),
            let list = await list(backend, received)
        else { return ClientReply(json: own.body, requestID: received.id) }
        let isScoped = received.caller?.isScoped ?? false
        let body = isScoped ? select(own, from: list, received) : Self.merge(own, into: list) ?? own.body
        return ClientReply(json: body, requestID: received.id)
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
        guard configuration.defaultBackend != nil else {
            return ClientReply(APIError.modelNotFoundWithoutUpstream(id), requestID: received.id)
        }
        return await forward(received, isInScope: true)
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
