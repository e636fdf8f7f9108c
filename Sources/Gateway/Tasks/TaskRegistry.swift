import ChatAPI
import Experimentation
import PromptSchema

/// The tasks of a gateway, and which of them a request belongs to.
public struct TaskRegistry: Sendable {
    /// The tasks in the order of the configuration.
    public let tasks: [GatewayTask]
    private let index: SchemaIndex
    private let places: [String: Int]

    /// A registry; two tasks of one name are refused.
    public init(_ tasks: [GatewayTask]) throws(GatewayError) {
        var places: [String: Int] = [:]
        for (place, task) in tasks.enumerated() {
            guard places.updateValue(place, forKey: task.name) == nil else {
                throw GatewayError(.badConfiguration, "two tasks are named \"\(task.name)\": rename one")
            }
        }
        self.tasks = tasks
        self.places = places
        index = SchemaIndex(tasks.map(\.schema))
    }

    /// The task of this name.
    public subscript(name: String) -> GatewayTask? {
        places[name].map { tasks[$0] }
    }

    /// What a request is; pure, so that a replay recognizes the same.
    func recognize(_ request: ChatRequest) -> RecognizedRequest {
        guard !tasks.isEmpty, opensLikeSome(request) else {
            return RecognizedRequest(request: request, messages: nil, outcome: .noTask)
        }
        guard let messages = RequestMessages(request) else {
            return RecognizedRequest(request: request, messages: nil, outcome: withoutText(request))
        }
        return RecognizedRequest(request: request, messages: messages, outcome: outcome(messages))
    }

    private func outcome(_ messages: RequestMessages) -> RecognizedRequest.Outcome {
        switch index.recognize(messages.messages) {
        case .task(let prompt):
            self[prompt.taskID].map { .task($0, prompt) } ?? .noTask
        case .unknown(let reason):
            reason.task.flatMap { self[$0] }.map { .refused($0, reason) } ?? .noTask
        }
    }

    /// A task's template with an image or the like beside it is the task's, and goes in full.
    private func withoutText(_ request: ChatRequest) -> RecognizedRequest.Outcome {
        guard let place = request.messages.firstIndex(where: { $0.texts == nil }),
            let messages = RequestMessages(request, readsOther: true)
        else { return .noTask }
        switch outcome(messages) {
        case .task(let task, _), .refused(let task, _):
            return .refused(task, .notText(task: task.name, message: place))
        case .noTask: return .noTask
        }
    }

    /// False for most requests that belong to no task, told from the first bytes of their messages.
    private func opensLikeSome(_ request: ChatRequest) -> Bool {
        index.mayRecognize(messageCount: request.messages.count) { message in
            request.opening(of: message, count: SchemaIndex.openingLength)
        }
    }
}
