public import ChatAPI
public import Engine
public import Gateway
import PromptSchema
import Foundation
public import Tokenization

/// The embedded engine: one base model and its adapters, chosen by model name.
public struct EngineBackend: Backend {
    /// What holds where a request says nothing.
    public struct Defaults: Sendable, Hashable {
        /// The temperature. The API's own default is 1; a tuned task has one right answer, so this one's is 0.
        public var temperature: Double
        /// The nucleus.
        public var topP: Double
        /// Most tokens of an answer; nil: until the context is full.
        public var maximumTokens: Int?

        /// Makes defaults.
        public init(temperature: Double = 0, topP: Double = 1, maximumTokens: Int? = nil) {
            self.temperature = temperature
            self.topP = topP
            self.maximumTokens = maximumTokens
        }
    }

    /// The name in the configuration.
    public let name: String
    let service: EngineService
    let tokenizer: Tokenizer
    let template: ChatTemplate
    let defaults: Defaults
    let grammars: GrammarCache
    private let operatorTexts: OperatorTexts
    private let baseModel: String
    private let limits: BackendRequest.Limits
    let rendersTools: Bool

    /// A backend.
    ///
    /// - Parameters:
    ///   - baseModel: the name under which the base without an adapter is asked.
    ///   - grammars: the grammars met so far, where another backend over the same tokenizer went before.
    ///   - limits: what holds for requests that have no tighter limits of their own.
    ///   - rendersTools: whether requests may have tools and `chat_template_kwargs`.
    public init(
        name: String, service: EngineService, tokenizer: Tokenizer, template: ChatTemplate, baseModel: String,
        grammars: GrammarCache? = nil, defaults: Defaults = Defaults(), limits: BackendRequest.Limits = .init(),
        rendersTools: Bool = false
    ) {
        self.name = name
        self.service = service
        self.tokenizer = tokenizer
        self.grammars = grammars ?? GrammarCache(tokenizer)
        operatorTexts = OperatorTexts(template)
        self.template = template
        self.baseModel = baseModel
        self.defaults = defaults
        self.limits = limits
        self.rendersTools = rendersTools
    }

    /// Everything that a text engine with log probabilities and constrained answers cannot do.
    ///
    /// Tools are shown to a model whose chat template has a place for them, and calls are found in its answers where
    /// the template tells how they are written; an engine that `rendersTools` shows them to others too, whose answers
    /// are text.
    public func unsupported(_ features: Set<Feature>) -> Set<Feature> {
        features.filter { !honours($0) }
    }

    /// Each message costs tokens of its own, and each stop string is looked for after every token.
    static let maximumMessages = 2_000
    static let maximumStops = 16
    /// Answers to one prompt.
    static let maximumChoices = 8

    /// Starts the generation.
    public func reply(to request: BackendRequest) async throws(BackendError) -> Reply {
        if let chat = request.chat { return try await reply(to: chat, request) }
        switch request.target.split(separator: "?", maxSplits: 1).first {
        case "/v1/completions" where request.method == "POST": return try await complete(request)
        case "/v1/embeddings" where request.method == "POST": return try await embed(request)
        default: throw Self.refused(APIError.routeNotFound(method: request.method, path: request.target))
        }
    }

    private func reply(to chat: BackendRequest.Chat, _ request: BackendRequest) async throws(BackendError) -> Reply {
        try check(chat.request)
        try Self.check(chat.request.sampling, model: chat.request.model)
        guard let conversation = ChatConversation(chat) else {
            throw Self.refused(
                .invalidRequest(
                    "The model '\(chat.request.model.prefix(100))' does not support: content other than text.",
                    code: "unsupported_feature"))
        }
        guard conversation.messages.count <= Self.maximumMessages else {
            throw Self.refused(
                .invalidRequest(
                    "The model '\(chat.request.model.prefix(100))' takes at most \(Self.maximumMessages) messages.",
                    code: "invalid_value"))
        }
        try checkModel(request.model, asked: chat.request.model)
        let tools = try toolAnswer(chat.request)
        let prompt = try prompt(conversation) + (tools?.opening ?? [])
        let shared = request.tenant == nil ? 0 : operatorTexts.shared(with: prompt, chat.operatorText)
        let answers = try start(
            [EnginePrompt(tokens: prompt, param: "messages", shared: shared)], chat.request.sampling, request,
            grammar: tools == nil ? chat.answer.form.map(AnswerGrammar.init) : nil, tools: tools,
            beams: chat.answer.beams)
        return try await answers.reply(
            CompletionEncoder(id: "chatcmpl-" + request.id, created: Self.now, model: chat.request.model),
            stream: chat.request.stream, includeUsage: chat.request.includeUsage)
    }

    /// The conversation as the model reads it; what its chat template does not take is refused in the template's words.
    private func prompt(_ conversation: ChatConversation) throws(BackendError) -> [Int32] {
        do throws(TokenizationError) {
            return try template.encode(conversation, addGenerationPrompt: true).ids
        } catch {
            throw BackendError(
                .refused, wasSent: false,
                answer: .invalidRequest(
                    "The model cannot read these messages: \(error)", param: "messages", code: "invalid_messages"),
                detail: "\(name): \(error)")
        }
    }

    /// Refuses a model that is neither the base nor an adapter.
    func checkModel(_ model: String, asked: String) throws(BackendError) {
        guard model == baseModel || service.hasAdapter(model) else {
            throw Self.refused(.modelNotFound(asked))
        }
    }

    /// The adapter of a model's name; nil for the base.
    func adapter(_ model: String) -> String? {
        model == baseModel ? nil : model
    }

    static var now: Int { Int(Date().timeIntervalSince1970) }

    /// Starts `n` answers to every prompt; if one cannot start, those that did are given up.
    func start(
        _ prompts: [EnginePrompt], _ sampling: SamplingParameters, _ request: BackendRequest, keepsPrefix: Bool = true,
        grammar: AnswerGrammar? = nil, tools: ToolAnswer? = nil, beams: Int = 1
    ) throws(BackendError) -> EngineAnswers {
        let counter = TokenCounter(prompt: prompts.reduce(0) { $0 + $1.tokens.count })
        let stop = sampling.stop.map { Array($0.utf8) }
        let limits = BackendRequest.Limits(
            firstByte: request.limits.firstByte ?? limits.firstByte, total: request.limits.total ?? limits.total)
        let constraint = try constraint(tools?.grammar ?? AnswerGrammar(sampling.format) ?? grammar)
        // An answer that is held to a form is no call, whatever it looks like.
        let calls = tools.flatMap { $0.isForced || constraint == nil ? $0 : nil }
        var choices: [EngineAnswer] = []
        for prompt in prompts {
            var options = try options(sampling, promptTokens: prompt.tokens.count, param: prompt.param)
            options.describesPrompt = prompt.echo != nil && (sampling.logprobs != nil || sampling.maxTokens == 0)
            options.constraint = constraint
            options.tenant = request.tenant
            options.sharedPrefix = prompt.shared
            options.keepsPrefix = keepsPrefix
            // A request that wants answers drawn, or several, gets those; and a search sees no stop strings.
            if options.temperature == 0, sampling.choices ?? 1 == 1, stop.isEmpty { options.beams = beams }
            let seed = options.seed
            for choice in 0..<(sampling.choices ?? 1) {
                // Distinct streams of the generator, and the request's own seed for the first.
                options.seed = seed &+ UInt64(choice) &* 0xD134_2543_DE82_EF95
                let stream: GenerationStream
                do throws(EngineError) {
                    stream = try service.generate(
                        prompt: prompt.tokens, adapter: adapter(request.model), options: options)
                } catch {
                    throw BackendError(error, backend: name, wasSent: false)
                }
                choices.append(
                    EngineAnswer(
                        stream: stream, service: service, tokenizer: tokenizer, stop: stop,
                        logprobs: sampling.logprobs != nil, echo: prompt.echo, tools: calls, counter: counter,
                        backend: name,
                        limits: limits))
            }
        }
        return EngineAnswers(choices: choices, counter: counter)
    }

    static func refused(_ error: APIError) -> BackendError {
        BackendError(.refused, wasSent: false, answer: error)
    }
}

/// A prompt as the engine takes it.
struct EnginePrompt: Sendable {
    /// The tokens.
    let tokens: [Int32]
    /// The request's field that it comes from.
    let param: String
    /// The text that the answer begins with; nil: the answer alone is told.
    var echo: [UInt8]?
    /// How many of the first tokens every tenant may find in the prefix cache.
    var shared = 0
}

extension BackendError {
    /// What an engine's error means to the gateway.
    init(_ error: EngineError, backend: String, wasSent: Bool) {
        let (code, answer): (Code, APIError) =
            switch error {
            case .busy: (.overflow, .overloaded("The model has no room for another request."))
            case .unknownAdapter(let name): (.refused, .modelNotFound(name))
            case .limit: (.refused, .invalidRequest("The request does not fit the model.", code: "limit_exceeded"))
            case .constraint(let reason):
                (
                    .failed,
                    .invalidRequest(
                        "The answer cannot become what 'response_format' demands: \(reason).",
                        param: "response_format", code: "unsupported_feature")
                )
            default: (.failed, .internalError)
            }
        self.init(code, wasSent: wasSent, answer: answer, detail: "\(backend): \(error)")
    }
}
