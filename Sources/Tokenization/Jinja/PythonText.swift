/// Values as Python writes them: `str`, `repr` and `json.dumps`.
struct PythonText {
    /// How JSON is laid out.
    struct Layout {
        var indent: [UInt8]?
        var itemSeparator = ", "
        var keySeparator = ": "
        var sortsKeys = false
        var isASCII = false
    }

    /// `repr(value)`; nil for what has none that templates could rely on.
    static func representation(_ value: JinjaValue, depth: Int = 0) -> String? {
        guard depth < 100 else { return nil }
        switch value {
        case .undefined: return "Undefined"
        case .none: return "None"
        case .bool(let value): return value ? "True" : "False"
        case .integer(let value): return String(value)
        case .number(let value): return number(value)
        case .text(let text): return quoted(text)
        case .list(let values, let isTuple):
            let parts = values.map { representation($0, depth: depth + 1) ?? "…" }
            let inner = parts.joined(separator: ", ")
            return isTuple ? "(\(inner)\(parts.count == 1 ? "," : ""))" : "[\(inner)]"
        case .dictionary(let dictionary):
            let parts = dictionary.entries.map { entry in
                (representation(entry.key, depth: depth + 1) ?? "…") + ": "
                    + (representation(entry.value, depth: depth + 1) ?? "…")
            }
            return "{" + parts.joined(separator: ", ") + "}"
        case .generator, .namespace, .loop, .function: return nil
        }
    }

    /// `repr` of a float.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        if value == value.rounded(), abs(value) < 1e16 { return "\(value)" }
        var text = "\(value)"
        // Python writes two digits of exponent at least.
        if let mark = text.firstIndex(of: "e") {
            let digits = text[text.index(mark, offsetBy: 2)...]
            if digits.count == 1 { text = String(text[..<text.index(mark, offsetBy: 2)]) + "0" + digits }
            if text.contains(".0e") { text = text.replacing(".0e", with: "e") }
        }
        return text
    }

    private static func quoted(_ text: TextValue) -> String {
        let source = text.string
        let quote: Unicode.Scalar = source.contains("'") && !source.contains("\"") ? "\"" : "'"
        var result = String(quote)
        for scalar in source.unicodeScalars {
            switch scalar {
            case quote, "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar == " " || isPrintable(scalar): result.unicodeScalars.append(scalar)
            default:
                let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x1_0000 ? ("u", 4) : ("U", 8)
                result += "\\" + letter + hexadecimal(scalar.value, width)
            }
        }
        return result + String(quote)
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            false
        default: true
        }
    }

    private static func hexadecimal(_ value: UInt32, _ width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    // MARK: JSON

    /// `json.dumps(value)`; nil if the value holds something that JSON has no form for.
    static func json(_ value: JinjaValue, _ layout: Layout, depth: Int = 0) -> [UInt8]? {
        guard depth < 100 else { return nil }
        switch value {
        case .none: return Array("null".utf8)
        case .bool(let value): return Array((value ? "true" : "false").utf8)
        case .integer(let value): return Array(String(value).utf8)
        case .number(let value):
            let text = number(value)
            return Array((["nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"][text] ?? text).utf8)
        case .text(let text): return string(text.bytes, isASCII: layout.isASCII)
        case .list(let values, _):
            var parts: [[UInt8]] = []
            for value in values {
                guard let part = json(value, layout, depth: depth + 1) else { return nil }
                parts.append(part)
            }
            return joined(parts, "[", "]", layout, depth)
        case .dictionary(let dictionary):
            var entries = dictionary.entries
            if layout.sortsKeys { entries.sort { ($0.key.order($1.key) ?? 0) < 0 } }
            var parts: [[UInt8]] = []
            for entry in entries {
                guard let key = key(entry.key, layout), let part = json(entry.value, layout, depth: depth + 1) else {
                    return nil
                }
                parts.append(key + layout.keySeparator.utf8 + part)
            }
            return joined(parts, "{", "}", layout, depth)
        case .undefined, .generator, .namespace, .loop, .function: return nil
        }
    }

    private static func key(_ value: JinjaValue, _ layout: Layout) -> [UInt8]? {
        if case .text(let text) = value { return string(text.bytes, isASCII: layout.isASCII) }
        return json(value, layout).map { [0x22] + $0 + [0x22] }
    }

    private static func joined(
        _ parts: [[UInt8]], _ open: String, _ close: String, _ layout: Layout, _ depth: Int
    ) -> [UInt8] {
        guard !parts.isEmpty else { return Array((open + close).utf8) }
        guard let indent = layout.indent else {
            return Array(open.utf8) + Array(parts.joined(separator: Array(layout.itemSeparator.utf8)))
                + Array(close.utf8)
        }
        let outer = [0x0A] + Array(repeatElement(indent, count: depth).joined())
        let inner = outer + indent
        return Array(open.utf8) + inner + Array(parts.joined(separator: Array(layout.itemSeparator.utf8) + inner))
            + outer + Array(close.utf8)
    }

    private static func string(_ text: [UInt8], isASCII: Bool) -> [UInt8] {
        var result: [UInt8] = [0x22]
        result.reserveCapacity(text.count + 2)
        for byte in text {
            switch byte {
            case 0x22, 0x5C: result += [0x5C, byte]
            case 0x0A: result += Array("\\n".utf8)
            case 0x0D: result += Array("\\r".utf8)
            case 0x09: result += Array("\\t".utf8)
            case 0x08: result += Array("\\b".utf8)
            case 0x0C: result += Array("\\f".utf8)
            case 0..<0x20: result += Array(("\\u" + hexadecimal(UInt32(byte), 4)).utf8)
            default: result.append(byte)
            }
        }
        result.append(0x22)
        return isASCII ? escaped(result) : result
    }

    /// The text with everything beyond ASCII as UTF-16 escapes.
    private static func escaped(_ text: [UInt8]) -> [UInt8] {
        String(decoding: text, as: UTF8.self).utf16.flatMap { unit in
            unit < 0x80 ? [UInt8(unit)] : Array(("\\u" + hexadecimal(UInt32(unit), 4)).utf8)
        }
    }
}
