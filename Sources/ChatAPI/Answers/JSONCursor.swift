/// Walks over JSON text in pieces and picks out the values of a few members by their path, holding nothing else.
///
/// The paths are `usage`, `error` and `choices[*].finish_reason`. Brackets are counted, strings are skipped; nothing is
/// checked, since the text is a server's answer that goes to the client as it is.
struct JSONCursor {
    /// A member the cursor looks for.
    enum Field {
        case usage, error, finishReason
    }

    /// A member that was found, with its value as written.
    struct Captured {
        let field: Field
        let value: [UInt8]
    }

    private enum Mode {
        case outside, string, escape
    }

    /// Longer values are not captured: a usage object is a few hundred bytes.
    private static let captureLimit = 1 << 16
    private static let keyLimit = 32

    private var mode = Mode.outside
    private var depth = 0
    /// True while the next string at this depth is a key.
    private var expectsKey = false
    private var isReadingKey = false
    private var key: [UInt8] = []
    private var isInChoices = false
    private var capture: (field: Field, depth: Int)?
    private var value: [UInt8] = []
    /// True once the outermost value is closed.
    private(set) var isComplete = false

    /// The next member found in `text` from `at` on; nil when the text is used up.
    mutating func next(_ text: Span<UInt8>, _ at: inout Int) -> Captured? {
        while at < text.count {
            switch mode {
            case .outside:
                let byte = text[at]
                at += 1
                if let captured = readOutside(byte) { return captured }
            case .escape:
                collect(text, at..<at + 1)
                at += 1
                mode = .string
            case .string:
                let end = ByteScan.first(UInt8(ascii: "\""), or: UInt8(ascii: "\\"), in: text, at, text.count)
                collect(text, at..<min(end + 1, text.count))
                at = end + 1
                if end < text.count { mode = text[end] == UInt8(ascii: "\"") ? .outside : .escape }
                if mode == .outside { isReadingKey = false }
            }
        }
        at = text.count
        return nil
    }

    private mutating func readOutside(_ byte: UInt8) -> Captured? {
        switch byte {
        case UInt8(ascii: "\""):
            mode = .string
            isReadingKey = expectsKey
            if isReadingKey { key.removeAll(keepingCapacity: true) }
        case UInt8(ascii: ":"):
            expectsKey = false
            if beginMember() { return nil }
        case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"):
            let captured = endValue()
            if byte == UInt8(ascii: ",") {
                expectsKey = isObject
            } else {
                leave()
            }
            append(byte)
            return captured
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            enter(isObject: byte == UInt8(ascii: "{"))
        default:
            break
        }
        append(byte)
        return nil
    }

    /// Bit d tells whether the container at depth d + 1 is an object; deeper ones do not matter.
    private var objects: UInt64 = 0

    private var isObject: Bool { depth > 0 && depth <= 64 && objects & (1 << UInt64(depth - 1)) != 0 }

    private mutating func enter(isObject: Bool) {
        if depth < 64 {
            let bit: UInt64 = 1 << UInt64(depth)
            objects = isObject ? objects | bit : objects & ~bit
        }
        depth += 1
        expectsKey = self.isObject
    }

    private mutating func leave() {
        depth = max(0, depth - 1)
        expectsKey = false
        if depth <= 1 { isInChoices = false }
        if depth == 0 { isComplete = true }
    }

    /// Acts on the key before the colon; answers true if its value is to be captured.
    private mutating func beginMember() -> Bool {
        guard capture == nil else { return false }
        if depth == 1 {
            isInChoices = key.elementsEqual("choices".utf8)
            if key.elementsEqual("usage".utf8) { capture = (.usage, depth) }
            if key.elementsEqual("error".utf8) { capture = (.error, depth) }
        } else if depth == 3, isInChoices, isObject, key.elementsEqual("finish_reason".utf8) {
            capture = (.finishReason, depth)
        }
        value.removeAll(keepingCapacity: true)
        return capture != nil
    }

    /// Ends the captured value if this comma or bracket ends it.
    private mutating func endValue() -> Captured? {
        guard let capture, capture.depth == depth else { return nil }
        self.capture = nil
        return value.count <= Self.captureLimit ? Captured(field: capture.field, value: value) : nil
    }

    private mutating func collect(_ text: Span<UInt8>, _ range: Range<Int>) {
        if isReadingKey {
            for index in range where key.count < Self.keyLimit && text[index] != UInt8(ascii: "\"") {
                key.append(text[index])
            }
        }
        guard capture != nil, value.count <= Self.captureLimit else { return }
        for index in range { value.append(text[index]) }
    }

    private mutating func append(_ byte: UInt8) {
        if capture != nil, value.count <= Self.captureLimit { value.append(byte) }
    }
}
