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
    private var mode = Mode.outside
    private var depth = 0
    /// True while the next string at this depth is a key.
    private var expectsKey = false
    private var isReadingKey = false
    private var key = ShortKey()
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
                // In an array only strings and brackets say where a member stands.
                if capture == nil, !isObject { at = ByteScan.firstBracketOrQuote(in: text, at, text.count) }
                guard at < text.count else { break }
                let byte = text[at]
                at += 1
                if let captured = readOutside(byte) { return captured }
            case .escape:
                collect(text, at..<at + 1)
                at += 1
                mode = .string
            case .string:
                let start = at
                mode = endString(text, &at)
                collect(text, start..<at)
                if mode == .outside { isReadingKey = false }
            }
        }
        at = text.count
        return nil
    }

    /// Moves past the string's end or, if the text ends in the string, to the text's end.
    private func endString(_ text: Span<UInt8>, _ at: inout Int) -> Mode {
        while at < text.count {
            let end = ByteScan.first(UInt8(ascii: "\""), or: UInt8(ascii: "\\"), in: text, at, text.count)
            at = min(end + 1, text.count)
            guard end < text.count else { break }
            if text[end] == UInt8(ascii: "\"") { return .outside }
            guard at < text.count else { return .escape }
            at += 1
        }
        return .string
    }

    private mutating func readOutside(_ byte: UInt8) -> Captured? {
        switch byte {
        case UInt8(ascii: "\""):
            mode = .string
            isReadingKey = expectsKey
            if isReadingKey { key = ShortKey() }
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
            isInChoices = key == .choices
            if key == .usage { capture = (.usage, depth) }
            if key == .error { capture = (.error, depth) }
        } else if depth == 3, isInChoices, isObject, key == .finishReason {
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
        guard isReadingKey || capture != nil else { return }
        if isReadingKey {
            for index in range where text[index] != UInt8(ascii: "\"") { key.append(text[index]) }
        }
        guard capture != nil, value.count <= Self.captureLimit else { return }
        for index in range { value.append(text[index]) }
    }

    private mutating func append(_ byte: UInt8) {
        if capture != nil, value.count <= Self.captureLimit { value.append(byte) }
    }
}

/// A key of up to sixteen bytes; all longer ones are the same.
private struct ShortKey: Equatable {
    static let choices = ShortKey("choices")
    static let usage = ShortKey("usage")
    static let error = ShortKey("error")
    static let finishReason = ShortKey("finish_reason")

    private var bytes: UInt128 = 0
    private var count = 0

    init() {}

    private init(_ name: StaticString) {
        for at in 0..<name.utf8CodeUnitCount { append(unsafe name.utf8Start[at]) }
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        guard count <= 16 else { return }
        bytes = bytes << 8 | UInt128(byte)
        count += 1
    }
}
