/// An expression of a template.
struct JinjaExpression: Sendable {
    indirect enum Form: Sendable {
        case literal(JinjaLiteral)
        case name(String)
        case list([JinjaExpression], isTuple: Bool)
        case dictionary([(key: JinjaExpression, value: JinjaExpression)])
        case attribute(JinjaExpression, String)
        case item(JinjaExpression, JinjaExpression)
        case slice(JinjaExpression, from: JinjaExpression?, to: JinjaExpression?, step: JinjaExpression?)
        case call(JinjaExpression, JinjaArguments)
        case filter(JinjaExpression, JinjaFilter)
        case test(JinjaExpression, String, JinjaArguments)
        case not(JinjaExpression)
        case negative(JinjaExpression)
        case positive(JinjaExpression)
        case and(JinjaExpression, JinjaExpression)
        case or(JinjaExpression, JinjaExpression)
        case arithmetic(JinjaExpression, String, JinjaExpression)
        case comparison(JinjaExpression, [(sign: String, value: JinjaExpression)])
        case concatenation([JinjaExpression])
        case conditional(if: JinjaExpression, then: JinjaExpression, else: JinjaExpression?)
    }

    var line: Int
    var form: Form
}

enum JinjaLiteral: Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(TextValue)
}

/// What a function, filter or test is given.
struct JinjaArguments: Sendable {
    var positional: [JinjaExpression] = []
    var named: [(name: String, value: JinjaExpression)] = []
}

/// A filter and its arguments.
struct JinjaFilter: Sendable {
    var line: Int
    var name: String
    var arguments: JinjaArguments
}

/// What a value is assigned to.
indirect enum JinjaTarget: Sendable {
    case name(String)
    case attribute(String, String)
    case tuple([JinjaTarget])
}

/// A statement of a template.
indirect enum JinjaStatement: Sendable {
    case text(TextValue)
    case output(JinjaExpression)
    case loop(JinjaLoopStatement)
    case branches([(condition: JinjaExpression, body: [JinjaStatement])], otherwise: [JinjaStatement])
    case set(JinjaTarget, JinjaExpression)
    case capture(JinjaTarget, filters: [JinjaFilter], body: [JinjaStatement])
    case macro(JinjaMacro)
    case call(JinjaMacro, JinjaExpression)
    case filtered([JinjaFilter], body: [JinjaStatement])
    case with([(target: JinjaTarget, value: JinjaExpression)], body: [JinjaStatement])
    case scoped([JinjaStatement])
    case leave(isBreak: Bool)
}

/// A `for`.
struct JinjaLoopStatement: Sendable {
    var line: Int
    var target: JinjaTarget
    var items: JinjaExpression
    var condition: JinjaExpression?
    var isRecursive: Bool
    var body: [JinjaStatement]
    var otherwise: [JinjaStatement]
}

/// A `macro`, or the body of a `call` block.
struct JinjaMacro: Sendable {
    var line: Int
    var name: String
    var parameters: [(name: String, value: JinjaExpression?)]
    var body: [JinjaStatement]
}
