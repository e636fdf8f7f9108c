/// The filters that look at a list as a whole.
extension JinjaEvaluator {
    mutating func listFilter(
        _ value: JinjaValue, _ name: String, _ arguments: JinjaValues
    ) throws(JinjaError) -> JinjaValue {
        switch (name, value) {
        case ("length", .text(let text)), ("count", .text(let text)): return .integer(text.scalarCount)
        case ("items", .undefined): return .generator([])
        case ("items", .dictionary(let dictionary)):
            return .generator(dictionary.entries.map { .list([$0.key, $0.value], isTuple: true) })
        case ("length", .generator), ("count", .generator), ("last", .generator):
            throw error("'\(name)' needs a list; put the filter 'list' before it")
        case ("items", _): throw error("\(value.kind) has no items")
        case ("dictsort", .dictionary(let dictionary)): return try sorted(dictionary, arguments)
        case ("dictsort", _): throw error("\(value.kind) cannot be sorted by keys")
        case ("reverse", .text(let text)):
            var result = TextValue()
            let offsets = text.scalarOffsets
            for (start, end) in zip(offsets, offsets.dropFirst()).reversed() { result.append(text.slice(start..<end)) }
            return .text(result)
        default: break
        }
        // A lazy filter looks at its input only when somebody goes through it.
        if ["unique", "batch"].contains(name), !value.isIterable { return .generator([]) }
        let items = try items(of: value, line: 0)
        try charge(items.count)
        switch name {
        case "length", "count": return .integer(items.count)
        case "first": return items.first ?? .undefined("the first item of an empty list")
        case "last": return items.last ?? .undefined("the last item of an empty list")
        case "list": return .list(items)
        case "reverse": return .generator(items.reversed())
        case "sort": return .list(try sorted(items, arguments))
        case "min": return try sorted(items, JinjaValues()).first ?? .undefined("the least item of an empty list")
        case "max": return try extreme(items)
        case "sum": return try sum(items, arguments)
        case "batch":
            guard let size = arguments.positional.first?.whole, size > 0 else { throw error("'batch' needs a size") }
            return .generator(
                stride(from: 0, to: items.count, by: size).map { start in
                    .list(Array(items[start..<min(start + size, items.count)]))
                })
        default:
            var kept: [JinjaValue] = []
            for item in items {
                try charge(kept.count)
                let folded = Self.folded(item)
                if !kept.contains(where: { Self.folded($0).equals(folded) }) { kept.append(item) }
            }
            return .generator(kept)
        }
    }

    /// Texts in lower case, as these filters compare them.
    private static func folded(_ value: JinjaValue) -> JinjaValue {
        if case .text(let text) = value { .text(text.cased("lower")) } else { value }
    }

    private mutating func sorted(_ items: [JinjaValue], _ arguments: JinjaValues) throws(JinjaError) -> [JinjaValue] {
        let isReversed = arguments.value(0, "reverse")?.isTrue ?? false
        let isExact = arguments.value(1, "case_sensitive")?.isTrue ?? false
        var keyed: [(key: JinjaValue, index: Int)] = []
        for (index, item) in items.enumerated() {
            var key = item
            if let attribute = arguments.value(2, "attribute") { key = try path(attribute, of: item) }
            keyed.append((isExact ? key : Self.folded(key), index))
        }
        if keyed.count > 1, let first = keyed.first, keyed.contains(where: { first.key.order($0.key) == nil }) {
            throw error("values of different kinds cannot be sorted")
        }
        try charge(items.count * 8)
        keyed.sort { left, right in
            let order = left.key.order(right.key) ?? 0
            return order == 0 ? left.index < right.index : isReversed ? order > 0 : order < 0
        }
        return keyed.map { items[$0.index] }
    }

    private mutating func extreme(_ items: [JinjaValue]) throws(JinjaError) -> JinjaValue {
        guard let last = try sorted(items, JinjaValues()).last else {
            return .undefined("the greatest item of an empty list")
        }
        return items.first { Self.folded($0).equals(Self.folded(last)) } ?? last
    }

    private mutating func sum(_ items: [JinjaValue], _ arguments: JinjaValues) throws(JinjaError) -> JinjaValue {
        var whole = 0
        var number = 0.0
        var isWhole = true
        for item in items {
            let item =
                try arguments.value(0, "attribute").map { name throws(JinjaError) in try path(name, of: item) } ?? item
            guard let value = item.numeric else { throw error("\(item.kind) cannot be added up") }
            number += value
            isWhole = isWhole && item.whole != nil
            let sum = whole.addingReportingOverflow(item.whole ?? 0)
            guard !sum.overflow else { throw error("a number is too large") }
            whole = sum.partialValue
        }
        return isWhole ? .integer(whole) : .number(number)
    }

    private mutating func sorted(
        _ dictionary: JinjaDictionary, _ arguments: JinjaValues
    ) throws(JinjaError) -> JinjaValue {
        let byValue = arguments.value(1, "by").map { text($0).string == "value" } ?? false
        let pairs = dictionary.entries.map { JinjaValue.list([$0.key, $0.value], isTuple: true) }
        var options = JinjaValues()
        options.named = [
            ("case_sensitive", arguments.value(0, "case_sensitive") ?? .bool(false)),
            ("reverse", arguments.value(2, "reverse") ?? .bool(false)), ("attribute", .integer(byValue ? 1 : 0)),
        ]
        return .list(try sorted(pairs, options))
    }
}
