/// One validating pass over a JSON text (RFC 8259) that leaves an index of its values.
///
/// There is no recursion: the open container's record holds its parent, so depth costs neither stack nor memory.
enum JSONScanner {
    private enum Expected {
        case value, firstValueOrEnd, firstKeyOrEnd, key, commaOrEnd
    }

    private static let none = UInt32.max

    /// Checks the text and appends the records of its values, or throws the first fault.
    static func scan(
        _ text: Span<UInt8>, into index: inout OutputSpan<JSONIndex.Record>, limits: JSONLimits
    ) throws(JSONFault) {
        var at = skipSpace(text, 0)
        if at == text.count { throw JSONFault(reason: .empty, offset: at) }
        if at == 0, hasByteOrderMark(text) { throw JSONFault(reason: .byteOrderMark, offset: 0) }

        var open = none
        var depth = 0
        var inObject = false
        var expected = Expected.value
        repeat {
            guard at < text.count else { throw JSONFault(reason: .unexpectedEnd, offset: at) }
            let byte = text[at]
            switch expected {
            case .commaOrEnd:
                if byte == UInt8(ascii: ",") {
                    expected = inObject ? .key : .value
                    at = skipSpace(text, at + 1)
                    continue
                }
                guard byte == (inObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    throw JSONFault(reason: .expectedCommaOrEnd, offset: at)
                }
                fallthrough
            case .firstKeyOrEnd where byte == UInt8(ascii: "}"), .firstValueOrEnd where byte == UInt8(ascii: "]"):
                at += 1
                open = index.close(open, end: at)
                depth -= 1
                if open != none { inObject = index[Int(open)].kind == .object }
                expected = .commaOrEnd
            case .firstKeyOrEnd, .key:
                guard byte == UInt8(ascii: "\"") else { throw JSONFault(reason: .expectedKey, offset: at) }
                at = skipSpace(text, try string(text, at, into: &index))
                guard at < text.count else { throw JSONFault(reason: .unexpectedEnd, offset: at) }
                guard text[at] == UInt8(ascii: ":") else { throw JSONFault(reason: .expectedColon, offset: at) }
                at += 1
                expected = .value
            case .value, .firstValueOrEnd:
                if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                    guard depth < limits.depth else { throw JSONFault(reason: .tooDeep, offset: at) }
                    inObject = byte == UInt8(ascii: "{")
                    open = try index.open(inObject ? .object : .array, at, parent: open)
                    depth += 1
                    at += 1
                    expected = inObject ? .firstKeyOrEnd : .firstValueOrEnd
                } else {
                    at = try scalar(text, at, into: &index)
                    expected = .commaOrEnd
                }
                guard index.count <= limits.values else {
                    throw JSONFault(reason: .tooManyValues, offset: at)
                }
            }
            at = skipSpace(text, at)
        } while open != none

        guard at == text.count else { throw JSONFault(reason: .trailingBytes, offset: at) }
    }

    /// Reads a string, number or literal that starts at `start`, and returns the place after it.
    @inline(__always)
    private static func scalar(
        _ text: Span<UInt8>, _ start: Int, into index: inout OutputSpan<JSONIndex.Record>
    ) throws(JSONFault) -> Int {
        switch text[start] {
        case UInt8(ascii: "\""):
            return try string(text, start, into: &index)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let end = try JSONNumberScanner.end(text, start)
            try index.append(.number, start, end)
            return end
        case UInt8(ascii: "t"):
            return try literal(text, start, "true", .true, into: &index)
        case UInt8(ascii: "f"):
            return try literal(text, start, "false", .false, into: &index)
        case UInt8(ascii: "n"):
            return try literal(text, start, "null", .null, into: &index)
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
            throw JSONFault(reason: .invalidLiteral, offset: start)
        default:
            throw JSONFault(reason: .expectedValue, offset: start)
        }
    }

    @inline(__always)
    private static func string(
        _ text: Span<UInt8>, _ start: Int, into index: inout OutputSpan<JSONIndex.Record>
    ) throws(JSONFault) -> Int {
        var string = JSONStringScanner()
        let end = try string.end(text, start + 1)
        try index.append(.string, start, end, flags: string.flags, excess: string.excess)
        return end
    }

    private static func literal(
        _ text: Span<UInt8>, _ start: Int, _ word: StaticString, _ kind: JSONIndex.Kind,
        into index: inout OutputSpan<JSONIndex.Record>
    ) throws(JSONFault) -> Int {
        let end = start + word.utf8CodeUnitCount
        for offset in 0..<word.utf8CodeUnitCount {
            guard start + offset < text.count else {
                throw JSONFault(reason: .unexpectedEnd, offset: text.count)
            }
            guard unsafe word.utf8Start[offset] == text[start + offset] else {
                throw JSONFault(reason: .invalidLiteral, offset: start)
            }
        }
        try index.append(kind, start, end)
        return end
    }

    @inline(__always)
    private static func skipSpace(_ text: Span<UInt8>, _ start: Int) -> Int {
        var at = start
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): at += 1
            default: return at
            }
        }
        return at
    }

    private static func hasByteOrderMark(_ text: Span<UInt8>) -> Bool {
        text.count >= 3 && text[0] == 0xEF && text[1] == 0xBB && text[2] == 0xBF
    }
}
