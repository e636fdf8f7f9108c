/// Reads the members of a completion request, each at most once.
struct CompletionRequestDecoder {
    var model: String?
    var prompts: [PromptInput]?
    var sampling = SamplingParameters()
    var echo = false
    var stream = false
    var includeUsage = false
    var cachesPrompt = true

    private var reader = SamplingReader()
    private var maxTokens = 16
    private var logprobs: Int?
    private var bestOf: Int?
    private var seen: Set<String> = []

    mutating func read(_ root: JSONValue) throws(RequestError) {
        guard root.kind == .object else {
            throw RequestError(.invalidType, nil, "The request body must be a JSON object.")
        }
        var members = root.members
        while let (key, value) = members.next() {
            let name = key.text ?? "?"
            guard seen.insert(name).inserted else { throw .duplicate(String(name.prefix(64))) }
            if !value.isNull { try read(name, key, value) }
        }
        _ = reader.finish()
        sampling = reader.sampling
        sampling.maxTokens = maxTokens
        sampling.logprobs = logprobs
        guard maxTokens > 0 || echo else {
            throw Self.invalid("max_tokens", "an integer of at least 1, or 0 with 'echo'")
        }
        if let bestOf, bestOf != sampling.choices ?? 1 { throw Self.invalid("best_of", "equal to 'n'") }
    }

    private mutating func read(_ name: String, _ key: JSONString, _ value: JSONValue) throws(RequestError) {
        switch name {
        case "model":
            guard let text = value.string?.text, !text.isEmpty else { throw Self.invalid(name, "the name of a model") }
            model = text
        case "prompt": prompts = try PromptInput.read(value, name)
        case "echo": echo = try Self.bool(value, name)
        case "stream": stream = try Self.bool(value, name)
        case "stream_options":
            guard value.kind == .object else { throw Self.invalid(name, "an object") }
            includeUsage =
                try value["include_usage"].map { option throws(RequestError) in
                    try Self.bool(option, "stream_options.include_usage")
                } ?? false
        case "cache_prompt": cachesPrompt = try Self.bool(value, name)
        case "max_tokens":
            guard let count = value.int, count >= 0 else { throw Self.invalid(name, "an integer of at least 0") }
            maxTokens = count
        case "logprobs":
            guard let count = value.int, (0...20).contains(count) else {
                throw Self.invalid(name, "an integer from 0 to 20")
            }
            logprobs = count
        case "best_of": bestOf = value.int ?? 0
        case "user": break
        case "suffix":
            guard value.string?.text?.isEmpty == true else { throw Self.unsupported(name) }
        default: try readSampling(name, key, value)
        }
    }

    private mutating func readSampling(_ name: String, _ key: JSONString, _ value: JSONValue) throws(RequestError) {
        let isValid: Bool
        if let (field, valid) = reader.read(extension: key, value) {
            isValid = valid
            guard valid else { throw Self.invalid(field, SamplingReader.expectation(field) ?? "valid") }
        } else if let (field, _) = ChatField.table.find(key), field != .topLogprobs, field != .maxCompletionTokens,
            let valid = reader.read(field, value)
        {
            isValid = valid
        } else {
            throw Self.unsupported(String(name.prefix(64)))
        }
        guard isValid else { throw Self.invalid(name, SamplingReader.expectation(name) ?? "valid") }
    }

    private static func bool(_ value: JSONValue, _ field: String) throws(RequestError) -> Bool {
        guard let bool = value.bool else { throw invalid(field, "true or false") }
        return bool
    }

    static func invalid(_ field: String, _ expected: String) -> RequestError {
        RequestError(.invalidValue, field, "'\(field)' must be \(expected).")
    }

    static func unsupported(_ field: String) -> RequestError {
        RequestError(.invalidValue, field, "This model does not support '\(field)'.")
    }
}
