/// Reads a template's statements.
struct JinjaParser {
    private static let deepest = 100

    private let tokens: [JinjaToken]
    private var index = 0
    private var depth = 0
    private var loops = 0

    private init(_ tokens: [JinjaToken]) {
        self.tokens = tokens
    }

    /// The statements of `source`.
    static func parse(_ source: [UInt8]) throws(JinjaError) -> [JinjaStatement] {
        var parser = JinjaParser(try JinjaLexer.tokens(source))
        let (statements, _) = try parser.body(until: [])
        return statements
    }

    // MARK: Tokens

    var token: JinjaToken { tokens[min(index, tokens.count - 1)] }

    /// The token after the current one.
    var following: JinjaToken { tokens[min(index + 1, tokens.count - 1)] }

    mutating func advance() { index += 1 }

    func error(_ reason: String) -> JinjaError { JinjaError(line: token.line, reason: reason) }

    mutating func take(_ sign: String) -> Bool {
        guard token.form == .sign(sign) else { return false }
        index += 1
        return true
    }

    mutating func takeName(_ name: String) -> Bool {
        guard token.form == .name(name) else { return false }
        index += 1
        return true
    }

    mutating func expect(_ sign: String) throws(JinjaError) {
        guard take(sign) else { throw error("expected '\(sign)', found \(token.description)") }
    }

    mutating func name() throws(JinjaError) -> String {
        guard case .name(let name) = token.form else { throw error("expected a name, found \(token.description)") }
        index += 1
        return name
    }

    private mutating func endBlock() throws(JinjaError) {
        guard token.form == .blockEnd else { throw error("expected '%}', found \(token.description)") }
        index += 1
    }

    /// Carries `body` out one level deeper; a template that nests too deep is refused.
    mutating func deeper<Result>(
        _ body: (inout JinjaParser) throws(JinjaError) -> Result
    ) throws(JinjaError) -> Result {
        guard depth < Self.deepest else { throw error("nested deeper than \(Self.deepest) levels") }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    // MARK: Statements

    /// The statements up to a block with one of `names`, which is taken; with no names, up to the end.
    private mutating func body(until names: Set<String>) throws(JinjaError) -> ([JinjaStatement], String) {
        try deeper { parser throws(JinjaError) in try parser.statements(until: names) }
    }

    private mutating func statements(until names: Set<String>) throws(JinjaError) -> ([JinjaStatement], String) {
        var statements: [JinjaStatement] = []
        while true {
            switch token.form {
            case .text(let text):
                index += 1
                statements.append(.text(text))
            case .outputBegin:
                index += 1
                statements.append(.output(try tuple()))
                guard token.form == .outputEnd else { throw error("expected '}}', found \(token.description)") }
                index += 1
            case .blockBegin:
                index += 1
                let line = token.line
                let name = try name()
                if names.contains(name) { return (statements, name) }
                statements.append(try statement(name, line))
            case .end:
                guard names.isEmpty else {
                    throw error("the template ends before \(names.sorted().joined(separator: " or "))")
                }
                return (statements, "")
            default: throw error("unexpected \(token.description)")
            }
        }
    }

    private mutating func statement(_ name: String, _ line: Int) throws(JinjaError) -> JinjaStatement {
        switch name {
        case "for": return try loop(line)
        case "if": return try branches()
        case "set": return try set()
        case "macro": return try macro(line)
        case "call": return try call(line)
        case "filter": return try filterBlock()
        case "with": return try with()
        case "generation":
            try endBlock()
            return .scoped(try closing("endgeneration"))
        case "break", "continue":
            guard loops > 0 else { throw error("'\(name)' stands outside of a loop") }
            try endBlock()
            return .leave(isBreak: name == "break")
        default: throw JinjaError(line: line, reason: "the statement '\(name)' is not supported")
        }
    }

    private mutating func closing(_ name: String) throws(JinjaError) -> [JinjaStatement] {
        let (statements, _) = try body(until: [name])
        if name == "endmacro" || name == "endcall", case .name = token.form { index += 1 }
        try endBlock()
        return statements
    }

    private mutating func loop(_ line: Int) throws(JinjaError) -> JinjaStatement {
        let target = try targets(namespace: false)
        guard takeName("in") else { throw error("expected 'in', found \(token.description)") }
        let items = try tuple(conditional: false)
        let condition = takeName("if") ? try expression() : nil
        let isRecursive = takeName("recursive")
        try endBlock()
        loops += 1
        let (body, end) = try body(until: ["else", "endfor"])
        loops -= 1
        try endBlock()
        let otherwise = end == "else" ? try closing("endfor") : []
        return .loop(
            JinjaLoopStatement(
                line: line, target: target, items: items, condition: condition, isRecursive: isRecursive, body: body,
                otherwise: otherwise))
    }

    private mutating func branches() throws(JinjaError) -> JinjaStatement {
        var branches: [(condition: JinjaExpression, body: [JinjaStatement])] = []
        while true {
            let condition = try tuple(conditional: false)
            try endBlock()
            let (statements, end) = try body(until: ["elif", "else", "endif"])
            branches.append((condition, statements))
            if end == "elif" { continue }
            try endBlock()
            return .branches(branches, otherwise: end == "else" ? try closing("endif") : [])
        }
    }

    private mutating func set() throws(JinjaError) -> JinjaStatement {
        let target = try targets(namespace: true)
        if take("=") {
            let value = try tuple()
            try endBlock()
            return .set(target, value)
        }
        let filters = take("|") ? try filterChain() : []
        try endBlock()
        return .capture(target, filters: filters, body: try closing("endset"))
    }

    private mutating func targets(namespace: Bool) throws(JinjaError) -> JinjaTarget {
        var targets = [try target(namespace: namespace)]
        guard token.form == .sign(",") else { return targets[0] }
        while take(",") {
            if case .name(let name) = token.form, name != "in" { targets.append(try target(namespace: namespace)) }
        }
        return .tuple(targets)
    }

    private mutating func target(namespace: Bool) throws(JinjaError) -> JinjaTarget {
        if take("(") {
            let inner = try deeper { parser throws(JinjaError) in try parser.targets(namespace: namespace) }
            try expect(")")
            return inner
        }
        let name = try name()
        guard namespace, take(".") else { return .name(name) }
        return .attribute(name, try self.name())
    }

    private mutating func macro(_ line: Int) throws(JinjaError) -> JinjaStatement {
        let name = try name()
        let parameters = try parameters()
        try endBlock()
        return .macro(try macro(line, name, parameters, until: "endmacro"))
    }

    private mutating func macro(
        _ line: Int, _ name: String, _ parameters: [(name: String, value: JinjaExpression?)], until end: String
    ) throws(JinjaError) -> JinjaMacro {
        let outer = loops
        loops = 0
        defer { loops = outer }
        return JinjaMacro(line: line, name: name, parameters: parameters, body: try closing(end))
    }

    private mutating func parameters() throws(JinjaError) -> [(name: String, value: JinjaExpression?)] {
        try expect("(")
        var parameters: [(name: String, value: JinjaExpression?)] = []
        while !take(")") {
            if !parameters.isEmpty { try expect(",") }
            let name = try name()
            parameters.append((name, take("=") ? try expression() : nil))
        }
        return parameters
    }

    private mutating func call(_ line: Int) throws(JinjaError) -> JinjaStatement {
        let parameters = token.form == .sign("(") ? try parameters() : []
        let target = try expression()
        guard case .call = target.form else { throw error("a call block must call something") }
        try endBlock()
        return .call(try macro(line, "caller", parameters, until: "endcall"), target)
    }

    private mutating func filterBlock() throws(JinjaError) -> JinjaStatement {
        let filters = try filterChain()
        try endBlock()
        return .filtered(filters, body: try closing("endfilter"))
    }

    private mutating func with() throws(JinjaError) -> JinjaStatement {
        var values: [(target: JinjaTarget, value: JinjaExpression)] = []
        while token.form != .blockEnd {
            if !values.isEmpty { try expect(",") }
            let target = try target(namespace: false)
            try expect("=")
            values.append((target, try expression()))
        }
        try endBlock()
        return .with(values, body: try closing("endwith"))
    }
}
