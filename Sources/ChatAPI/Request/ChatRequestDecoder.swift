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

    private var maxTokens: Int?
    private var maxCompletionTokens: Int?
    private var seen: UInt64 = 0

    mutating func read(_ root: JSONValue) throws(RequestError) {
        guard root.kind == .object else {
            throw RequestError(.invalidType, nil, "The request body must be a JSON object.")
        }
        var members = root.members
        while let (key, value) = members.next() {
            guard let (field, bit) = ChatField.table.find(key) else {
                if !value.isNull { features.insert(.unknown(key)) }
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
        sampling.maxTokens = maxCompletionTokens ?? maxTokens
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
        switch field {
        case .stream:
            return assign(value.bool) { $0.stream = $1 }
        case .temperature:
            return assign(number(value, in: 0...2)) { $0.sampling.temperature = $1 }
        case .topP:
            return assign(number(value, in: 0...1)) { $0.sampling.topP = $1 }
        case .maxTokens:
            return assign(value.int.flatMap { $0 > 0 ? $0 : nil }) { $0.maxTokens = $1 }
        case .maxCompletionTokens:
            return assign(value.int.flatMap { $0 > 0 ? $0 : nil }) { $0.maxCompletionTokens = $1 }
        case .seed:
            return assign(value.int) { $0.sampling.seed = $1 }
        case .stop:
            return assign(stopStrings(value)) { $0.sampling.stop = $1 }
        case .user:
            return assign(value.string?.text) { $0.user = $1 }
        case .n:
            return note(.multipleChoices, unless: value.int.map { $0 == 1 })
        case .frequencyPenalty, .presencePenalty:
            return note(.penalties, unless: value.double.map { $0 == 0 })
        case .logprobs:
            return note(.logprobs, unless: value.bool.map { !$0 })
        case .topLogprobs:
            return note(.logprobs, unless: value.int.map { $0 == 0 })
        case .responseFormat:
            return note(.responseFormat, unless: value["type"]?.string.map { $0 == "text" })
        case .logitBias:
            return note(.logitBias, unless: value.kind == .object ? isEmpty(value) : nil)
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

    private func number(_ value: JSONValue, in range: ClosedRange<Double>) -> Double? {
        value.double.flatMap { range.contains($0) ? $0 : nil }
    }

    private func stopStrings(_ value: JSONValue) -> [String]? {
        if let string = value.string { return string.text.flatMap { $0.isEmpty ? nil : [$0] } }
        guard value.kind == .array else { return nil }
        var strings: [String] = []
        for element in value.elements {
            guard let text = element.string?.text, !text.isEmpty else { return nil }
            strings.append(text)
        }
        return strings
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
