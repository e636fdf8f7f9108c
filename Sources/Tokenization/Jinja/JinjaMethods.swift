/// The methods of strings, mappings and lists that a sandboxed template may call: none changes anything.
enum JinjaMethods {
    static let text: Set<String> = [
        "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith", "replace", "upper",
        "lower", "title", "capitalize", "join", "find", "rfind", "count", "isdigit", "isalpha", "isalnum", "isspace",
        "isupper", "islower", "removeprefix", "removesuffix",
    ]
    static let dictionary: Set<String> = ["get", "items", "keys", "values", "copy"]
    static let list: Set<String> = ["index", "count", "copy"]
}

extension JinjaEvaluator {
    mutating func method(
        _ receiver: JinjaValue, _ name: String, _ arguments: JinjaValues
    ) throws(JinjaError) -> JinjaValue {
        switch receiver {
        case .text(let text):
            try charge(bytes: text.bytes.count)
            return try method(text, name, arguments)
        case .dictionary(let dictionary):
            try charge(dictionary.entries.count)
            return try method(dictionary, name, arguments)
        case .list(let values, _):
            try charge(values.count)
            guard name != "copy" else { return receiver }
            guard let wanted = arguments.positional.first else { throw error("'\(name)' needs a value") }
            if name == "count" { return .integer(values.count { $0.equals(wanted) }) }
            guard let index = values.firstIndex(where: { $0.equals(wanted) }) else {
                throw error("the list does not hold the value that 'index' looks for")
            }
            return .integer(index)
        default: throw error("\(receiver.kind) has no method '\(name)'")
        }
    }

    private func method(
        _ dictionary: JinjaDictionary, _ name: String, _ arguments: JinjaValues
    ) throws(JinjaError) -> JinjaValue {
        switch name {
        case "items": return .list(dictionary.entries.map { .list([$0.key, $0.value], isTuple: true) })
        case "keys": return .list(dictionary.entries.map(\.key))
        case "values": return .list(dictionary.entries.map(\.value))
        case "copy": return .dictionary(dictionary)
        default:
            guard let key = arguments.positional.first else { throw error("'get' needs a key") }
            return dictionary[key] ?? arguments.value(1, "default") ?? .none
        }
    }

    private mutating func method(
        _ text: TextValue, _ name: String, _ arguments: JinjaValues
    ) throws(JinjaError) -> JinjaValue {
        switch name {
        case "strip", "lstrip", "rstrip":
            let characters = try optionalText(arguments.value(0, "chars"))
            return .text(text.stripped(characters, left: name != "rstrip", right: name != "lstrip"))
        case "split", "rsplit":
            let limit = arguments.value(1, "maxsplit")?.whole ?? -1
            let separator = try optionalText(arguments.value(0, "sep"))
            guard separator?.isEmpty != true else { throw error("the separator of '\(name)' is empty") }
            let parts = text.split(separator?.bytes, limit: limit < 0 ? .max : limit, fromEnd: name == "rsplit")
            try charge(parts.count)
            return .list(parts.map { .text($0) })
        case "splitlines":
            return .list(text.lines(keepsEnds: arguments.value(0, "keepends")?.isTrue ?? false).map { .text($0) })
        case "startswith", "endswith":
            let parts = try texts(arguments.positional.first, of: name)
            return .bool(
                parts.contains {
                    name == "startswith" ? text.bytes.starts(with: $0.bytes) : text.bytes.ends(with: $0.bytes)
                })
        case "replace":
            let old = try requiredText(arguments.value(0, "old"), name)
            let new = try requiredText(arguments.value(1, "new"), name)
            return .text(try replaced(text, old, new, limit: arguments.value(2, "count")?.whole ?? -1))
        case "upper", "lower", "title", "capitalize": return .text(text.cased(name))
        case "join": return .text(try joined(arguments.positional.first ?? .undefined(""), text))
        case "find", "rfind", "count":
            return .integer(try place(text, name, requiredText(arguments.value(0, "sub"), name)))
        case "removeprefix", "removesuffix":
            let part = try requiredText(arguments.positional.first, name)
            guard !part.isEmpty else { return .text(text) }
            if name == "removeprefix" {
                let isThere = text.bytes.starts(with: part.bytes)
                return .text(isThere ? text.slice(part.bytes.count..<text.bytes.count) : text)
            }
            let isThere = text.bytes.ends(with: part.bytes)
            return .text(isThere ? text.slice(0..<text.bytes.count - part.bytes.count) : text)
        default: return .bool(text.passes(name))
        }
    }

    private func optionalText(_ value: JinjaValue?) throws(JinjaError) -> TextValue? {
        switch value {
        case nil, .some(.none): return nil
        case .text(let text): return text
        case .some(let value): throw error("expected a string, found \(value.kind)")
        }
    }

    private func requiredText(_ value: JinjaValue?, _ name: String) throws(JinjaError) -> TextValue {
        guard let text = try optionalText(value) else { throw error("'\(name)' needs a string") }
        return text
    }

    private func texts(_ value: JinjaValue?, of name: String) throws(JinjaError) -> [TextValue] {
        guard case .list(let values, true)? = value else { return [try requiredText(value, name)] }
        var texts: [TextValue] = []
        for value in values { texts.append(try requiredText(value, name)) }
        return texts
    }

    private func place(_ text: TextValue, _ name: String, _ part: TextValue) -> Int {
        var found: [Range<Int>] = []
        var start = 0
        while let range = text.firstRange(of: part.bytes, from: start) {
            found.append(range)
            if name == "find" { break }
            start = name == "rfind" ? range.lowerBound + 1 : max(range.upperBound, range.lowerBound + 1)
        }
        if name == "count" { return part.isEmpty ? text.scalarCount + 1 : found.count }
        return found.last.map { text.slice(0..<$0.lowerBound).scalarCount } ?? -1
    }

    /// `text` with `new` for the first `limit` occurrences of `old`; all of them if the limit is negative.
    mutating func replaced(
        _ text: TextValue, _ old: TextValue, _ new: TextValue, limit: Int
    ) throws(JinjaError) -> TextValue {
        if old.isEmpty { return try interleaved(text, new, limit: limit) }
        var result = TextValue()
        var start = 0
        var count = 0
        while count != limit, let range = text.firstRange(of: old.bytes, from: start) {
            try charge(bytes: result.bytes.count + new.bytes.count > limits.bytes ? limits.bytes + 1 : new.bytes.count)
            result.append(text.slice(start..<range.lowerBound))
            result.append(new)
            start = range.upperBound
            count += 1
        }
        result.append(text.slice(start..<text.bytes.count))
        return result
    }

    /// What Python makes of replacing the empty string: `new` around every character.
    private mutating func interleaved(
        _ text: TextValue, _ new: TextValue, limit: Int
    ) throws(JinjaError) -> TextValue {
        let offsets = text.scalarOffsets
        let count = limit < 0 ? offsets.count : min(limit, offsets.count)
        let (bytes, overflows) = new.bytes.count.multipliedReportingOverflow(by: count)
        try charge(bytes: overflows ? .max : bytes)
        var result = TextValue()
        for (index, offset) in offsets.enumerated() {
            if index < count { result.append(new) }
            if index + 1 < offsets.count { result.append(text.slice(offset..<offsets[index + 1])) }
        }
        return result
    }

    /// The items' texts with a separator between them.
    mutating func joined(_ list: JinjaValue, _ separator: TextValue) throws(JinjaError) -> TextValue {
        var result = TextValue()
        for (index, item) in try items(of: list, line: 0).enumerated() {
            let next = text(item)
            try charge(
                bytes: result.bytes.count + next.bytes.count + separator.bytes.count > limits.bytes
                    ? limits.bytes + 1 : next.bytes.count)
            if index > 0 { result.append(separator) }
            result.append(next)
        }
        return result
    }
}

extension Array<UInt8> {
    /// Whether the last elements are those of `suffix`.
    func ends(with suffix: [UInt8]) -> Bool {
        count >= suffix.count && self[(count - suffix.count)...].elementsEqual(suffix)
    }
}
