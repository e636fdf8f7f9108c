/// One block of an event stream: its bytes as they came, and what they say.
///
/// The blocks of a stream, joined, are the stream: comments, stray blank lines and the byte order mark are blocks or
/// parts of blocks too, so a relay can pass on `raw` and lose nothing.
public struct SSEEvent: Sendable {
    /// The block's bytes, line ends included.
    public let raw: ArraySlice<UInt8>
    /// The values of the `data` lines, joined by line feeds; nil if the block has none, such as a comment.
    public let data: ArraySlice<UInt8>?
    /// The value of the last `event` line; nil if there is none.
    public let name: String?
    /// The value of the last `id` line; nil if there is none.
    public let id: String?
    /// False for what the stream's end cut off: a browser would drop it, a relay should not.
    public let isComplete: Bool
}
