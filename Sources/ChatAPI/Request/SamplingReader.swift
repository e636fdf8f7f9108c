/// Reads the fields that say how an answer is drawn; chat completions and completions share them.
struct SamplingReader {
    var sampling = SamplingParameters()
    private var maxTokens: Int?
    private var maxCompletionTokens: Int?
    private var asksLogprobs: Bool?
    private var topLogprobs: Int?

    /// What the values of the fields must be, in words for an error.
    static func expectation(_ field: String) -> String? {
        switch field {
        case "temperature": "a number from 0 to 2"
        case "top_p", "min_p": "a number from 0 to 1"
        case "top_k": "an integer of at least -1"
        case "repetition_penalty": "a number above 0 and at most 10"
        case "presence_penalty", "frequency_penalty": "a number from -2 to 2"
        case "logit_bias": "an object of at most 1024 token ids with numbers from -100 to 100"
        case "max_tokens", "max_completion_tokens": "an integer of at least 1"
        case "stop": "a string that is not empty, or an array of such strings"
        case "seed": "a 64-bit integer"
        case "n": "an integer from 1 to 128"
        case "logprobs": "true or false"
        case "top_logprobs": "an integer from 0 to 20, with 'logprobs' true"
        case "response_format": "an object of type text, json_object or json_schema with a schema"
        case "stream", "ignore_eos", "cache_prompt": "true or false"
        case "user": "a string"
        default: nil
        }
    }

    /// Takes what was read together: the two names of the limit, and the two fields of log probabilities.
    ///
    /// - Returns: the field that contradicts another, if there is one.
    mutating func finish() -> String? {
        sampling.maxTokens = maxCompletionTokens ?? maxTokens
        if asksLogprobs == true { sampling.logprobs = topLogprobs ?? 0 }
        return asksLogprobs != true && (topLogprobs ?? 0) > 0 ? "top_logprobs" : nil
    }

    /// Reads a field that other servers know and the official API does not; nil if it is none of those.
    mutating func read(extension key: JSONString, _ value: JSONValue) -> (field: String, isValid: Bool)? {
        if key == "top_k" {
            return ("top_k", assign(value.int.flatMap { $0 >= -1 && $0 <= 1 << 30 ? $0 : nil }) { $0.topK = $1 })
        }
        if key == "min_p" { return ("min_p", assign(Self.number(value, in: 0...1)) { $0.minP = $1 }) }
        if key == "repetition_penalty" {
            let penalty = Self.number(value, in: 0...10).flatMap { $0 > 0 ? $0 : nil }
            return ("repetition_penalty", assign(penalty) { $0.repetitionPenalty = $1 })
        }
        if key == "ignore_eos" { return ("ignore_eos", assign(value.bool) { $0.ignoresEnd = $1 }) }
        return nil
    }

    /// Reads a field of the official API; nil if it is none that says how an answer is drawn.
    mutating func read(_ field: ChatField, _ value: JSONValue) -> Bool? {
        switch field {
        case .temperature: assign(Self.number(value, in: 0...2)) { $0.temperature = $1 }
        case .topP: assign(Self.number(value, in: 0...1)) { $0.topP = $1 }
        case .presencePenalty: assign(Self.number(value, in: -2...2)) { $0.presencePenalty = $1 }
        case .frequencyPenalty: assign(Self.number(value, in: -2...2)) { $0.frequencyPenalty = $1 }
        case .logitBias: assign(Self.logitBias(value)) { $0.logitBias = $1 }
        case .maxTokens: keep(value.int.flatMap { $0 > 0 ? $0 : nil }) { $0.maxTokens = $1 }
        case .maxCompletionTokens: keep(value.int.flatMap { $0 > 0 ? $0 : nil }) { $0.maxCompletionTokens = $1 }
        case .seed: assign(value.int) { $0.seed = $1 }
        case .stop: assign(Self.stopStrings(value)) { $0.stop = $1 }
        case .n: assign(value.int.flatMap { (1...128).contains($0) ? $0 : nil }) { $0.choices = $1 }
        case .logprobs: keep(value.bool) { $0.asksLogprobs = $1 }
        case .topLogprobs: keep(value.int.flatMap { (0...20).contains($0) ? $0 : nil }) { $0.topLogprobs = $1 }
        case .responseFormat: responseFormat(value)
        default: nil
        }
    }

    private mutating func responseFormat(_ value: JSONValue) -> Bool {
        guard let type = value["type"]?.string else { return false }
        if type == "text" { return true }
        if type == "json_object" {
            sampling.format = .jsonObject
            return true
        }
        guard type == "json_schema" else { return true }
        guard let schema = value["json_schema"]?["schema"], schema.kind == .object || schema.kind == .boolean else {
            return false
        }
        sampling.format = .jsonSchema(Array(schema.rawBytes))
        return true
    }

    private mutating func assign<Value>(
        _ value: Value?, _ store: (inout SamplingParameters, Value) -> Void
    ) -> Bool {
        guard let value else { return false }
        store(&sampling, value)
        return true
    }

    private mutating func keep<Value>(_ value: Value?, _ store: (inout Self, Value) -> Void) -> Bool {
        guard let value else { return false }
        store(&self, value)
        return true
    }

    private static func number(_ value: JSONValue, in range: ClosedRange<Double>) -> Double? {
        value.double.flatMap { range.contains($0) ? $0 : nil }
    }

    static func stopStrings(_ value: JSONValue) -> [String]? {
        if let string = value.string { return string.text.flatMap { $0.isEmpty ? nil : [$0] } }
        guard value.kind == .array else { return nil }
        var strings: [String] = []
        for element in value.elements {
            guard let text = element.string?.text, !text.isEmpty else { return nil }
            strings.append(text)
        }
        return strings
    }

    private static func logitBias(_ value: JSONValue) -> [SamplingParameters.LogitBias]? {
        guard value.kind == .object else { return nil }
        var biases: [SamplingParameters.LogitBias] = []
        var members = value.members
        while let (key, value) = members.next() {
            guard biases.count < 1_024, let token = key.text.flatMap({ Int32($0) }), token >= 0,
                let bias = number(value, in: -100...100)
            else { return nil }
            biases.append(.init(token: token, bias: bias))
        }
        return biases
    }
}
