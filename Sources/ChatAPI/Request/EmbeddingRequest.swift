/// The body of a `POST /v1/embeddings`, for a backend that answers it itself; everything odd is an error.
public struct EmbeddingRequest: Sendable {
    /// How the numbers are written.
    public enum Encoding: String, Sendable {
        /// A JSON array of numbers.
        case float
        /// Base64 of little-endian float32.
        case base64
    }

    /// `model`; never empty.
    public let model: String
    /// `input`: at least one.
    public let inputs: [PromptInput]
    /// `encoding_format`; `float` if absent.
    public let encoding: Encoding

    /// Reads the body.
    public init(_ body: [UInt8], limits: JSONLimits = JSONLimits()) throws(RequestError) {
        let root: JSONValue
        do {
            root = try JSONDocument(body, limits: limits).root
        } catch {
            throw RequestError(error)
        }
        guard root.kind == .object else {
            throw RequestError(.invalidType, nil, "The request body must be a JSON object.")
        }
        var model: String?
        var inputs: [PromptInput]?
        var encoding = Encoding.float
        var seen: Set<String> = []
        var members = root.members
        while let (key, value) = members.next() {
            let name = key.text ?? "?"
            guard seen.insert(name).inserted else { throw .duplicate(String(name.prefix(64))) }
            if value.isNull { continue }
            switch name {
            case "model": model = value.string?.text
            case "input": inputs = try PromptInput.read(value, name)
            case "encoding_format":
                guard let known = value.string?.text.flatMap(Encoding.init) else {
                    throw CompletionRequestDecoder.invalid(name, "float or base64")
                }
                encoding = known
            case "user": break
            default: throw CompletionRequestDecoder.unsupported(String(name.prefix(64)))
            }
        }
        guard let model, !model.isEmpty else { throw .missing("model") }
        guard let inputs else { throw .missing("input") }
        self.model = model
        self.inputs = inputs
        self.encoding = encoding
    }
}
