import Foundation

/// Carries a template out, in a sandbox: a template sees its inputs and nothing else, changes nothing but its own names
/// and namespaces, and ends within limits of steps, depth and size.
struct JinjaEvaluator {
    /// What one rendering may cost.
    struct Limits {
        /// Evaluated expressions and statements, and every 16 bytes of text that they make.
        var steps = 8_000_000
        /// Expressions, statements, macros and loops inside each other.
        var depth = 200
        /// Bytes of one text.
        var bytes = 64 << 20
    }

    enum Flow {
        case onward, leaveLoop, nextRound
    }

    let limits: Limits
    /// What `strftime_now` tells.
    let now: Date
    var output = TextValue()
    private var steps = 0
    private var depth = 0
    private var line = 1

    private init(limits: Limits, now: Date) {
        self.limits = limits
        self.now = now
    }

    /// What the template makes of `inputs`.
    static func render(
        _ template: [JinjaStatement], inputs: JinjaDictionary, now: Date, limits: Limits = Limits()
    ) throws(JinjaError) -> TextValue {
        var evaluator = JinjaEvaluator(limits: limits, now: now)
        let scope = JinjaScope(parent: nil)
        for name in JinjaGlobals.names { scope[name] = .function(.global(name)) }
        for entry in inputs.entries {
            if case .text(let name) = entry.key { scope[name.string] = entry.value }
        }
        _ = try evaluator.run(template, JinjaScope(parent: scope))
        return evaluator.output
    }

    // MARK: Limits and errors

    func error(_ reason: String) -> JinjaError { JinjaError(line: line, reason: reason) }

    /// Pays for work; a template that works too long is ended.
    mutating func charge(_ amount: Int) throws(JinjaError) {
        steps += amount
        guard steps <= limits.steps else { throw error("the template takes more than \(limits.steps) steps") }
    }

    /// Pays for a text before it is made.
    mutating func charge(bytes: Int) throws(JinjaError) {
        guard bytes <= limits.bytes else { throw error("a text is longer than \(limits.bytes) bytes") }
        try charge(bytes / 16)
    }

    mutating func deeper<Result>(
        _ body: (inout JinjaEvaluator) throws(JinjaError) -> Result
    ) throws(JinjaError) -> Result {
        guard depth < limits.depth else { throw error("nested deeper than \(limits.depth) levels") }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    mutating func at(_ line: Int) { self.line = line }

    // MARK: Statements

    mutating func run(_ statements: [JinjaStatement], _ scope: JinjaScope) throws(JinjaError) -> Flow {
        for statement in statements {
            try charge(1)
            let flow = try deeper { evaluator throws(JinjaError) in try evaluator.run(statement, scope) }
            if flow != .onward { return flow }
        }
        return .onward
    }

    private mutating func run(_ statement: JinjaStatement, _ scope: JinjaScope) throws(JinjaError) -> Flow {
        switch statement {
        case .text(let text): try emit(text)
        case .output(let expression): try emit(text(try value(expression, scope)))
        case .set(let target, let expression): try assign(try value(expression, scope), to: target, scope)
        case .capture(let target, let filters, let body):
            let text = try capture(body, JinjaScope(parent: scope))
            try assign(try filtered(.text(text), filters, scope), to: target, scope)
        case .filtered(let filters, let body):
            let text = try capture(body, JinjaScope(parent: scope))
            try emit(self.text(try filtered(.text(text), filters, scope)))
        case .macro(let macro): scope[macro.name] = .function(.macro(macro, scope, caller: nil))
        case .call(let caller, let expression): try emit(text(try call(expression, caller, scope)))
        case .with(let values, let body):
            let inner = JinjaScope(parent: scope)
            for (target, expression) in values { try assign(try value(expression, scope), to: target, inner) }
            return try run(body, inner)
        case .scoped(let body): return try run(body, JinjaScope(parent: scope))
        case .leave(let isBreak): return isBreak ? .leaveLoop : .nextRound
        case .branches(let branches, let otherwise):
            for branch in branches where try value(branch.condition, scope).isTrue {
                return try run(branch.body, scope)
            }
            return try run(otherwise, scope)
        case .loop(let loop):
            let items = try items(of: try value(loop.items, scope), line: loop.line)
            try run(loop, items, scope, depth: 1)
        }
        return .onward
    }

    private mutating func emit(_ text: TextValue) throws(JinjaError) {
        try charge(bytes: output.bytes.count + text.bytes.count > limits.bytes ? limits.bytes + 1 : text.bytes.count)
        output.append(text)
    }

    /// What the statements print.
    mutating func capture(_ body: [JinjaStatement], _ scope: JinjaScope) throws(JinjaError) -> TextValue {
        let outer = output
        output = TextValue()
        defer { output = outer }
        _ = try run(body, scope)
        return output
    }

    private mutating func assign(
        _ value: JinjaValue, to target: JinjaTarget, _ scope: JinjaScope
    ) throws(JinjaError) {
        switch target {
        case .name(let name): scope[name] = value
        case .attribute(let name, let attribute):
            guard case .namespace(let namespace) = scope[name] ?? .undefined(name) else {
                throw error("'\(name)' is no namespace, so '\(name).\(attribute)' cannot be set")
            }
            namespace.values.set(attribute, value)
        case .tuple(let targets):
            let values = try items(of: value, line: line)
            guard values.count == targets.count else {
                throw error("\(values.count) values cannot be unpacked into \(targets.count) names")
            }
            for (target, value) in zip(targets, values) { try assign(value, to: target, scope) }
        }
    }

    /// The elements of a value that a loop can go through.
    mutating func items(of value: JinjaValue, line: Int) throws(JinjaError) -> [JinjaValue] {
        switch value {
        case .list(let values, _), .generator(let values):
            try charge(values.count)
            return values
        case .undefined: return []
        case .dictionary(let dictionary): return dictionary.entries.map(\.key)
        case .text(let text):
            try charge(text.bytes.count)
            let offsets = text.scalarOffsets
            return zip(offsets, offsets.dropFirst()).map { .text(text.slice($0..<$1)) }
        default: throw JinjaError(line: line, reason: "\(value.kind) cannot be gone through")
        }
    }

    /// Prints the body once for each item that meets the loop's condition.
    mutating func run(
        _ statement: JinjaLoopStatement, _ items: [JinjaValue], _ scope: JinjaScope, depth: Int
    ) throws(JinjaError) {
        var kept = items
        if let condition = statement.condition {
            kept = []
            for item in items {
                let inner = JinjaScope(parent: scope)
                try assign(item, to: statement.target, inner)
                if try value(condition, inner).isTrue { kept.append(item) }
            }
        }
        guard !kept.isEmpty else {
            _ = try run(statement.otherwise, JinjaScope(parent: scope))
            return
        }
        let recursion = statement.isRecursive ? JinjaRecursion(statement: statement, scope: scope) : nil
        let loop = JinjaLoop(items: kept, depth: depth, recursion: recursion)
        for (index, item) in kept.enumerated() {
            loop.index = index
            let inner = JinjaScope(parent: scope)
            inner["loop"] = .loop(loop)
            try assign(item, to: statement.target, inner)
            if try run(statement.body, inner) == .leaveLoop { return }
        }
    }

    // MARK: Macros

    private mutating func call(
        _ expression: JinjaExpression, _ caller: JinjaMacro, _ scope: JinjaScope
    ) throws(JinjaError) -> JinjaValue {
        guard case .call(let callee, let arguments) = expression.form,
            case .function(.macro(let macro, let home, _)) = try value(callee, scope)
        else { throw error("a call block must call a macro") }
        let function = JinjaFunction.macro(macro, home, caller: JinjaCaller(macro: caller, scope: scope))
        return try call(.function(function), try values(arguments, scope))
    }

    /// What a macro prints.
    mutating func run(
        _ macro: JinjaMacro, _ home: JinjaScope, _ caller: JinjaCaller?, _ arguments: JinjaValues
    ) throws(JinjaError) -> JinjaValue {
        let scope = JinjaScope(parent: home)
        var rest = arguments
        for (index, parameter) in macro.parameters.enumerated() {
            if index < arguments.positional.count {
                scope[parameter.name] = arguments.positional[index]
            } else if let value = rest.take(parameter.name) {
                scope[parameter.name] = value
            } else if let expression = parameter.value {
                scope[parameter.name] = try value(expression, scope)
            } else {
                scope[parameter.name] = .undefined(parameter.name)
            }
        }
        guard arguments.positional.count <= macro.parameters.count, rest.named.isEmpty else {
            throw error("the macro '\(macro.name)' is given values that it has no names for")
        }
        if let caller { scope["caller"] = .function(.macro(caller.macro, caller.scope, caller: nil)) }
        return .text(
            try deeper { evaluator throws(JinjaError) in try evaluator.capture(macro.body, scope) })
    }
}

/// Evaluated arguments.
struct JinjaValues {
    var positional: [JinjaValue] = []
    var named: [(name: String, value: JinjaValue)] = []

    /// Takes the value with this name out.
    mutating func take(_ name: String) -> JinjaValue? {
        guard let index = named.firstIndex(where: { $0.name == name }) else { return nil }
        return named.remove(at: index).value
    }

    /// The value at this place, or with this name.
    func value(_ index: Int, _ name: String) -> JinjaValue? {
        index < positional.count ? positional[index] : named.first { $0.name == name }?.value
    }
}
