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
    private let service: EngineService
    private let tokenizer: Tokenizer
    private let template: ChatTemplate
    private let baseModel: String
    private let defaults: Defaults
    private let limits: BackendRequest.Limits

    /// A backend.
    ///
    /// - Parameters:
    ///   - baseModel: the name under which the base without an adapter is asked.
    ///   - limits: what holds for requests that have no tighter limits of their own.
    public init(
        name: String, service: EngineService, tokenizer: Tokenizer, template: ChatTemplate, baseModel: String,
        defaults: Defaults = Defaults(), limits: BackendRequest.Limits = .init()
    ) {
        self.name = name
        self.service = service
        self.tokenizer = tokenizer
        self.template = template
        self.baseModel = baseModel
        self.defaults = defaults
        self.limits = limits
    }

    /// Everything but what changes no answer: this engine continues text.
    public func unsupported(_ features: Set<Feature>) -> Set<Feature> {
        features.subtracting([.store, .serviceTier])
    }

    /// Each message costs tokens of its own, and each stop string is looked for after every token.
    private static let maximumMessages = 2_000
    private static let maximumStops = 16

    /// Starts the generation.
    public func reply(to request: BackendRequest) async throws(BackendError) -> Reply {
        guard let chat = request.chat else {
            throw Self.refused(APIError.routeNotFound(method: request.method, path: request.target))
        }
        let lacking = unsupported(chat.request.features).map(\.description).sorted()
        guard lacking.isEmpty, let messages = chat.messages else {
            let what = lacking.isEmpty ? "content other than text" : lacking.joined(separator: ", ")
            throw Self.refused(
                .invalidRequest(
                    "The model '\(chat.request.model.prefix(100))' does not support: \(what).",
                    code: "unsupported_feature"))
        }
        guard messages.count <= Self.maximumMessages, chat.request.sampling.stop.count <= Self.maximumStops else {
            throw Self.refused(
                .invalidRequest(
                    "The model '\(chat.request.model.prefix(100))' takes at most \(Self.maximumMessages) messages and "
                        + "\(Self.maximumStops) stop strings.", code: "invalid_value"))
        }
        guard request.model == baseModel || service.adapterNames.contains(request.model) else {
            throw Self.refused(.modelNotFound(chat.request.model))
        }
        let prompt = template.encode(
            messages: messages.map { ($0.role.rawValue, $0.text) }, addGenerationPrompt: true
        ).ids
        let sampling = chat.request.sampling
        let options = try options(sampling, promptTokens: prompt.count)
        let stream: GenerationStream
        do throws(EngineError) {
            stream = try service.generate(
                prompt: prompt, adapter: request.model == baseModel ? nil : request.model, options: options)
        } catch {
            throw BackendError(error, backend: name, wasSent: false)
        }
        let answer = EngineAnswer(
            stream: stream, service: service, tokenizer: tokenizer, stop: sampling.stop.map { Array($0.utf8) },
            counter: TokenCounter(prompt: prompt.count), backend: name,
            limits: .init(
                firstByte: request.limits.firstByte ?? limits.firstByte, total: request.limits.total ?? limits.total))
        let encoder = CompletionEncoder(
            id: "chatcmpl-" + request.id, created: Int(Date().timeIntervalSince1970), model: chat.request.model)
        return chat.request.stream
            ? Self.events(answer, encoder, includeUsage: chat.request.includeUsage)
            : try await Self.whole(answer, encoder)
    }

    /// The request's parameters; an answer is cut where the context ends, and a prompt that fills it is refused.
    private func options(
        _ sampling: SamplingParameters, promptTokens: Int
    ) throws(BackendError) -> GenerationOptions {
        let room = service.config.maximumPositions - promptTokens
        guard room > 0 else {
            throw Self.refused(
                .invalidRequest(
                    "The prompt has \(promptTokens) tokens; this model's context is "
                        + "\(service.config.maximumPositions) tokens, answer included.",
                    param: "messages", code: "context_length_exceeded"))
        }
        let wanted = sampling.maxTokens ?? defaults.maximumTokens ?? room
        return GenerationOptions(
            maximumNewTokens: min(wanted, room), temperature: Float(sampling.temperature ?? defaults.temperature),
            topP: Float(sampling.topP ?? defaults.topP),
            seed: sampling.seed.map { UInt64(bitPattern: Int64($0)) } ?? .random(in: 0 ... .max),
            endTokens: template.stopTokens)
    }

    private static func events(_ answer: EngineAnswer, _ encoder: CompletionEncoder, includeUsage: Bool) -> Reply {
        let events = EngineEvents(answer, encoder.stream(includeUsage: includeUsage))
        return Reply(
            status: 200,
            headers: [("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache")],
            body: ReplyStream { try await events.next() }, counted: answer.counter)
    }

    private static func whole(_ answer: EngineAnswer, _ encoder: CompletionEncoder) async throws(BackendError) -> Reply
    {
        var text = ""
        while true {
            switch try await answer.next() {
            case .text(let piece): text += piece
            case .end(let reason):
                let body = encoder.completion(text, finishReason: reason, usage: answer.usage)
                return Reply(
                    status: 200,
                    headers: [("content-type", "application/json"), ("content-length", String(body.count))],
                    body: ReplyStream(body), counted: answer.counter)
            }
        }
    }

    private static func refused(_ error: APIError) -> BackendError {
        BackendError(.refused, wasSent: false, answer: error)
    }
}

extension BackendError {
    /// What an engine's error means to the gateway.
    init(_ error: EngineError, backend: String, wasSent: Bool) {
        let (code, answer): (Code, APIError) =
            switch error {
            case .busy: (.overflow, .overloaded("The model has no room for another request."))
            case .unknownAdapter(let name): (.refused, .modelNotFound(name))
            case .limit: (.refused, .invalidRequest("The request does not fit the model.", code: "limit_exceeded"))
            default: (.failed, .internalError)
            }
        self.init(code, wasSent: wasSent, answer: answer, detail: "\(backend): \(error)")
    }
}
