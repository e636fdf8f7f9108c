/// How a task's tuned model answers: what an answer must be, and how it is searched for.
///
/// It decides neither what is recognized nor what is removed, so it is not part of a schema's fingerprint.
public struct AnswerRule: Hashable, Sendable {
    /// How many beginnings of an answer may be kept side by side.
    public static let beamRange = 1...16

    /// What every answer must be; nil: any text.
    public var form: AnswerForm?
    /// Beginnings of an answer that are kept side by side in search of the likeliest whole one; 1: token after token.
    public var beams: Int

    /// Any text, token after token, unless said otherwise.
    public init(form: AnswerForm? = nil, beams: Int = 1) {
        self.form = form
        self.beams = beams
    }
}
