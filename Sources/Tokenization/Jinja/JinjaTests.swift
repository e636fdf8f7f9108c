/// The tests behind `is`.
enum JinjaTests {
    static let names: Set<String> = [
        "defined", "undefined", "none", "string", "mapping", "iterable", "sequence", "number", "integer", "float",
        "boolean", "true", "false", "callable", "equalto", "eq", "ne", "lt", "lessthan", "le", "gt", "greaterthan",
        "ge", "in", "odd", "even", "divisibleby", "sameas", "lower", "upper",
    ]

    /// The comparisons that tests have names for.
    static let comparisons = [
        "equalto": "==", "eq": "==", "sameas": "==", "ne": "!=", "lt": "<", "lessthan": "<", "le": "<=", "gt": ">",
        "greaterthan": ">", "ge": ">=", "in": "in",
    ]
}

extension JinjaEvaluator {
    /// Whether a value passes a test.
    mutating func test(_ value: JinjaValue, _ name: String, _ arguments: [JinjaValue]) throws(JinjaError) -> Bool {
        if let sign = JinjaTests.comparisons[name] {
            guard let other = arguments.first else { throw error("the test '\(name)' needs a value") }
            if name == "sameas", value.kind != other.kind { return false }
            return try holds(value, sign, other)
        }
        switch (name, value) {
        case ("defined", .undefined): return false
        case ("defined", _): return true
        case ("undefined", .undefined), ("none", .none), ("string", .text), ("mapping", .dictionary): return true
        case ("iterable", .text), ("iterable", .list), ("iterable", .generator), ("iterable", .dictionary),
            ("iterable", .undefined):
            return true
        case ("sequence", .text), ("sequence", .list), ("sequence", .dictionary), ("sequence", .undefined): return true
        case ("number", .bool), ("number", .integer), ("number", .number): return true
        case ("integer", .integer), ("float", .number), ("boolean", .bool), ("callable", .function): return true
        case ("true", .bool(let value)): return value
        case ("false", .bool(let value)): return !value
        case ("odd", _), ("even", _), ("divisibleby", _):
            if name == "divisibleby", let number = value.numeric, let divisor = arguments.first?.numeric, divisor != 0 {
                return number.remainder(dividingBy: divisor) == 0
            }
            let divisor = name == "divisibleby" ? arguments.first?.whole ?? 0 : 2
            guard let whole = value.whole, divisor != 0, divisor != -1 else {
                throw error("the test '\(name)' needs integers")
            }
            return (whole % divisor == 0) != (name == "odd")
        case ("lower", _), ("upper", _):
            let text = text(value).string
            let changed = name == "lower" ? text.lowercased() : text.uppercased()
            let hasCase = text.unicodeScalars.contains { $0.properties.isCased }
            return hasCase && changed.unicodeScalars.elementsEqual(text.unicodeScalars)
        default: return false
        }
    }
}
