/// Texts of values, and what happens when something is called.
extension JinjaEvaluator {
    /// `str(value)`: a text keeps its sources; what else comes out counts as the request's.
    func text(_ value: JinjaValue) -> TextValue {
        switch value {
        case .text(let text): text
        case .undefined: TextValue()
        default: TextValue(Array((PythonText.representation(value) ?? "").utf8), .input)
        }
    }

    mutating func call(_ callee: JinjaValue, _ arguments: JinjaValues) throws(JinjaError) -> JinjaValue {
        switch callee {
        case .function(.global(let name)): return try global(name, arguments)
        case .function(.method(let receiver, let name)): return try method(receiver, name, arguments)
        case .function(.macro(let macro, let home, let caller)): return try run(macro, home, caller, arguments)
        case .function(.cycle(let loop)):
            guard !arguments.positional.isEmpty else { throw error("loop.cycle needs values") }
            return arguments.positional[loop.index % arguments.positional.count]
        case .function(.changed(let loop)):
            let value = JinjaValue.list(arguments.positional)
            defer { loop.changedValue = value }
            return .bool(loop.changedValue.map { !$0.equals(value) } ?? true)
        case .loop(let loop):
            guard let recursion = loop.recursion, let list = arguments.positional.first else {
                throw error("only the loop of a recursive 'for' can be called, with a list")
            }
            let items = try items(of: list, line: recursion.statement.line)
            let outer = output
            output = TextValue()
            defer { output = outer }
            try deeper { evaluator throws(JinjaError) in
                try evaluator.run(recursion.statement, items, recursion.scope, depth: loop.depth + 1)
            }
            return .text(output)
        case .undefined: throw error("\(callee.kind), cannot be called")
        default: throw error("\(callee.kind) cannot be called")
        }
    }

    private func global(_ name: String, _ arguments: JinjaValues) throws(JinjaError) -> JinjaValue {
        switch name {
        case "namespace", "dict":
            var values = JinjaDictionary()
            for case .dictionary(let dictionary) in arguments.positional {
                for entry in dictionary.entries { values.set(entry.key, entry.value) }
            }
            for (name, value) in arguments.named { values.set(name, value) }
            guard name == "namespace" else { return .dictionary(values) }
            let namespace = JinjaNamespace()
            namespace.values = values
            return .namespace(namespace)
        case "range": return try range(arguments.positional)
        case "strftime_now":
            guard case .text(let format)? = arguments.value(0, "format") else {
                throw error("strftime_now needs a format")
            }
            guard let text = JinjaDate.text(now, format: format.string) else {
                throw error("this format of strftime_now is not supported")
            }
            return .text(TextValue(text))
        default:
            let message = arguments.value(0, "message").map { text($0).redacted } ?? ""
            var refusal = error(message)
            refusal.isRefusal = true
            throw refusal
        }
    }

    private func range(_ arguments: [JinjaValue]) throws(JinjaError) -> JinjaValue {
        let numbers = arguments.compactMap(\.whole)
        guard numbers.count == arguments.count, (1...3).contains(numbers.count) else {
            throw error("range needs one to three integers")
        }
        let (start, end) = numbers.count == 1 ? (0, numbers[0]) : (numbers[0], numbers[1])
        let step = numbers.count == 3 ? numbers[2] : 1
        guard step != 0 else { throw error("the step of a range is zero") }
        let (distance, overflows) = end.subtractingReportingOverflow(start)
        guard !overflows, step != .min, abs(Double(distance) / Double(step)) <= 100_000 else {
            throw error("a range has more than 100000 numbers")
        }
        return .list(stride(from: start, to: end, by: step).map { .integer($0) })
    }
}

/// The names that every template has.
enum JinjaGlobals {
    static let names = ["namespace", "dict", "range", "strftime_now", "raise_exception"]
}

extension JinjaLoop {
    /// What `loop.name` is.
    func attribute(_ name: String) -> JinjaValue? {
        switch name {
        case "index": .integer(index + 1)
        case "index0": .integer(index)
        case "revindex": .integer(items.count - index)
        case "revindex0": .integer(items.count - index - 1)
        case "first": .bool(index == 0)
        case "last": .bool(index == items.count - 1)
        case "length": .integer(items.count)
        case "depth": .integer(depth)
        case "depth0": .integer(depth - 1)
        case "previtem": index > 0 ? items[index - 1] : .undefined(name)
        case "nextitem": index + 1 < items.count ? items[index + 1] : .undefined(name)
        case "cycle": .function(.cycle(self))
        case "changed": .function(.changed(self))
        default: nil
        }
    }
}
