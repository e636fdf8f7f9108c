/// The values of a family's labels, three at most, in the order of its label names.
///
/// Only names of the configuration and closed sets belong here: never prompt text, a key, or anything that a client
/// chose.
public struct Labels: Sendable, Hashable {
    let first: String
    let second: String
    let third: String

    /// The values; those that a family has no name for are left out.
    public init(_ first: String, _ second: String = "", _ third: String = "") {
        self.first = first
        self.second = second
        self.third = third
    }

    /// Stands for every series beyond a family's limit.
    static let other = Labels("other", "other", "other")

    var values: [String] { [first, second, third] }
}
