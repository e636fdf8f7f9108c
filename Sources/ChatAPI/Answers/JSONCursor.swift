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
    /// What earlier texts held of the captured value, which goes on at `start` of the text at hand.
    private var value: [UInt8] = []
    private var start = 0
    private var isTooLong = false
    /// True once the outermost value is closed.
    private(set) var isComplete = false

    /// The next member found in `text` from `at` on; nil, once for each text, when it is used up.
    mutating func next(_ text: Span<UInt8>, _ at: inout Int) -> Captured? {
        while at < text.count {
            switch mode {
            case .outside:
                if isPassing { at = ByteScan.firstBracketOrQuote(in: text, at, text.count) }
                guard at < text.count else { break }
                let byte = text[at]
                at += 1
                if let captured = readOutside(byte, text, at) { return captured }
            case .escape:
                readKey(text, at..<at + 1)
                at += 1
                mode = .string
            case .string:
                let start = at
                mode = endString(text, &at)
                readKey(text, start..<at)
                if mode == .outside { isReadingKey = false }
            }
        }
        at = text.count
        if capture != nil { keep(text, upTo: at) }
        start = 0
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

    /// Reads a byte outside strings; `next` is the place after it.
    private mutating func readOutside(_ byte: UInt8, _ text: Span<UInt8>, _ next: Int) -> Captured? {
        switch byte {
        case UInt8(ascii: "\""):
            mode = .string
            isReadingKey = expectsKey && capture == nil && mayMatter
            if isReadingKey { key = ShortKey() }
        case UInt8(ascii: ":"):
            expectsKey = false
            beginMember(at: next)
        case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"):
            let captured = endValue(text, next - 1)
            if byte == UInt8(ascii: ",") {
                expectsKey = isObject
            } else {
                leave()
            }
            return captured
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            enter(isObject: byte == UInt8(ascii: "{"))
        default:
            break
        }
        return nil
    }

    /// Whether nothing that stands directly here matters, so that only strings and brackets say where it ends.
    private var isPassing: Bool {
        if let capture { return depth > capture.depth }
        return !mayMatter || !isObject
    }

    /// Whether a key may be one that is looked for where it stands.
    private var mayMatter: Bool { depth == 1 || depth == 3 && isInChoices }

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

    /// Acts on the key before the colon; its value starts at `place`.
    private mutating func beginMember(at place: Int) {
        guard capture == nil, mayMatter else { return }
        if depth == 1 {
            isInChoices = key == .choices
            if key == .usage { capture = (.usage, depth) }
            if key == .error { capture = (.error, depth) }
        } else if depth == 3, isInChoices, isObject, key == .finishReason {
            capture = (.finishReason, depth)
        }
        guard capture != nil else { return }
        value = []
        isTooLong = false
        start = place
    }

    /// Ends the captured value if this comma or bracket ends it.
    private mutating func endValue(_ text: Span<UInt8>, _ end: Int) -> Captured? {
        guard let capture, capture.depth == depth else { return nil }
        self.capture = nil
        keep(text, upTo: end)
        return isTooLong ? nil : Captured(field: capture.field, value: value)
    }

    private mutating func keep(_ text: Span<UInt8>, upTo end: Int) {
        isTooLong = isTooLong || value.count + (end - start) > Self.captureLimit
        if isTooLong { return value = [] }
        let part = text.extracting(start..<end)
        unsafe part.withUnsafeBufferPointer { unsafe value.append(contentsOf: $0) }
    }

    private mutating func readKey(_ text: Span<UInt8>, _ range: Range<Int>) {
        guard isReadingKey else { return }
        for index in range where text[index] != UInt8(ascii: "\"") { key.append(text[index]) }
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
