import ChatAPI

/// A client's spelling of a path, as the routes know it: with or without `/v1`, or as Azure spells it.
struct ClientPath {
    /// The target under `/v1/`, or as the client sent it.
    private(set) var target: String
    /// The deployment that an Azure path names: the model's name.
    private(set) var deployment: String?

    init(_ target: String) {
        self.target = target
        if target.hasPrefix("/v1/") { return }
        let rest = target.dropFirst()
        let first = rest.prefix { $0 != "/" && $0 != "?" }
        if first == "openai" {
            readAzure(rest.dropFirst(first.utf8.count))
        } else if Self.roots.contains(String(first)) {
            self.target = "/v1" + target
        }
    }

    /// The API's own first segments: what may follow a base URL that lacks its `/v1`.
    ///
    /// `tokenize` and `detokenize` are not among them: servers have them at their root, and not under `/v1`.
    private static let roots: Set<String> = [
        "chat", "completions", "embeddings", "models", "responses", "moderations", "images", "audio", "files",
        "batches", "uploads", "fine_tuning", "vector_stores", "assistants", "threads", "rerank", "conversations",
        "containers", "evals", "videos", "realtime", "skills", "chatkit", "organization", "engines", "score",
    ]

    /// `/deployments/NAME/…`, `/v1/…` or another path of the API, after `/openai`.
    private mutating func readAzure(_ rest: Substring) {
        if rest.hasPrefix("/v1/") {
            target = String(rest)
            return
        }
        guard rest.hasPrefix("/deployments/") else {
            if rest.hasPrefix("/"), Self.roots.contains(String(rest.dropFirst().prefix { $0 != "/" && $0 != "?" })) {
                target = "/v1" + rest
            }
            return
        }
        let named = rest.dropFirst("/deployments/".utf8.count)
        let name = named.prefix { $0 != "/" && $0 != "?" }
        let path = named.dropFirst(name.utf8.count)
        guard path.hasPrefix("/"), let deployment = PathPattern.decoded(name), !deployment.isEmpty,
            deployment != ".", deployment != ".."
        else { return }
        self.deployment = deployment
        target = "/v1" + path
    }

    /// The body with the deployment as its model; as it came if it is no JSON object.
    static func body(_ body: [UInt8], deployment: String) -> [UInt8] {
        guard let document = try? JSONDocument(body), document.root.kind == .object else { return body }
        var json = JSONWriter()
        json.string(deployment)
        var edits = ByteEdits()
        if let model = document.root["model"] {
            edits.replace(model.range, with: json.bytes)
        } else {
            let isEmpty = !document.root.members.contains { _ in true }
            edits.insert(
                Array(#""model":"#.utf8) + json.bytes + (isEmpty ? [] : [UInt8(ascii: ",")]),
                at: document.root.range.lowerBound + 1)
        }
        return edits.applied(to: body) ?? body
    }
}
