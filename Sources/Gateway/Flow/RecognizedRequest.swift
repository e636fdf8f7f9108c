import ChatAPI
import Experimentation
import PromptSchema

/// A request, and what recognition made of it; an object, since the whole flow hands it on.
final class RecognizedRequest: Sendable {
    enum Outcome: Sendable {
        /// An instance of the task's schema.
        case task(GatewayTask, RecognizedPrompt)
        /// It looks like the task's prompt, and nothing may be stripped.
        case refused(GatewayTask, UnknownReason)
        /// It belongs to no task.
        case noTask
    }

    let request: ChatRequest
    /// Nil if the request belongs to no task: then nobody needs its texts.
    let messages: RequestMessages?
    let outcome: Outcome

    init(request: ChatRequest, messages: RequestMessages?, outcome: Outcome) {
        self.request = request
        self.messages = messages
        self.outcome = outcome
    }

    /// The task that matched or came nearest.
    var task: GatewayTask? {
        switch outcome {
        case .task(let task, _), .refused(let task, _): task
        case .noTask: nil
        }
    }

    /// The recognized stretches; nil if nothing was recognized.
    var prompt: RecognizedPrompt? {
        if case .task(_, let prompt) = outcome { prompt } else { nil }
    }

    /// The outcome as the decision sees it.
    var recognized: Decision.Recognized {
        switch outcome {
        case .task: .task
        case .refused(_, let reason): .refused(Reason(rawValue: reason.code))
        case .noTask: .noTask
        }
    }

    /// The messages with their stretches, for counting.
    var counted: [CountedMessage] {
        guard let messages else { return [] }
        var pieces = messages.messages.map { CountedMessage(role: $0.role, text: $0.text) }
        for segment in prompt?.segments ?? [] where !segment.range.isEmpty {
            pieces[segment.message].stretches.append(.init(kind: .init(segment.kind), range: segment.range))
        }
        return pieces
    }

    /// What the prompt begins with that is the task's own: template text and known examples, up to anything else.
    var operatorText: [PromptMessage] {
        guard let prompt, let messages else { return [] }
        var own: [PromptMessage] = []
        for segment in prompt.segments {
            guard segment.kind == .template || segment.example != nil else { break }
            let message = messages.messages[segment.message]
            if own.count == segment.message { own.append(PromptMessage(role: message.role, text: [UInt8]())) }
            guard own.count == segment.message + 1 else { break }
            own[segment.message].text += message.text[segment.range]
        }
        return own
    }

    /// What the request uses and the task's tuned backend lacks or its schema does not allow, sorted.
    func unsupportedFeatures(_ backend: (any Backend)?) -> [String] {
        guard let task else { return [] }
        let wanted = request.features.subtracting(Self.harmless)
        let lacking = backend?.unsupported(wanted) ?? []
        var names = wanted.filter { lacking.contains($0) || !task.schema.allows.contains($0.description) }
            .map(\.description)
        if messages?.isPlain == false, !task.schema.allows.contains("message_fields") { names.append("message_fields") }
        return names.sorted()
    }

    /// Features that do not change the answer: where it is stored, and how urgent it is.
    private static let harmless: Set<Feature> = [.store, .serviceTier]
}
