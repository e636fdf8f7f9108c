/// Values of expressions.
extension JinjaEvaluator {
    mutating func value(_ expression: JinjaExpression, _ scope: JinjaScope) throws(JinjaError) -> JinjaValue {
        try charge(1)
        at(expression.line)
        return try deeper { evaluator throws(JinjaError) in try evaluator.form(expression.form, scope) }
    }

    private mutating func form(_ form: JinjaExpression.Form, _ scope: JinjaScope) throws(JinjaError) -> JinjaValue {
        switch form {
        case .literal(let literal): return Self.value(literal)
        case .name(let name): return scope[name] ?? .undefined(name)
        case .list(let expressions, let isTuple):
            var values: [JinjaValue] = []
            for expression in expressions { values.append(try value(expression, scope)) }
            return .list(values, isTuple: isTuple)
        case .dictionary(let entries): return try dictionary(entries, scope)
        case .attribute(let base, let name): return try attribute(of: try value(base, scope), name)
        case .item(let base, let key):
            let base = try value(base, scope)
            return try item(of: base, try value(key, scope))
        case .slice(let base, let from, let to, let step):
            let base = try value(base, scope)
            return try slice(base, try bound(from, scope), try bound(to, scope), try bound(step, scope))
        case .call(let callee, let arguments):
            let callee = try value(callee, scope)
            return try call(callee, try values(arguments, scope))
        case .filter(let input, let filter): return try filtered(try value(input, scope), [filter], scope)
        case .test(let input, let name, let arguments):
            let input = try value(input, scope)
            return .bool(try test(input, name, try values(arguments, scope).positional))
        case .not(let inner): return .bool(!(try value(inner, scope).isTrue))
        case .negative(let inner): return try signed(try value(inner, scope), isNegative: true)
        case .positive(let inner): return try signed(try value(inner, scope), isNegative: false)
        case .and(let left, let right):
            let left = try value(left, scope)
            return left.isTrue ? try value(right, scope) : left
        case .or(let left, let right):
            let left = try value(left, scope)
            return left.isTrue ? left : try value(right, scope)
        case .arithmetic(let left, let sign, let right):
            let left = try value(left, scope)
            return try arithmetic(left, sign, try value(right, scope))
        case .comparison(let left, let rest): return try comparison(try value(left, scope), rest, scope)
        case .concatenation(let expressions):
            var text = TextValue()
            for expression in expressions {
                let next = self.text(try value(expression, scope))
                try charge(bytes: text.bytes.count + next.bytes.count)
                text.append(next)
            }
            return .text(text)
        case .conditional(let condition, let then, let otherwise):
            if try value(condition, scope).isTrue { return try value(then, scope) }
            return try otherwise.map { expression throws(JinjaError) in try value(expression, scope) } ?? .undefined("")
        }
    }

    private static func value(_ literal: JinjaLiteral) -> JinjaValue {
        switch literal {
        case .none: .none
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .text(let text): .text(text)
        }
    }

    private mutating func dictionary(
        _ entries: [(key: JinjaExpression, value: JinjaExpression)], _ scope: JinjaScope
    ) throws(JinjaError) -> JinjaValue {
        var dictionary = JinjaDictionary()
        for entry in entries {
            let key = try value(entry.key, scope)
            guard JinjaDictionary.isKey(key) else { throw error("\(key.kind) cannot be a key") }
            dictionary.set(key, try value(entry.value, scope))
        }
        return .dictionary(dictionary)
    }

    /// The values of a call's arguments.
    mutating func values(_ arguments: JinjaArguments, _ scope: JinjaScope) throws(JinjaError) -> JinjaValues {
        var values = JinjaValues()
        for expression in arguments.positional { values.positional.append(try value(expression, scope)) }
        for (name, expression) in arguments.named { values.named.append((name, try value(expression, scope))) }
        return values
    }

    mutating func filtered(
        _ value: JinjaValue, _ filters: [JinjaFilter], _ scope: JinjaScope
    ) throws(JinjaError) -> JinjaValue {
        var value = value
        for filter in filters {
            let arguments = try values(filter.arguments, scope)
            at(filter.line)
            value = try self.filter(value, filter.name, arguments)
        }
        return value
    }

    // MARK: Parts of values

    /// What `value.name` is: a method, else an entry.
    func attribute(of value: JinjaValue, _ name: String) throws(JinjaError) -> JinjaValue {
        switch value {
        // Python's own names are hidden from templates, even where nothing is.
        case .undefined where name.hasPrefix("__"): return .undefined(name)
        case .undefined: throw error("\(value.kind), has no '\(name)'")
        case .namespace(let namespace): return namespace.values[name] ?? .undefined(name)
        case .loop(let loop): return loop.attribute(name) ?? .undefined(name)
        case .dictionary(let dictionary):
            if JinjaMethods.dictionary.contains(name) { return .function(.method(value, name)) }
            return dictionary[name] ?? .undefined(name)
        case .text where JinjaMethods.text.contains(name), .list where JinjaMethods.list.contains(name):
            return .function(.method(value, name))
        default: return .undefined(name)
        }
    }

    /// What `value[key]` is: an entry, else a method.
    func item(of value: JinjaValue, _ key: JinjaValue) throws(JinjaError) -> JinjaValue {
        switch value {
        case .undefined: throw error("\(value.kind), has no items")
        case .dictionary(let dictionary):
            if let found = dictionary[key] { return found }
        case .list(let values, _):
            if let index = key.whole {
                let place = index < 0 ? index + values.count : index
                return values.indices.contains(place) ? values[place] : .undefined("item \(index)")
            }
        case .text(let text):
            if let index = key.whole {
                let offsets = text.scalarOffsets
                let place = index < 0 ? index + offsets.count - 1 : index
                guard place >= 0, place < offsets.count - 1 else { return .undefined("item \(index)") }
                return .text(text.slice(offsets[place]..<offsets[place + 1]))
            }
        default: break
        }
        guard case .text(let name) = key else { return .undefined("") }
        // Only a name of the template's own may stand in an error.
        let found = try attribute(of: value, name.string)
        if case .undefined = found { return .undefined(name.redacted) }
        return found
    }

    private mutating func bound(
        _ expression: JinjaExpression?, _ scope: JinjaScope
    ) throws(JinjaError) -> Int? {
        guard let expression else { return nil }
        let bound = try value(expression, scope)
        if case .none = bound { return nil }
        guard let whole = bound.whole else { throw error("\(bound.kind) cannot bound a slice") }
        return whole
    }

    private mutating func slice(
        _ value: JinjaValue, _ from: Int?, _ to: Int?, _ step: Int?
    ) throws(JinjaError) -> JinjaValue {
        let step = step ?? 1
        guard step != 0 else { throw error("the step of a slice is zero") }
        switch value {
        case .text(let text):
            try charge(bytes: text.bytes.count)
            let offsets = text.scalarOffsets
            let places = Array(Self.places(offsets.count - 1, from, to, step))
            if step == 1 {
                guard let first = places.first, let last = places.last else { return .text(TextValue()) }
                return .text(text.slice(offsets[first]..<offsets[last + 1]))
            }
            var result = TextValue()
            for place in places { result.append(text.slice(offsets[place]..<offsets[place + 1])) }
            return .text(result)
        case .list(let values, let isTuple):
            try charge(values.count)
            return .list(Self.places(values.count, from, to, step).map { values[$0] }, isTuple: isTuple)
        case .undefined: throw error("\(value.kind), cannot be sliced")
        default: throw error("\(value.kind) cannot be sliced")
        }
    }

    /// The places that Python's slice names.
    private static func places(_ count: Int, _ from: Int?, _ to: Int?, _ step: Int) -> StrideTo<Int> {
        func clamped(_ bound: Int, _ low: Int, _ high: Int) -> Int {
            min(max(bound < 0 ? max(bound, -count - 1) + count : bound, low), high)
        }
        if step > 0 {
            let start = from.map { clamped($0, 0, count) } ?? 0
            let end = to.map { clamped($0, 0, count) } ?? count
            return stride(from: start, to: max(start, end), by: min(step, count + 1))
        }
        let start = from.map { clamped($0, -1, count - 1) } ?? count - 1
        let end = to.map { clamped($0, -1, count - 1) } ?? -1
        return stride(from: start, to: min(start, end), by: max(step, -count - 1))
    }

    // MARK: Calculating

    private func signed(_ value: JinjaValue, isNegative: Bool) throws(JinjaError) -> JinjaValue {
        if let whole = value.whole {
            guard isNegative else { return .integer(whole) }
            guard whole != .min else { throw error("a number is too large") }
            return .integer(-whole)
        }
        guard let number = value.numeric else { throw error("\(value.kind) has no sign") }
        return .number(isNegative ? -number : number)
    }

    private mutating func arithmetic(
        _ left: JinjaValue, _ sign: String, _ right: JinjaValue
    ) throws(JinjaError) -> JinjaValue {
        switch (left, sign, right) {
        case (.text(var text), "+", .text(let other)):
            try charge(bytes: text.bytes.count + other.bytes.count)
            text.append(other)
            return .text(text)
        case (.list(let values, let isTuple), "+", .list(let others, let isOtherTuple)) where isTuple == isOtherTuple:
            try charge(values.count + others.count)
            return .list(values + others, isTuple: isTuple)
        case (.list(let values, let isTuple), "*", _) where right.whole != nil:
            let (count, overflows) = values.count.multipliedReportingOverflow(by: max(0, right.whole ?? 0))
            try charge(overflows ? limits.steps : count)
            return .list(Array(repeatElement(values, count: max(0, right.whole ?? 0)).joined()), isTuple: isTuple)
        case (_, "*", .list) where left.whole != nil: return try arithmetic(right, sign, left)
        case (.text(let text), "*", _) where right.whole != nil: return try repeated(text, right.whole ?? 0)
        case (_, "*", .text(let text)) where left.whole != nil: return try repeated(text, left.whole ?? 0)
        default: break
        }
        if let left = left.whole, let right = right.whole, sign != "/", !(sign == "**" && right < 0) {
            return .integer(try calculated(left, sign, right))
        }
        guard let first = left.numeric, let second = right.numeric else {
            throw error("'\(sign)' cannot be applied to \(left.kind) and \(right.kind)")
        }
        return .number(try calculated(first, sign, second))
    }

    private mutating func repeated(_ text: TextValue, _ count: Int) throws(JinjaError) -> JinjaValue {
        let (bytes, overflows) = text.bytes.count.multipliedReportingOverflow(by: max(0, count))
        try charge(bytes: overflows ? .max : bytes)
        var result = TextValue()
        if !text.isEmpty { for _ in 0..<max(0, count) { result.append(text) } }
        return .text(result)
    }

    private func calculated(_ left: Int, _ sign: String, _ right: Int) throws(JinjaError) -> Int {
        if sign == "//" || sign == "%" {
            guard right != 0 else { throw error("a division by zero") }
            guard right != -1 else { return sign == "%" ? 0 : try calculated(0, "-", left) }
            let remainder = left % right
            let isBelow = remainder != 0 && (remainder < 0) != (right < 0)
            return sign == "//" ? left / right - (isBelow ? 1 : 0) : remainder + (isBelow ? right : 0)
        }
        var result = (partialValue: 1, overflow: false)
        switch sign {
        case "+": result = left.addingReportingOverflow(right)
        case "-": result = left.subtractingReportingOverflow(right)
        case "*": result = left.multipliedReportingOverflow(by: right)
        default:
            guard right <= 64 || (-1...1).contains(left) else { throw error("a number is too large") }
            for _ in 0..<(right > 64 ? 64 + right % 2 : right) where !result.overflow {
                result = result.partialValue.multipliedReportingOverflow(by: left)
            }
        }
        guard !result.overflow else { throw error("a number is too large") }
        return result.partialValue
    }

    private func calculated(_ left: Double, _ sign: String, _ right: Double) throws(JinjaError) -> Double {
        switch sign {
        case "+": return left + right
        case "-": return left - right
        case "*": return left * right
        case "**": return JinjaNumbers.power(left, right)
        default:
            guard right != 0 else { throw error("a division by zero") }
            if sign == "/" { return left / right }
            let quotient = (left / right).rounded(.down)
            return sign == "//" ? quotient : left - quotient * right
        }
    }

    private mutating func comparison(
        _ left: JinjaValue, _ rest: [(sign: String, value: JinjaExpression)], _ scope: JinjaScope
    ) throws(JinjaError) -> JinjaValue {
        var left = left
        for (sign, expression) in rest {
            let right = try value(expression, scope)
            guard try holds(left, sign, right) else { return .bool(false) }
            left = right
        }
        return .bool(true)
    }

    /// Whether a comparison holds.
    mutating func holds(_ left: JinjaValue, _ sign: String, _ right: JinjaValue) throws(JinjaError) -> Bool {
        switch sign {
        case "==": return left.equals(right)
        case "!=": return !left.equals(right)
        case "in": return try isContained(left, in: right)
        case "not in": return !(try isContained(left, in: right))
        default:
            guard let order = left.order(right) else {
                throw error("'\(sign)' cannot compare \(left.kind) and \(right.kind)")
            }
            switch sign {
            case "<": return order < 0
            case "<=": return order <= 0
            case ">": return order > 0
            default: return order >= 0
            }
        }
    }

    private mutating func isContained(_ value: JinjaValue, in container: JinjaValue) throws(JinjaError) -> Bool {
        switch container {
        case .list(let values, _), .generator(let values):
            try charge(values.count)
            return values.contains { $0.equals(value) }
        case .dictionary(let dictionary): return dictionary[value] != nil
        case .text(let text):
            guard case .text(let part) = value else { throw error("\(value.kind) cannot be part of a string") }
            try charge(bytes: text.bytes.count)
            return text.firstRange(of: part.bytes, from: 0) != nil
        case .undefined: return false
        default: throw error("\(container.kind) contains nothing")
        }
    }
}
