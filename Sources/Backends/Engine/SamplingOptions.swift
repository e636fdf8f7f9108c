import ChatAPI
import Engine
import Gateway
import Grammar
import Tokenization

extension EngineBackend {
    /// The features that this engine honours.
    func honours(_ feature: Feature) -> Bool {
        switch feature {
        case .tools: template.takesTools && (rendersTools || template.toolCallFormat != nil)
        case .unknownField("chat_template_kwargs"): rendersTools && template.takesTools
        case .store, .serviceTier, .multipleChoices, .logprobs, .logitBias, .penalties, .responseFormat: true
        case .unknownField(let name): ["top_k", "min_p", "repetition_penalty", "ignore_eos"].contains(name)
        default: false
        }
    }

    /// Refuses what cannot be answered: a value out of its range by its name, else what the engine lacks.
    func check(_ request: ChatRequest) throws(BackendError) {
        let lacking = request.features.filter { !honours($0) }
        for case .malformed(let path) in lacking {
            let what = ChatRequest.expectation(of: path).map { " It must be \($0)." } ?? ""
            throw Self.refused(
                .invalidRequest("The value of '\(path)' cannot be used.\(what)", param: path, code: "invalid_value"))
        }
        guard lacking.isEmpty else {
            var what = lacking.map(\.description).sorted().joined(separator: ", ")
            if lacking.contains(.tools) {
                what +=
                    template.takesTools
                    ? " (its chat template does not tell how calls are written)"
                    : " (its chat template has no place for tools)"
            }
            throw Self.refused(
                .invalidRequest(
                    "The model '\(request.model.prefix(100))' does not support: \(what).", code: "unsupported_feature"))
        }
        if request.features.contains(.responseFormat), request.sampling.format == nil {
            throw Self.refused(
                .invalidRequest(
                    "'response_format.type' must be text, json_object or json_schema.", param: "response_format",
                    code: "invalid_value"))
        }
    }

    /// Refuses what no single request may ask of the engine.
    static func check(_ sampling: SamplingParameters, model: String) throws(BackendError) {
        guard sampling.stop.count <= maximumStops else {
            throw refused(
                .invalidRequest(
                    "The model '\(model.prefix(100))' takes at most \(maximumStops) stop strings.", param: "stop",
                    code: "invalid_value"))
        }
        guard sampling.choices ?? 1 <= maximumChoices else {
            throw refused(
                .invalidRequest(
                    "The model '\(model.prefix(100))' gives at most \(maximumChoices) choices: 'n' is larger.",
                    param: "n", code: "invalid_value"))
        }
    }

    /// The request's parameters; an answer is cut where the context ends, and a prompt that fills it is refused.
    func options(
        _ sampling: SamplingParameters, promptTokens: Int, param: String
    ) throws(BackendError) -> GenerationOptions {
        let context = service.config.maximumPositions
        let room = context - promptTokens
        guard room > 0 else {
            throw Self.refused(
                .invalidRequest(
                    "The prompt has \(promptTokens) tokens; this model's context is \(context) tokens, answer included.",
                    param: param, code: "context_length_exceeded"))
        }
        if let bad = sampling.logitBias.first(where: { Int($0.token) >= service.config.vocabularySize }) {
            throw Self.refused(
                .invalidRequest(
                    "'logit_bias' names the token \(bad.token); this model's largest is "
                        + "\(service.config.vocabularySize - 1).", param: "logit_bias", code: "invalid_value"))
        }
        let wanted = sampling.maxTokens ?? defaults.maximumTokens ?? room
        var options = GenerationOptions(
            maximumNewTokens: min(wanted, room), temperature: Float(sampling.temperature ?? defaults.temperature),
            topP: Float(sampling.topP ?? defaults.topP),
            seed: sampling.seed.map { UInt64(bitPattern: Int64($0)) } ?? .random(in: 0 ... .max),
            endTokens: sampling.ignoresEnd == true ? [] : template.stopTokens)
        options.topK = max(sampling.topK ?? 0, 0)
        options.minP = Float(sampling.minP ?? 0)
        options.repetitionPenalty = Float(sampling.repetitionPenalty ?? 1)
        options.presencePenalty = Float(sampling.presencePenalty ?? 0)
        options.frequencyPenalty = Float(sampling.frequencyPenalty ?? 0)
        options.topLogprobs = sampling.logprobs
        for entry in sampling.logitBias { options.logitBias[entry.token, default: 0] += Float(entry.bias) }
        return options
    }

    /// What an answer is held to; nil: nothing.
    func constraint(_ grammar: AnswerGrammar?) throws(BackendError) -> (any TokenConstraint)? {
        guard let grammar else { return nil }
        do throws(GrammarError) {
            return GrammarConstraint(try grammars.automaton(grammar))
        } catch {
            if case .framed = grammar {
                throw Self.refused(
                    .invalidRequest(
                        "The parameters of a function in 'tools' cannot be demanded: \(error.description).",
                        param: "tools",
                        code: "invalid_value"))
            }
            throw Self.refused(
                .invalidRequest(
                    "The schema in 'response_format' cannot be used: \(error.description).", param: "response_format",
                    code: "invalid_value"))
        }
    }
}
