/// Cuts a template into tokens, with `trim_blocks` and `lstrip_blocks` on, as model libraries render chat templates.
struct JinjaLexer {
    private let source: [UInt8]
    private var index = 0
    private var line = 1
    private var tokens: [JinjaToken] = []
    /// Whether the text so far ended a line, or there is none.
    private var isAtLineStart = true

    private init(_ source: [UInt8]) {
        // Line ends are one kind, and one at the very end is dropped.
        var text: [UInt8] = []
        text.reserveCapacity(source.count)
        for (place, byte) in source.enumerated() {
            if byte == 0x0A, place > 0, source[place - 1] == 0x0D { continue }
            text.append(byte == 0x0D ? 0x0A : byte)
        }
        if text.last == 0x0A { text.removeLast() }
        self.source = text
    }

    /// The tokens of `source`; the last one is the end.
    static func tokens(_ source: [UInt8]) throws(JinjaError) -> [JinjaToken] {
        var lexer = JinjaLexer(source)
        try lexer.run()
        return lexer.tokens
    }

    private mutating func run() throws(JinjaError) {
        while index < source.count {
            let begin = nextTag()
            guard let begin else {
                add(text: index..<source.count)
                index = source.count
                break
            }
            let kind = source[begin + 1]
            let sign = begin + 2 < source.count ? source[begin + 2] : 0
            var end = begin
            if sign == UInt8(ascii: "-") {
                while end > index, isSpace(source[end - 1]) { end -= 1 }
            } else if sign != UInt8(ascii: "+"), kind != UInt8(ascii: "{") {
                end = withoutIndentation(index..<begin)
            }
            add(text: index..<end)
            line += source[end..<begin].count { $0 == 0x0A }
            let hasSign = sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") && kind != UInt8(ascii: "{")
            index = begin + (hasSign ? 3 : 2)
            isAtLineStart = false
            switch kind {
            case UInt8(ascii: "#"): try comment()
            case UInt8(ascii: "%") where isRaw: try raw()
            default: try tag(isOutput: kind == UInt8(ascii: "{"))
            }
        }
        tokens.append(JinjaToken(form: .end, line: line))
    }

    private func nextTag() -> Int? {
        var place = index
        while place + 1 < source.count {
            if source[place] == UInt8(ascii: "{"), "{%#".utf8.contains(source[place + 1]) { return place }
            place += 1
        }
        return nil
    }

    /// The end of the text in `range` without the whitespace between the last line end and the tag.
    private func withoutIndentation(_ range: Range<Int>) -> Int {
        var start = range.upperBound
        while start > range.lowerBound, source[start - 1] != 0x0A { start -= 1 }
        guard start > range.lowerBound || isAtLineStart else { return range.upperBound }
        return source[start..<range.upperBound].allSatisfy(isSpace) ? start : range.upperBound
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private mutating func add(text range: Range<Int>) {
        guard !range.isEmpty else { return }
        tokens.append(JinjaToken(form: .text(TextValue(Array(source[range]), .template)), line: line))
        line += source[range].count { $0 == 0x0A }
    }

    private func starts(with text: StaticString, at place: Int) -> Bool {
        source[min(place, source.count)...].starts(with: Array("\(text)".utf8))
    }

    private func error(_ reason: String) -> JinjaError { JinjaError(line: line, reason: reason) }

    /// Ends a tag whose sign and bracket begin at `index`: a minus takes the whitespace that follows, else one line end
    /// goes.
    private mutating func close(sign: UInt8, length: Int, trimsLine: Bool) {
        index += length
        if sign == UInt8(ascii: "-") {
            while index < source.count, isSpace(source[index]) { take() }
        } else if trimsLine, sign != UInt8(ascii: "+"), index < source.count, source[index] == 0x0A {
            take()
        }
        isAtLineStart = source[index - 1] == 0x0A
    }

    private mutating func take() {
        if source[index] == 0x0A { line += 1 }
        index += 1
    }

    private mutating func comment() throws(JinjaError) {
        while index + 1 < source.count {
            if source[index] == UInt8(ascii: "#"), source[index + 1] == UInt8(ascii: "}") {
                let sign = source[index - 1]
                return close(sign: sign, length: 2, trimsLine: true)
            }
            take()
        }
        throw error("a comment is not closed")
    }

    private var isRaw: Bool { word("raw", from: index) != nil }

    /// The end of a tag that says nothing but `name`, if it begins at `start`; and the sign before its bracket.
    private func word(_ name: StaticString, from start: Int) -> (end: Int, sign: UInt8)? {
        var place = start
        while place < source.count, isSpace(source[place]) { place += 1 }
        guard starts(with: name, at: place) else { return nil }
        place += name.utf8CodeUnitCount
        while place < source.count, isSpace(source[place]) { place += 1 }
        let hasSign = place < source.count && (source[place] == UInt8(ascii: "-") || source[place] == UInt8(ascii: "+"))
        guard starts(with: "%}", at: place + (hasSign ? 1 : 0)) else { return nil }
        return (place + (hasSign ? 3 : 2), hasSign ? source[place] : 0)
    }

    private mutating func raw() throws(JinjaError) {
        guard let begin = word("raw", from: index) else { return }
        while index < begin.end { take() }
        close(sign: begin.sign, length: 0, trimsLine: true)
        let start = index
        var place = index
        while place < source.count {
            guard starts(with: "{%", at: place) else {
                place += 1
                continue
            }
            let sign = place + 2 < source.count ? source[place + 2] : 0
            let hasSign = sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+")
            guard let end = word("endraw", from: place + (hasSign ? 3 : 2)) else {
                place += 1
                continue
            }
            var last = place
            if sign == UInt8(ascii: "-") {
                while last > start, isSpace(source[last - 1]) { last -= 1 }
            } else if sign != UInt8(ascii: "+") {
                last = withoutIndentation(start..<place)
            }
            add(text: start..<last)
            line += source[last..<end.end].count { $0 == 0x0A }
            index = end.end
            return close(sign: end.sign, length: 0, trimsLine: true)
        }
        throw error("a raw block is not closed")
    }

    private mutating func tag(isOutput: Bool) throws(JinjaError) {
        tokens.append(JinjaToken(form: isOutput ? .outputBegin : .blockBegin, line: line))
        let bracket = UInt8(ascii: isOutput ? "}" : "%")
        var depth: [UInt8] = []
        while true {
            while index < source.count, isSpace(source[index]) { take() }
            guard index < source.count else { throw error("a tag is not closed") }
            let byte = source[index]
            let hasSign = byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") && !isOutput
            let end = index + (hasSign ? 1 : 0)
            if depth.isEmpty, end + 1 < source.count, source[end] == bracket, source[end + 1] == UInt8(ascii: "}") {
                tokens.append(JinjaToken(form: isOutput ? .outputEnd : .blockEnd, line: line))
                return close(sign: hasSign ? byte : 0, length: hasSign ? 3 : 2, trimsLine: !isOutput)
            }
            try token(byte, &depth)
        }
    }

    private mutating func token(_ byte: UInt8, _ depth: inout [UInt8]) throws(JinjaError) {
        let start = line
        let form: JinjaToken.Form
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): form = .string(try string(byte))
        case UInt8(ascii: "0")...UInt8(ascii: "9"): form = try number()
        case _ where isName(byte): form = .name(name())
        default: form = .sign(try sign(byte, &depth))
        }
        tokens.append(JinjaToken(form: form, line: start))
    }

    private func isName(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
            || byte >= 0x80
    }

    private mutating func name() -> String {
        let start = index
        while index < source.count, isName(source[index]) || (0x30...0x39).contains(source[index]) { index += 1 }
        return String(decoding: source[start..<index], as: UTF8.self)
    }

    private mutating func number() throws(JinjaError) -> JinjaToken.Form {
        let start = index
        var isWhole = true
        while index < source.count {
            let byte = source[index]
            let next = index + 1 < source.count ? source[index + 1] : 0
            if (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_") {
                index += 1
            } else if byte == UInt8(ascii: "."), isWhole, (0x30...0x39).contains(next) {
                isWhole = false
                index += 1
            } else if byte | 0x20 == UInt8(ascii: "e"), (0x30...0x39).contains(next) || next == 0x2B || next == 0x2D {
                isWhole = false
                index += 2
            } else {
                break
            }
        }
        let text = String(decoding: source[start..<index].filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
        if isWhole, let value = Int(text) { return .integer(value) }
        guard !isWhole, let value = Double(text) else { throw error("a number is malformed or too large") }
        return .number(value)
    }

    private static let signs = ["**", "//", "==", "!=", ">=", "<="].map { Array($0.utf8) }

    private mutating func sign(_ byte: UInt8, _ depth: inout [UInt8]) throws(JinjaError) -> String {
        for sign in Self.signs where source[index...].starts(with: sign) {
            index += 2
            return String(decoding: sign, as: UTF8.self)
        }
        guard "+-*/%~=<>()[]{}.,:|".utf8.contains(byte) else { throw error("an unexpected character") }
        let closing: [UInt8: UInt8] = [0x28: 0x29, 0x5B: 0x5D, 0x7B: 0x7D]
        if let close = closing[byte] {
            depth.append(close)
        } else if closing.values.contains(byte) {
            guard depth.popLast() == byte else { throw error("a bracket is closed that was not opened") }
        }
        index += 1
        return String(decoding: [byte], as: UTF8.self)
    }

    private mutating func string(_ quote: UInt8) throws(JinjaError) -> TextValue {
        index += 1
        var result: [UInt8] = []
        while index < source.count, source[index] != quote {
            guard source[index] == UInt8(ascii: "\\") else {
                result.append(source[index])
                take()
                continue
            }
            index += 1
            guard index < source.count else { break }
            try escape(into: &result)
        }
        guard index < source.count else { throw error("a string is not closed") }
        index += 1
        return TextValue(result, .template)
    }

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "n"): 0x0A, UInt8(ascii: "t"): 0x09, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "\\"): 0x5C,
        UInt8(ascii: "'"): 0x27, UInt8(ascii: "\""): 0x22, UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8,
        UInt8(ascii: "f"): 0x0C, UInt8(ascii: "v"): 0x0B,
    ]

    private mutating func escape(into result: inout [UInt8]) throws(JinjaError) {
        let letter = source[index]
        take()
        if let byte = Self.escapes[letter] { return result.append(byte) }
        let radix = (0x30...0x37).contains(letter) ? 8 : 16
        let count: Int
        switch letter {
        case UInt8(ascii: "x"): count = 2
        case UInt8(ascii: "u"): count = 4
        case UInt8(ascii: "U"): count = 8
        case 0x0A: return
        case 0x30...0x37:
            index -= 1
            count = min(3, source[index...].prefix(3).prefix { (0x30...0x37).contains($0) }.count)
        default: return result.append(contentsOf: [0x5C, letter])
        }
        let digits = String(decoding: source[index..<min(index + count, source.count)], as: UTF8.self)
        guard digits.utf8.count == count, let value = UInt32(digits, radix: radix), let scalar = Unicode.Scalar(value)
        else { throw error("an escape names no character") }
        index += count
        result.append(contentsOf: String(Character(scalar)).utf8)
    }
}
