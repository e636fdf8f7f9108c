public import Randomness

/// A question about a house's ledger, with the formula that answers it under the house's conventions.
public struct Question: Sendable, Equatable, Hashable {
    /// What the person asks.
    public let text: String
    /// The right answer.
    public let formula: String
    /// What is asked for, without the wording; two questions with the same meaning have the same formula.
    public let meaning: String

    /// The question that belongs to the state of `random`.
    ///
    /// Three in five ask for one branch and month, one in five for two branches, one in five for a span of months.
    public init(about book: Book, random: inout SplitMix64) {
        let function = random.pick(book.functions)
        let account = random.pick(book.accounts)
        let shape = random.below(5)
        let branches = random.choose(shape == 3 ? 2 : 1, of: book.branches)
        let span = random.choose(shape == 4 ? 2 : 1, of: Array(book.months.indices)).sorted().map { book.months[$0] }
        let wording = random.pick(Vocabulary.questions[function.name] ?? [])
        text = fill(
            wording,
            [
                "{b}": branches.map(\.name).joined(separator: " and "), "{a}": account.name,
                "{m}": span.map(\.name).joined(separator: " to "),
            ])
        let places = branches.map(\.reference).joined(separator: " + ")
        let time = span.map(\.reference).joined(separator: ": ")
        formula = "= \(function.reference)( \(places), \(account.reference), \(time) )"
        meaning = ([function] + branches + [account] + span).map(\.name).joined(separator: "/")
    }
}

/// Replaces each {x} by its value, in one pass from left to right.
private func fill(_ wording: String, _ values: [String: String]) -> String {
    var result = ""
    var rest = wording[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
        result += rest[..<open] + (values[String(rest[open...close])] ?? "")
        rest = rest[rest.index(after: close)...]
    }
    return result + rest
}
