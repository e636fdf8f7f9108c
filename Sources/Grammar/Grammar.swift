public import ChatAPI

/// A language of answers, ready to be followed byte by byte.
///
/// Rules are automata over bytes whose edges may call other rules, so that nested and recursive languages fit.
public struct Grammar: Sendable {
    /// What a state leads to.
    enum Edge: Sendable {
        /// Over one byte of the set.
        case bytes(ByteSet, to: Int32)
        /// Over nothing.
        case empty(to: Int32)
        /// Through the rule that begins at `start`, and then to `back`.
        case call(rule: Int32, back: Int32)
        /// The rule ends here.
        case end
    }

    /// The edges of every state.
    let edges: [[Edge]]
    /// The first state of every rule; the language is that of rule 0.
    let starts: [Int32]
    /// Whether nothing but the end of its rule follows a state.
    let ends: [Bool]

    /// Any JSON object.
    public static let jsonObject: Grammar = {
        // The rules are constants and small: they compile.
        guard let grammar = try? Grammar(rules: [JSONGrammar.map(of: .rule(1)), JSONGrammar.value(rule: 1)]) else {
            preconditionFailure("the grammar of JSON does not compile")
        }
        return grammar
    }()

    /// The JSON texts that a schema allows.
    ///
    /// Supported: type, nullable, properties, required, additionalProperties, patternProperties of one pattern,
    /// propertyNames, items, prefixItems, minItems, maxItems, minLength, maxLength, pattern, format (see
    /// ``StringFormat``), minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, enum, const, anyOf, oneOf
    /// of branches that are told apart, allOf, $ref within the schema. Properties come in the schema's order, and no
    /// others. Everything else that limits what is valid is refused by name.
    public init(jsonSchema schema: JSONValue) throws(GrammarError) {
        try self.init(rules: try SchemaCompiler(schema).rules)
    }

    /// The texts that match a regular expression as a whole.
    public init(regularExpression: String) throws(GrammarError) {
        try self.init(rules: [try RegexParser.parse(regularExpression)])
    }

    /// The texts that are a prefix, then one of the JSON texts that a schema allows, then a suffix; any of several
    /// such.
    public init(alternatives: [Framed]) throws(GrammarError) {
        var rules: [GrammarNode] = [.choice([])]
        var choices: [GrammarNode] = []
        for alternative in alternatives {
            var compiler = SchemaCompiler(rules: rules)
            let node = try compiler.add(alternative.schema)
            rules = compiler.rules
            choices.append(
                .sequence([.bytes(Array(alternative.prefix.utf8)), node, .bytes(Array(alternative.suffix.utf8))]))
        }
        rules[0] = .choice(choices)
        try self.init(rules: rules)
    }

    /// A schema's JSON texts with fixed text around them.
    public struct Framed: Sendable {
        /// What stands before the JSON text.
        public var prefix: String
        /// The schema.
        public var schema: JSONValue
        /// What stands after it.
        public var suffix: String

        /// Frames a schema.
        public init(prefix: String, schema: JSONValue, suffix: String) {
            self.prefix = prefix
            self.schema = schema
            self.suffix = suffix
        }
    }

    init(rules: [GrammarNode]) throws(GrammarError) {
        var builder = GrammarBuilder(rules: rules.count)
        for (number, rule) in rules.enumerated() { try builder.add(rule, as: number) }
        edges = builder.edges
        starts = builder.starts
        ends = builder.edges.indices.map { Self.ends(at: $0, builder.edges) }
    }

    private static func ends(at state: Int, _ edges: [[Edge]]) -> Bool {
        var state = state
        // A longer way to the end only costs a place on a stack.
        for _ in 0..<8 {
            guard edges[state].count == 1 else { return false }
            switch edges[state][0] {
            case .end: return true
            case .empty(let to): state = Int(to)
            case .bytes, .call: return false
            }
        }
        return false
    }
}

/// Lays rules out as automata (Thompson, "Regular Expression Search Algorithm", 1968).
private struct GrammarBuilder {
    private(set) var edges: [[Grammar.Edge]]
    let starts: [Int32]
    private static let limit = 400_000
    /// Nodes laid out so far: empty ones repeated make no states.
    private var work = 0

    init(rules: Int) {
        edges = [[Grammar.Edge]](repeating: [], count: rules)
        starts = (0..<Int32(rules)).map { $0 }
    }

    mutating func add(_ node: GrammarNode, as rule: Int) throws(GrammarError) {
        let end = try append(node, from: Int32(rule))
        edges[Int(end)].append(.end)
    }

    private mutating func state() throws(GrammarError) -> Int32 {
        guard edges.count < Self.limit else {
            throw GrammarError("", "the grammar has more than \(Self.limit) states: use smaller counts or fewer values")
        }
        edges.append([])
        return Int32(edges.count - 1)
    }

    private mutating func link(_ from: Int32, _ edge: Grammar.Edge) {
        edges[Int(from)].append(edge)
    }

    /// Adds the node's states after `start`; returns the state where it ends.
    private mutating func append(_ node: GrammarNode, from start: Int32) throws(GrammarError) -> Int32 {
        work += 1
        guard work <= 4 * Self.limit else {
            throw GrammarError("", "the grammar is too large: use smaller counts or fewer values")
        }
        switch node {
        case .bytes(let bytes):
            var last = start
            for byte in bytes {
                let next = try state()
                link(last, .bytes(ByteSet(byte...byte), to: next))
                last = next
            }
            return last
        case .set(let set):
            let next = try state()
            link(start, .bytes(set, to: next))
            return next
        case .scalars(let ranges): return try append(ScalarRange.node(ranges), from: start)
        case .sequence(let parts):
            var last = start
            for part in parts { last = try append(part, from: last) }
            return last
        case .choice(let choices):
            let end = try state()
            for choice in choices {
                let first = try state()
                link(start, .empty(to: first))
                link(try append(choice, from: first), .empty(to: end))
            }
            return end
        case .times(let inner, let least, let most): return try times(inner, least, most, from: start)
        case .members(let members): return try list(members, from: start)
        case .rule(let number):
            let back = try state()
            link(start, .call(rule: Int32(number), back: back))
            return back
        }
    }

    private mutating func times(
        _ node: GrammarNode, _ least: Int, _ most: Int?, from start: Int32
    ) throws(GrammarError) -> Int32 {
        var last = start
        for _ in 0..<least { last = try append(node, from: last) }
        let end = try state()
        guard let most else {
            let loop = try state()
            link(last, .empty(to: loop))
            link(try append(node, from: loop), .empty(to: loop))
            link(loop, .empty(to: end))
            return end
        }
        link(last, .empty(to: end))
        for _ in least..<max(most, least) {
            last = try append(node, from: last)
            link(last, .empty(to: end))
        }
        return end
    }

    /// Two tracks, before and after the first member that is there; a comma leads only from the second.
    private mutating func list(
        _ members: [(node: GrammarNode, isRequired: Bool)], from start: Int32
    ) throws(GrammarError) -> Int32 {
        var none: Int32? = start
        var some: Int32?
        for member in members {
            let first = try state()
            if let none { link(none, .empty(to: first)) }
            if let some { link(try append(JSONGrammar.comma, from: some), .empty(to: first)) }
            let next = try state()
            link(try append(member.node, from: first), .empty(to: next))
            if member.isRequired {
                none = nil
            } else if let some {
                link(some, .empty(to: next))
            }
            some = next
        }
        let end = try state()
        if let none { link(none, .empty(to: end)) }
        if let some { link(some, .empty(to: end)) }
        return end
    }
}
