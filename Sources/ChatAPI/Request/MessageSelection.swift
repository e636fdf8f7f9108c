/// A message that stays in a request, whole or in parts.
public struct MessageSelection: Hashable, Sendable {
    /// The message's place in the request, from 0.
    public let index: Int
    /// For each of the message's texts the ranges that stay, in bytes of its UTF-8; nil keeps the message as it is.
    public let kept: [[Range<Int>]]?

    /// The whole message stays.
    public init(whole index: Int) {
        self.index = index
        kept = nil
    }

    /// Only these ranges of the message's texts stay, one list of ascending ranges for each text.
    ///
    /// A content part of which nothing stays is taken out, except the first if nothing stays of any.
    public init(_ index: Int, kept: [[Range<Int>]]) {
        self.index = index
        self.kept = kept
    }

    /// Only these ranges of the message's one text stay.
    public init(_ index: Int, kept: [Range<Int>]) {
        self.init(index, kept: [kept])
    }
}
