/// Reads a template's expressions, by Jinja's precedence.
extension JinjaParser {
    /// One expression, or several with commas between, which are a tuple.
    mutating func tuple(conditional: Bool = true) throws(JinjaError) -> JinjaExpression {
        let line = token.line
        var values = [conditional ? try expression() : try or()]
        guard token.form == .sign(",") else { return values[0] }
        while take(",") {
            switch token.form {
            case .outputEnd, .blockEnd, .sign(")"): break
            default: values.append(conditional ? try expression() : try or())
            }
        }
        return JinjaExpression(line: line, form: .list(values, isTuple: true))
    }

    /// An expression with `if` and `else`.
    mutating func expression() throws(JinjaError) -> JinjaExpression {
        try deeper { parser throws(JinjaError) in
            var value = try parser.or()
            while parser.takeName("if") {
                let condition = try parser.or()
                let otherwise = parser.takeName("else") ? try parser.expression() : nil
                value = JinjaExpression(
                    line: value.line, form: .conditional(if: condition, then: value, else: otherwise))
            }
            return value
        }
    }

    private mutating func or() throws(JinjaError) -> JinjaExpression {
        var left = try and()
        while takeName("or") { left = JinjaExpression(line: left.line, form: .or(left, try and())) }
        return left
    }

    private mutating func and() throws(JinjaError) -> JinjaExpression {
        var left = try not()
        while takeName("and") { left = JinjaExpression(line: left.line, form: .and(left, try not())) }
        return left
    }

    private mutating func not() throws(JinjaError) -> JinjaExpression {
        let line = token.line
        guard takeName("not") else { return try comparison() }
        return try deeper { parser throws(JinjaError) in JinjaExpression(line: line, form: .not(try parser.not())) }
    }

    private static let comparisons: Set<String> = ["==", "!=", "<", "<=", ">", ">="]

    private mutating func comparison() throws(JinjaError) -> JinjaExpression {
        let left = try sum()
        var rest: [(sign: String, value: JinjaExpression)] = []
        while true {
            if case .sign(let sign) = token.form, Self.comparisons.contains(sign) {
                advance()
                rest.append((sign, try sum()))
            } else if takeName("in") {
                rest.append(("in", try sum()))
            } else if token.form == .name("not"), following.form == .name("in") {
                advance()
                advance()
                rest.append(("not in", try sum()))
            } else {
                return rest.isEmpty ? left : JinjaExpression(line: left.line, form: .comparison(left, rest))
            }
        }
    }

    private mutating func sum() throws(JinjaError) -> JinjaExpression {
        var left = try concatenation()
        while case .sign(let sign) = token.form, sign == "+" || sign == "-" {
            advance()
            left = JinjaExpression(line: left.line, form: .arithmetic(left, sign, try concatenation()))
        }
        return left
    }

    private mutating func concatenation() throws(JinjaError) -> JinjaExpression {
        var values = [try product()]
        while take("~") { values.append(try product()) }
        return values.count == 1 ? values[0] : JinjaExpression(line: values[0].line, form: .concatenation(values))
    }

    private mutating func product() throws(JinjaError) -> JinjaExpression {
        var left = try power()
        while case .sign(let sign) = token.form, ["*", "/", "//", "%"].contains(sign) {
            advance()
            left = JinjaExpression(line: left.line, form: .arithmetic(left, sign, try power()))
        }
        return left
    }

    private mutating func power() throws(JinjaError) -> JinjaExpression {
        var left = try unary(filtered: true)
        while take("**") {
            left = JinjaExpression(line: left.line, form: .arithmetic(left, "**", try unary(filtered: true)))
        }
        return left
    }

    private mutating func unary(filtered: Bool) throws(JinjaError) -> JinjaExpression {
        let line = token.line
        var value: JinjaExpression
        if token.form == .sign("-") || token.form == .sign("+") {
            let isNegative = token.form == .sign("-")
            advance()
            let inner = try deeper { parser throws(JinjaError) in try parser.unary(filtered: false) }
            value = JinjaExpression(line: line, form: isNegative ? .negative(inner) : .positive(inner))
        } else {
            value = try primary()
        }
        value = try postfix(value)
        return filtered ? try filtersAndTests(value) : value
    }

    private mutating func primary() throws(JinjaError) -> JinjaExpression {
        let line = token.line
        func literal(_ value: JinjaLiteral) -> JinjaExpression { JinjaExpression(line: line, form: .literal(value)) }
        switch token.form {
        case .name(let name):
            advance()
            switch name {
            case "true", "True": return literal(.bool(true))
            case "false", "False": return literal(.bool(false))
            case "none", "None": return literal(.none)
            default: return JinjaExpression(line: line, form: .name(name))
            }
        case .string(var text):
            advance()
            while case .string(let more) = token.form {
                text.append(more)
                advance()
            }
            return literal(.text(text))
        case .integer(let value):
            advance()
            return literal(.integer(value))
        case .number(let value):
            advance()
            return literal(.number(value))
        case .sign("("):
            advance()
            if take(")") { return JinjaExpression(line: line, form: .list([], isTuple: true)) }
            let value = try deeper { parser throws(JinjaError) in try parser.tuple() }
            try expect(")")
            return value
        case .sign("["): return try list(line)
        case .sign("{"): return try dictionary(line)
        default: throw error("expected an expression, found \(token.description)")
        }
    }

    private mutating func list(_ line: Int) throws(JinjaError) -> JinjaExpression {
        advance()
        var values: [JinjaExpression] = []
        while !take("]") {
            if !values.isEmpty { try expect(",") }
            if take("]") { break }
            values.append(try expression())
        }
        return JinjaExpression(line: line, form: .list(values, isTuple: false))
    }

    private mutating func dictionary(_ line: Int) throws(JinjaError) -> JinjaExpression {
        advance()
        var entries: [(key: JinjaExpression, value: JinjaExpression)] = []
        while !take("}") {
            if !entries.isEmpty { try expect(",") }
            if take("}") { break }
            let key = try expression()
            try expect(":")
            entries.append((key, try expression()))
        }
        return JinjaExpression(line: line, form: .dictionary(entries))
    }

    // MARK: What follows a value

    private mutating func postfix(_ value: JinjaExpression) throws(JinjaError) -> JinjaExpression {
        var value = value
        while case .sign(let sign) = token.form {
            let line = token.line
            switch sign {
            case ".":
                advance()
                if case .integer(let index) = token.form {
                    advance()
                    let item = JinjaExpression(line: line, form: .literal(.integer(index)))
                    value = JinjaExpression(line: line, form: .item(value, item))
                } else {
                    value = JinjaExpression(line: line, form: .attribute(value, try name()))
                }
            case "[": value = try subscripted(value, line)
            case "(": value = JinjaExpression(line: line, form: .call(value, try arguments()))
            default: return value
            }
        }
        return value
    }

    private mutating func subscripted(_ value: JinjaExpression, _ line: Int) throws(JinjaError) -> JinjaExpression {
        advance()
        var parts: [JinjaExpression?] = [nil]
        while !take("]") {
            if take(":") {
                parts.append(nil)
            } else {
                guard parts[parts.count - 1] == nil else { throw error("expected ']', found \(token.description)") }
                parts[parts.count - 1] = try expression()
            }
        }
        if parts.count == 1, let item = parts[0] { return JinjaExpression(line: line, form: .item(value, item)) }
        guard (2...3).contains(parts.count) else { throw error("a subscript is empty or has too many parts") }
        let step = parts.count == 3 ? parts[2] : nil
        return JinjaExpression(line: line, form: .slice(value, from: parts[0], to: parts[1], step: step))
    }

    private mutating func arguments() throws(JinjaError) -> JinjaArguments {
        try expect("(")
        var arguments = JinjaArguments()
        var isFirst = true
        while !take(")") {
            if !isFirst { try expect(",") }
            isFirst = false
            if take(")") { break }
            if case .name(let name) = token.form, following.form == .sign("=") {
                advance()
                advance()
                arguments.named.append((name, try expression()))
            } else {
                guard arguments.named.isEmpty else { throw error("a value follows named values in a call") }
                arguments.positional.append(try expression())
            }
        }
        return arguments
    }

    private mutating func filtersAndTests(_ value: JinjaExpression) throws(JinjaError) -> JinjaExpression {
        var value = value
        while true {
            if take("|") {
                value = JinjaExpression(line: token.line, form: .filter(value, try filter()))
            } else if takeName("is") {
                value = try test(value)
            } else if token.form == .sign("(") {
                value = JinjaExpression(line: token.line, form: .call(value, try arguments()))
            } else {
                return value
            }
        }
    }

    private mutating func filter() throws(JinjaError) -> JinjaFilter {
        let line = token.line
        let name = try name()
        guard JinjaFilters.names.contains(name) else {
            throw JinjaError(line: line, reason: "the filter '\(name)' is not supported")
        }
        let arguments = token.form == .sign("(") ? try arguments() : JinjaArguments()
        return JinjaFilter(line: line, name: name, arguments: arguments)
    }

    /// Filters with bars between them; the first bar is taken already.
    mutating func filterChain() throws(JinjaError) -> [JinjaFilter] {
        var filters = [try filter()]
        while take("|") { filters.append(try filter()) }
        return filters
    }

    private mutating func test(_ value: JinjaExpression) throws(JinjaError) -> JinjaExpression {
        let line = token.line
        let isNegated = takeName("not")
        let name = try name()
        guard JinjaTests.names.contains(name) else {
            throw JinjaError(line: line, reason: "the test '\(name)' is not supported")
        }
        var arguments = JinjaArguments()
        switch token.form {
        case .sign("("): arguments = try self.arguments()
        case .name(let word) where ["else", "or", "and", "is", "if", "in", "not", "recursive"].contains(word): break
        case .name, .string, .integer, .number, .sign("["), .sign("{"):
            arguments.positional = [try postfix(try primary())]
        default: break
        }
        let test = JinjaExpression(line: line, form: .test(value, name, arguments))
        return isNegated ? JinjaExpression(line: line, form: .not(test)) : test
    }
}
