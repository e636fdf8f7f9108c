/// Reads the members of a request's object, each at most once.
struct ChatRequestDecoder {
    var model: (name: String, range: Range<Int>)?
    var messages: (list: [ChatMessage], range: Range<Int>)?
    var stream = false
    var streamOptions: JSONValue?
    var includeUsage = false
    var user: String?
    var sampling = SamplingParameters()
    var features: Set<Feature> = []

    private var reader = SamplingReader()
    private var seen: UInt64 = 0

    mutating func read(_ root: JSONValue) throws(RequestError) {
        guard root.kind == .object else {
            throw RequestError(.invalidType, nil, "The request body must be a JSON object.")
        }
        var members = root.members
        while let (key, value) = members.next() {
            guard let (field, bit) = ChatField.table.find(key) else {
                if !value.isNull { readUnknown(key, value) }
                continue
            }
            guard seen & bit == 0 else { throw .duplicate(field.rawValue) }
            seen |= bit
            switch field {
            case .model: model = try readModel(value)
            case .messages: messages = try readMessages(value)
            case .streamOptions: try readStreamOptions(value)
            default: if !value.isNull, !read(field, value) { features.insert(.malformed(field.rawValue)) }
            }
        }
        if let field = reader.finish() { features.insert(.malformed(field)) }
        sampling = reader.sampling
    }

    /// A field that is not of the official API; some servers take a few of those, and so does the engine.
    private mutating func readUnknown(_ key: JSONString, _ value: JSONValue) {
        let known = reader.read(extension: key, value)
        features.insert(known.flatMap { $0.isValid ? nil : .malformed($0.field) } ?? .unknown(key))
    }

    private func readModel(_ value: JSONValue) throws(RequestError) -> (name: String, range: Range<Int>) {
        guard let string = value.string else {
            throw RequestError(.invalidType, "model", "'model' must be a string.")
        }
        guard let name = string.text, !name.isEmpty else {
            throw RequestError(.invalidValue, "model", "'model' must be the name of a model.")
        }
        return (name, value.range)
    }

    private mutating func readMessages(
        _ value: JSONValue
    ) throws(RequestError) -> (list: [ChatMessage], range: Range<Int>) {
        guard value.kind == .array else {
            throw RequestError(.invalidType, "messages", "'messages' must be an array of messages.")
        }
        var list: [ChatMessage] = []
        for element in value.elements {
            list.append(try ChatMessageDecoder.decode(element, index: list.count, features: &features))
        }
        return (list, value.range)
    }

    private mutating func readStreamOptions(_ value: JSONValue) throws(RequestError) {
        streamOptions = value
        guard value.kind == .object else {
            if !value.isNull { features.insert(.malformed("stream_options")) }
            return
        }
        var seenUsage = false
        var members = value.members
        while let (key, value) = members.next() {
            if key == "include_usage" {
                if seenUsage { throw .duplicate("stream_options.include_usage") }
                seenUsage = true
                includeUsage = value.bool ?? false
                if value.bool == nil, !value.isNull { features.insert(.malformed("stream_options.include_usage")) }
            } else if !(key == "include_obfuscation"), !value.isNull {
                features.insert(.unknown(key, in: "stream_options."))
            }
        }
    }

    /// Reads a field whose value is not null; answers false if the value has a type or range it should not have.
    private mutating func read(_ field: ChatField, _ value: JSONValue) -> Bool {
        let isValid = reader.read(field, value) ?? true
        switch field {
        case .stream:
            return assign(value.bool) { $0.stream = $1 }
        case .user:
            return assign(value.string?.text) { $0.user = $1 }
        case .n:
            return note(.multipleChoices, unless: isValid ? value.int == 1 : nil)
        case .frequencyPenalty, .presencePenalty:
            return note(.penalties, unless: isValid ? value.double == 0 : nil)
        case .logprobs:
            return note(.logprobs, unless: isValid ? value.bool == false : nil)
        case .topLogprobs:
            return note(.logprobs, unless: isValid ? value.int == 0 : nil)
        case .responseFormat:
            return note(.responseFormat, unless: isValid ? value["type"]?.string.map { $0 == "text" } : nil)
        case .logitBias:
            return note(.logitBias, unless: isValid ? isEmpty(value) : nil)
        case .temperature, .topP, .maxTokens, .maxCompletionTokens, .seed, .stop:
            return isValid
        case .tools, .functions:
            return note(.tools, unless: value.kind == .array ? isEmpty(value) : nil)
        case .toolChoice, .functionCall:
            return note(.tools, unless: value.string.map { $0 == "auto" || $0 == "none" } ?? false)
        case .modalities:
            return note(.audio, unless: value.kind == .array ? isTextOnly(value) : nil)
        case .audio:
            return note(.audio, unless: false)
        case .prediction:
            return note(.prediction, unless: false)
        case .reasoningEffort:
            return note(.reasoning, unless: value.string.map { $0 == "none" })
        case .verbosity:
            return note(.verbosity, unless: value.string.map { $0 == "medium" })
        case .webSearchOptions:
            return note(.webSearch, unless: false)
        case .moderation:
            return note(.moderation, unless: false)
        case .store:
            return note(.store, unless: value.bool.map { !$0 })
        case .serviceTier:
            return note(.serviceTier, unless: value.string.map { $0 == "auto" || $0 == "default" })
        case .model, .messages, .streamOptions, .parallelToolCalls, .metadata, .safetyIdentifier, .promptCacheKey,
            .promptCacheRetention, .promptCacheOptions:
            return true
        }
    }

    private mutating func assign<Value>(_ value: Value?, _ store: (inout Self, Value) -> Void) -> Bool {
        guard let value else { return false }
        store(&self, value)
        return true
    }

    /// Records the feature unless the value is its default; nil stands for a value of the wrong type.
    private mutating func note(_ feature: Feature, unless isDefault: Bool?) -> Bool {
        if isDefault == false { features.insert(feature) }
        return isDefault != nil
    }

    private func isEmpty(_ value: JSONValue) -> Bool {
        var members = value.members
        var elements = value.elements
        return members.next() == nil && elements.next() == nil
    }

    private func isTextOnly(_ value: JSONValue) -> Bool {
        value.elements.allSatisfy { $0.string.map { $0 == "text" } ?? false }
    }
}
