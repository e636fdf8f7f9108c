public import ChatAPI

extension Grammar {
    /// A function that a model may call, with the JSON schema of its arguments.
    public struct Function: Sendable {
        /// The name.
        public var name: String
        /// The schema, of an object with named properties or of none.
        public var schema: JSONValue

        /// A function.
        public init(name: String, schema: JSONValue) {
            self.name = name
            self.schema = schema
        }
    }

    /// The calls of one of some functions as Qwen3-Coder writes them: `<function=NAME>`, each argument between
    /// `<parameter=NAME>` and `</parameter>` on lines of its own, strings as they are and other values as JSON,
    /// `</function>`.
    ///
    /// Arguments come in the schema's order, those that are not required or left out.
    public init(markupCalls functions: [Function]) throws(GrammarError) {
        var rules: [GrammarNode] = [.choice([])]
        let text = MarkupCallGrammar.addText(to: &rules)
        var choices: [GrammarNode] = []
        for function in functions {
            var compiler = SchemaCompiler(rules: rules)
            let arguments = try MarkupCallGrammar.arguments(function.schema, &compiler, text: text)
            rules = compiler.rules
            choices.append(
                .sequence([
                    .bytes(Array("<function=\(function.name)>\n".utf8)), arguments, .text("</function>"),
                ]))
        }
        rules[0] = .choice(choices)
        try self.init(rules: rules)
    }
}

/// The parts of a call in Qwen3-Coder's form.
private enum MarkupCallGrammar {
    private static let close = Array("\n</parameter>".utf8)

    /// Adds the rules of a text that ends with the first closing tag in it, a rule for each part of the tag that was
    /// met (Knuth, Morris and Pratt, 1977); returns the first.
    static func addText(to rules: inout [GrammarNode]) -> GrammarNode {
        let first = rules.count
        let newline = UInt32(close[0])
        for (met, byte) in close.enumerated() {
            let wanted = UInt32(byte)
            var ways: [GrammarNode] = [.sequence([.bytes([byte]), .rule(first + met + 1)])]
            // The tag's first character is in it once: a break leads back to there or to the start.
            if met > 0 { ways.append(.sequence([.bytes([close[0]]), .rule(first + 1)])) }
            let others = ScalarRange.complement([newline...newline, wanted...wanted])
            ways.append(.sequence([.scalars(others), .rule(first)]))
            rules.append(.choice(ways))
        }
        rules.append(.bytes([]))
        return .rule(first)
    }

    static func arguments(
        _ schema: JSONValue, _ compiler: inout SchemaCompiler, text: GrammarNode
    ) throws(GrammarError) -> GrammarNode {
        compiler.begin(schema)
        let schema = try compiler.followed(schema, "")
        guard schema.kind == .object else { throw GrammarError("", "arguments must have a schema that is an object") }
        let keywords = try SchemaKeywords(schema, "")
        try keywords.check(only: ["type", "properties", "required", "additionalProperties", "unevaluatedProperties"])
        let required = Set(keywords["required"]?.elements.compactMap { $0.string?.text } ?? [])
        var parts: [GrammarNode] = []
        var names: Set<String> = []
        let properties = keywords["properties"].map { Array($0.members) } ?? []
        for (key, schema) in properties {
            let name = key.text ?? ""
            guard !name.isEmpty, !name.contains(where: { $0 == ">" || $0.isNewline }), names.insert(name).inserted
            else {
                throw GrammarError(
                    "/properties", "the name \(name.prefix(64).debugDescription) cannot be written in a call")
            }
            let place = "/properties/" + name.prefix(64)
            let argument = GrammarNode.sequence([
                .bytes(Array("<parameter=\(name)>\n".utf8)), try value(schema, place, &compiler, text: text),
                .text("\n"),
            ])
            parts.append(required.contains(name) ? argument : .optional(argument))
        }
        if let missing = required.subtracting(names).min() {
            throw GrammarError("/required", "\(missing.prefix(64).debugDescription) is not under 'properties'")
        }
        return .sequence(parts)
    }

    /// A value and the closing tag after it.
    private static func value(
        _ schema: JSONValue, _ place: String, _ compiler: inout SchemaCompiler, text: GrammarNode
    ) throws(GrammarError) -> GrammarNode {
        let target = try compiler.followed(schema, place)
        guard target.kind == .object else { return text }
        let keywords = try SchemaKeywords(target, place)
        let literals = keywords["const"].map { [$0] } ?? keywords["enum"].map { Array($0.elements) }
        if let literals {
            return .sequence([.choice(literals.map { .bytes($0.string?.utf8 ?? Array($0.rawBytes)) }), .bytes(close)])
        }
        let types = try keywords.types() ?? []
        if types == ["string"] { return try string(keywords, place, &compiler, text: text) }
        if types.isEmpty, keywords.isEmpty { return text }
        return .sequence([try compiler.inner(schema, place), .bytes(close)])
    }

    private static func string(
        _ keywords: SchemaKeywords, _ place: String, _ compiler: inout SchemaCompiler, text: GrammarNode
    ) throws(GrammarError) -> GrammarNode {
        try keywords.check(only: ["type", "pattern", "format", "minLength", "maxLength"])
        guard keywords.count > 1 else { return text }
        return .sequence([try compiler.plainText(keywords, place), .bytes(close)])
    }
}
