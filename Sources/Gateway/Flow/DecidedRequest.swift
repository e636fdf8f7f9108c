import ChatAPI
import Experimentation
import Ledger
import PromptSchema

/// What is left of a recognized prompt, ready to be sent.
struct StrippedRequest: Sendable {
    let messages: [PromptMessage]
    /// The request with these messages alone, for the tuned model.
    let body: [UInt8]
    /// Whether the gateway asks for a usage chunk that the client did not ask for.
    let asksForUsage: Bool
    let tokens: SegmentTokens
}

/// A request with its arm, and its tokens in full and stripped; an object, since the whole flow hands it on.
final class DecidedRequest: Sendable {
    let recognized: RecognizedRequest
    let decision: Decision
    /// The full prompt's tokens.
    let full: SegmentTokens
    /// Where the counts of `full` and of the stripped prompt come from.
    let source: CountSource
    /// Set if the decision is to strip, or would be if the mode were not `audit`.
    let stripped: StrippedRequest?
    /// What stood against stripping, in words that never quote the request; nil if the reason says it all.
    let detail: String?

    /// Decides, and strips where the decision says so; pure and total.
    ///
    /// - Parameter tuned: the backend of the task's tuned model.
    init(
        _ recognized: RecognizedRequest, flags: Flags, bypass: Bool, stickyKey: @autoclosure () -> StickyKey,
        tuned: (any Backend)?
    ) {
        let task = recognized.task
        let mode = task.map { flags.mode(of: $0.name) } ?? .off
        let features = recognized.unsupportedFeatures(tuned)
        let decision = Decision.decide(
            mode: mode, killSwitch: flags.killSwitch, bypass: bypass, recognized: recognized.recognized,
            // Before promotion there is nothing to compare, and an audit strips nothing.
            manifestMatches: task?.mayStrip ?? false || mode == .audit && task?.manifest == .missing,
            unsupportedFeatures: features,
            bucket: stickyKey().bucket(task: task?.name ?? ""))
        detail = Self.detail(recognized, decision.reason, features)
        self.recognized = recognized
        full = Self.fullTokens(recognized)
        source = task?.counter == nil || recognized.messages == nil ? .estimated("bytes/4") : .counted
        guard decision.arm == .internalized || decision.reason == .audit else {
            self.decision = decision
            stripped = nil
            return
        }
        stripped = Self.strip(recognized)
        let mustStay = stripped == nil && decision.arm == .internalized
        self.decision = mustStay ? Decision(arm: .fullPrompt, reason: .unstrippable) : decision
    }

    private static func fullTokens(_ recognized: RecognizedRequest) -> SegmentTokens {
        guard let task = recognized.task, recognized.messages != nil else {
            return PromptCounter.estimate(bytes: recognized.request.textByteCount)
        }
        let pieces = recognized.counted
        return task.counter?.count(pieces) ?? PromptCounter.estimate(pieces)
    }

    private static func detail(
        _ recognized: RecognizedRequest, _ reason: Reason, _ features: [String]
    ) -> String? {
        if case .refused(_, let unknown) = recognized.outcome, reason.rawValue == unknown.code { return unknown.detail }
        return reason == .unsupportedFeature ? features.joined(separator: ", ") : nil
    }

    /// Takes out what the tuned model does without; nil if nothing would be left, a cut would split a character, or the
    /// request lacks what the model's stage still needs.
    private static func strip(_ recognized: RecognizedRequest) -> StrippedRequest? {
        guard case .task(let task, let prompt) = recognized.outcome, let messages = recognized.messages,
            let stripped = task.strip(prompt, from: messages.messages), !stripped.messages.isEmpty
        else { return nil }
        let selection = stripped.messages.map { messages.selection(of: $0.source, keeping: $0.ranges) }
        let request = recognized.request
        let asksForUsage = request.stream && !request.includeUsage
        guard let body = request.body(model: task.tuned?.model, keeping: selection, includeUsage: asksForUsage) else {
            return nil
        }
        let pieces = stripped.messages.map { piece(of: $0, prompt.segments) }
        let counter = task.counter
        return StrippedRequest(
            messages: stripped.messages.map { PromptMessage(role: $0.role, text: $0.text) }, body: body,
            asksForUsage: asksForUsage, tokens: counter?.count(pieces) ?? PromptCounter.estimate(pieces))
    }

    /// A stripped message with its segments where they now stand.
    private static func piece(of message: StrippedMessage, _ segments: [Segment]) -> CountedMessage {
        var piece = CountedMessage(role: message.role, text: message.text)
        var end = 0
        for range in message.ranges {
            for segment in segments where segment.message == message.source && segment.range.overlaps(range) {
                let count = segment.range.clamped(to: range).count
                piece.stretches.append(.init(kind: .init(segment.kind), range: end..<end + count))
                end += count
            }
        }
        return piece
    }
}

extension Reason {
    /// Nothing would be left of the prompt, a cut would split a character, or the request has fewer examples than the
    /// tuned model's stage needs.
    static let unstrippable = Reason(rawValue: "unstrippable")
    /// The body cannot be read as a chat completion request.
    static let invalidRequest = Reason(rawValue: "invalid_request")
    /// The tuned backend failed so often that it is not asked.
    static let tunedUnavailable = Reason(rawValue: "tuned_unavailable")
    /// The ledger cannot be written, and nothing is answered without.
    static let ledgerFailing = Reason(rawValue: "ledger_failing")
    /// A path that is only forwarded.
    static let forwarded = Reason(rawValue: "forwarded")
}
