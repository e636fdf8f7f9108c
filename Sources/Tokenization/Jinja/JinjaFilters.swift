/// The filters behind `|`.
enum JinjaFilters {
    static let names: Set<String> = [
        "trim", "tojson", "length", "count", "default", "d", "join", "upper", "lower", "title", "capitalize", "replace",
        "first", "last", "list", "items", "string", "int", "float", "abs", "round", "map", "select", "reject",
        "selectattr", "rejectattr", "dictsort", "indent", "safe", "sort", "unique", "reverse", "sum", "min", "max",
        "batch", "wordcount", "escape", "e",
    ]
}

extension JinjaEvaluator {
    /// The value that a filter makes of `value`.
    mutating func filter(
        _ value: JinjaValue, _ name: String, _ arguments: JinjaValues
    ) throws(JinjaError) -> JinjaValue {
        switch name {
        case "map", "select", "reject", "selectattr", "rejectattr": return try picked(value, name, arguments)
        case "list", "first", "last", "sort", "unique", "reverse", "sum", "min", "max", "batch", "items", "dictsort",
            "length", "count":
            return try listFilter(value, name, arguments)
        case "default", "d":
            let isMissing: Bool
            if case .undefined = value { isMissing = true } else { isMissing = false }
            let takesFalse = arguments.value(1, "boolean")?.isTrue ?? false
            guard isMissing || takesFalse && !value.isTrue else { return value }
            return arguments.value(0, "default_value") ?? .text(TextValue())
        case "safe", "string": return .text(text(value))
        case "int", "float", "abs", "round": return try number(value, name, arguments)
        case "tojson": return try json(value, arguments)
        case "join":
            var list = value
            if let attribute = arguments.value(1, "attribute") {
                list = .list(
                    try items(of: value, line: 0).map { item throws(JinjaError) in try path(attribute, of: item) })
            }
            return .text(try joined(list, arguments.value(0, "d").map { text($0) } ?? TextValue()))
        default:
            let text = text(value)
            try charge(bytes: text.bytes.count)
            return try textFilter(text, name, arguments)
        }
    }

    private mutating func textFilter(
        _ text: TextValue, _ name: String, _ arguments: JinjaValues
    ) throws(JinjaError) -> JinjaValue {
        switch name {
        case "trim": return .text(text.stripped(try characters(arguments.value(0, "chars")), left: true, right: true))
        case "upper", "lower", "capitalize": return .text(text.cased(name))
        case "title": return .text(text.titled())
        case "replace":
            guard let old = arguments.value(0, "s"), let new = arguments.value(1, "new") else {
                throw error("'replace' needs two strings")
            }
            let limit = arguments.value(2, "count")?.whole ?? -1
            return .text(try replaced(text, self.text(old), self.text(new), limit: limit))
        case "indent": return .text(try indented(text, arguments))
        case "wordcount":
            var count = 0
            var isInside = false
            for scalar in text.string.unicodeScalars {
                let isWord = ScalarClasses.isWord(scalar.value)
                if isWord, !isInside { count += 1 }
                isInside = isWord
            }
            return .integer(count)
        default:
            let signs = ["&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&#39;", "\"": "&#34;"]
            return .text(text.mapped { signs[String($0)] ?? String($0) })
        }
    }

    private func characters(_ value: JinjaValue?) throws(JinjaError) -> TextValue? {
        switch value {
        case nil, .some(.none): return nil
        case .text(let text): return text
        default: throw error("expected a string of characters")
        }
    }

    /// Each line but the first (and, unless asked for, empty ones) with an indentation before it.
    private mutating func indented(_ text: TextValue, _ arguments: JinjaValues) throws(JinjaError) -> TextValue {
        let width = arguments.value(0, "width") ?? .integer(4)
        let indentation: TextValue
        if case .text(let text) = width {
            indentation = text
        } else {
            let count = max(0, width.whole ?? 4)
            try charge(bytes: count)
            indentation = TextValue(String(repeating: " ", count: count))
        }
        let indentsFirst = arguments.value(1, "first")?.isTrue ?? false
        let indentsBlank = arguments.value(2, "blank")?.isTrue ?? false
        var result = indentsFirst ? indentation : TextValue()
        var source = text
        source.append(TextValue("\n"))
        for (index, line) in source.lines(keepsEnds: false).enumerated() {
            try charge(bytes: indentation.bytes.count)
            if index > 0 {
                result.append(TextValue("\n"))
                if indentsBlank || !line.isEmpty { result.append(indentation) }
            }
            result.append(line)
        }
        return result
    }

    private func number(
        _ value: JinjaValue, _ name: String, _ arguments: JinjaValues
    ) throws(JinjaError) -> JinjaValue {
        switch name {
        case "int":
            if let whole = value.whole { return .integer(whole) }
            if case .text(let text) = value {
                let trimmed = text.stripped(nil, left: true, right: true).string
                if let whole = Int(trimmed.replacing("_", with: "")) { return .integer(whole) }
                if let number = Double(trimmed), abs(number) < 9e18 { return .integer(Int(number)) }
            }
            if let number = value.numeric, abs(number) < 9e18 { return .integer(Int(number)) }
            return arguments.value(0, "default") ?? .integer(0)
        case "float":
            if let number = value.numeric { return .number(number) }
            if case .text(let text) = value, let number = Double(text.stripped(nil, left: true, right: true).string) {
                return .number(number)
            }
            return arguments.value(0, "default") ?? .number(0)
        case "abs":
            if let whole = value.whole, whole != .min { return .integer(abs(whole)) }
            guard let number = value.numeric else { throw error("\(value.kind) has no absolute value") }
            return .number(abs(number))
        default:
            guard let number = value.numeric, arguments.positional.count < 2, arguments.named.isEmpty else {
                throw error("'round' takes a number and a precision")
            }
            if let whole = value.whole, arguments.positional.isEmpty { return .integer(whole) }
            let scale = JinjaNumbers.power(10, Double(arguments.positional.first?.whole ?? 0))
            return .number((number * scale).rounded(.toNearestOrEven) / scale)
        }
    }

    private mutating func json(_ value: JinjaValue, _ arguments: JinjaValues) throws(JinjaError) -> JinjaValue {
        var layout = PythonText.Layout()
        layout.isASCII = arguments.value(0, "ensure_ascii")?.isTrue ?? false
        layout.sortsKeys = arguments.value(3, "sort_keys")?.isTrue ?? false
        switch arguments.value(1, "indent") {
        case nil, .some(.none): break
        case .text(let text): layout.indent = text.bytes
        case .some(let width):
            guard let count = width.whole, count <= 64 else { throw error("the indentation of 'tojson' is no number") }
            layout.indent = [UInt8](repeating: 0x20, count: max(0, count))
        }
        if layout.indent != nil { layout.itemSeparator = "," }
        if case .list(let separators, _)? = arguments.value(2, "separators"), separators.count == 2 {
            layout.itemSeparator = text(separators[0]).string
            layout.keySeparator = text(separators[1]).string
        }
        guard let bytes = PythonText.json(value, layout) else {
            throw error("\(value.kind) cannot be written as JSON, or holds what cannot, or nests too deep")
        }
        try charge(bytes: bytes.count)
        return .text(TextValue(bytes, .input))
    }

    // MARK: Picking

    private mutating func picked(
        _ value: JinjaValue, _ name: String, _ arguments: JinjaValues
    ) throws(JinjaError) -> JinjaValue {
        guard value.isIterable else { return .generator([]) }
        var result: [JinjaValue] = []
        let keeps = !name.hasPrefix("reject")
        for item in try items(of: value, line: 0) {
            try charge(1)
            if name == "map" {
                result.append(try mapped(item, arguments))
                continue
            }
            var rest = arguments.positional[...]
            var subject = item
            if name.hasSuffix("attr") {
                guard let attribute = rest.popFirst() else { throw error("'\(name)' needs an attribute") }
                subject = try path(attribute, of: item)
            }
            var isKept = subject.isTrue
            if let test = rest.popFirst() {
                let test = text(test).string
                let known = ["==", "!=", "<", "<=", ">", ">="].contains(test)
                if known, let other = rest.first {
                    isKept = try holds(subject, test, other)
                } else {
                    guard JinjaTests.names.contains(test) else {
                        throw error("a test that '\(name)' names is not supported")
                    }
                    isKept = try self.test(subject, test, Array(rest))
                }
            }
            if isKept == keeps { result.append(item) }
        }
        return .generator(result)
    }

    private mutating func mapped(_ item: JinjaValue, _ arguments: JinjaValues) throws(JinjaError) -> JinjaValue {
        var arguments = arguments
        if let attribute = arguments.take("attribute") {
            let found = try path(attribute, of: item)
            if case .undefined = found, let other = arguments.take("default") { return other }
            return found
        }
        guard case .text(let filter)? = arguments.positional.first, JinjaFilters.names.contains(filter.string) else {
            throw error("'map' needs an attribute or the name of a filter")
        }
        arguments.positional.removeFirst()
        return try self.filter(item, filter.string, arguments)
    }

    /// What a path with dots names inside a value.
    mutating func path(_ path: JinjaValue, of value: JinjaValue) throws(JinjaError) -> JinjaValue {
        guard case .text(let text) = path else { return try item(of: value, path) }
        var value = value
        for part in text.split(Array(".".utf8), limit: .max, fromEnd: false) {
            if case .undefined = value { return value }
            value = try item(of: value, Int(part.string).map { .integer($0) } ?? .text(part))
        }
        return value
    }
}

extension TextValue {
    /// The text as the filter `title` writes it: a capital after whitespace, hyphens and opening brackets.
    func titled() -> TextValue {
        var isInside = false
        return mapped { scalar in
            let starts = "-({[<".unicodeScalars.contains(scalar) || scalar.properties.isWhitespace
            defer { isInside = !starts }
            return isInside ? scalar.properties.lowercaseMapping : scalar.properties.uppercaseMapping
        }
    }
}
