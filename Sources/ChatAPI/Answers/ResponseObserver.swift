/// Reads along an answer that is sent whole, in constant memory, while a relay passes its bytes on.
///
/// It finds `usage`, `error` and the first `finish_reason` wherever they stand and however the bytes are cut. It does not
/// check the text: what is not JSON says nothing.
public struct ResponseObserver: Sendable {
    private var cursor = JSONCursor()

    /// The answer's usage, once it came.
    public private(set) var usage: Usage?
    /// The first choice's finish reason, once it came.
    public private(set) var finishReason: String?
    /// True once an error object came.
    public private(set) var sawError = false
    /// True once the answer's closing brace came: what is not complete was cut off.
    public var isComplete: Bool { cursor.isComplete }

    /// Starts at the beginning of an answer.
    public init() {}

    /// Reads the next bytes.
    public mutating func observe(_ bytes: [UInt8]) {
        let text = bytes.span
        var at = 0
        while let captured = cursor.next(text, &at) {
            guard let tree = JSONTree(captured.value.span) else { continue }
            switch captured.field {
            case .usage: usage = Usage(tree, 0, in: captured.value.span) ?? usage
            case .error: sawError = sawError || tree.isFilled(0)
            case .finishReason: finishReason = finishReason ?? tree.name(0, in: captured.value.span)
            }
        }
    }
}
