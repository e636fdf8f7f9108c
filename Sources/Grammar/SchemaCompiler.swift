import ChatAPI

/// Turns a JSON schema into rules; a keyword that is not honoured is refused by its name.
struct SchemaCompiler {
    private(set) var rules: [GrammarNode] = []
    private var root: JSONValue?
    private var references: [String: Int] = [:]
    /// References that are being expanded without a byte in between: one that comes again would never end.
    private var expanding: Set<String> = []
    private var anyValue: Int?
    private var depth = 0

    /// Rule 0 is the schema itself.
    init(_ schema: JSONValue) throws(GrammarError) {
        rules = [.bytes([])]
        rules[0] = try add(schema)
    }

    /// A compiler whose rules come after others.
    init(rules: [GrammarNode]) {
        self.rules = rules
    }

    /// Compiles a schema; references are to places in it.
    mutating func add(_ schema: JSONValue) throws(GrammarError) -> GrammarNode {
        root = schema
        references = [:]
        return try node(schema, "")
    }

    private static let limit = 64
    /// Most states of a pattern: each byte of an answer may stand at as many places of it.
    private static let patternLimit = 5_000

    private mutating func node(_ schema: JSONValue, _ place: String) throws(GrammarError) -> GrammarNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.limit else {
            throw GrammarError(place, "the schema is nested more than \(Self.limit) deep")
        }
        if let bool = schema.bool {
            guard bool else { throw GrammarError(place, "the schema false allows no value") }
            return value()
        }
        let keywords = try SchemaKeywords(schema, place)
        if let reference = keywords["$ref"] {
            try keywords.check(only: ["$ref"])
            return try follow(reference, place)
        }
        if let options = keywords["anyOf"] {
            try keywords.check(only: ["anyOf", "type"])
            try checkBranches(options, keywords)
            return .choice(try nodes(options, place + "/anyOf"))
        }
        if let parts = keywords["allOf"] {
            try keywords.check(only: ["allOf", "type"])
            try checkBranches(parts, keywords)
            let nodes = try nodes(parts, place + "/allOf")
            guard nodes.count == 1 else {
                throw GrammarError(place, "'allOf' of more than one schema is not supported")
            }
            return nodes[0]
        }
        if let constant = keywords["const"] {
            try keywords.check(only: ["const", "type"])
            return try literals([constant], keywords)
        }
        if let values = keywords["enum"] {
            try keywords.check(only: ["enum", "type"])
            return try literals(Array(values.elements), keywords)
        }
        return try typed(keywords, place)
    }

    /// The values as the schema writes them, those left out that are not of its type.
    private func literals(_ values: [JSONValue], _ keywords: SchemaKeywords) throws(GrammarError) -> GrammarNode {
        let types = try keywords.types()
        let fitting = values.filter { value in types.map { SchemaKeywords.isOne(value, of: $0) } ?? true }
        guard !fitting.isEmpty else {
            throw GrammarError(
                keywords.place + (keywords["const"] == nil ? "/enum" : "/const"), "it must hold a value of the 'type'")
        }
        return .choice(fitting.map { .bytes(Array($0.rawBytes)) })
    }

    /// A type beside other schemas is no more than they say themselves.
    private func checkBranches(_ branches: JSONValue, _ keywords: SchemaKeywords) throws(GrammarError) {
        guard let types = try keywords.types() else { return }
        for branch in branches.elements {
            let inner = branch.kind == .object ? try SchemaKeywords(branch, keywords.place).types() : nil
            guard let inner, inner.allSatisfy({ types.contains($0) || $0 == "integer" && types.contains("number") })
            else {
                throw GrammarError(keywords.place + "/type", "it is not supported beside schemas without that 'type'")
            }
        }
    }

    private mutating func typed(_ keywords: SchemaKeywords, _ place: String) throws(GrammarError) -> GrammarNode {
        var types = try keywords.types() ?? []
        if types.isEmpty {
            if keywords["properties"] != nil || keywords["required"] != nil {
                types = ["object"]
            } else if keywords["items"] != nil {
                types = ["array"]
            } else {
                try keywords.check(only: [])
                return value()
            }
        }
        var allowed: Set<String> = ["type"]
        for type in types { allowed.formUnion(Self.keywords[type] ?? []) }
        try keywords.check(only: allowed)
        var choices: [GrammarNode] = []
        for type in types { choices.append(try single(type, keywords, place)) }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private static let bounds: Set<String> = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]
    private static let keywords: [String: Set<String>] = [
        "string": ["minLength", "maxLength", "pattern", "format"], "array": ["items", "minItems", "maxItems"],
        "object": ["properties", "required", "additionalProperties"], "integer": bounds, "number": bounds,
    ]

    private mutating func single(
        _ type: String, _ keywords: SchemaKeywords, _ place: String
    ) throws(GrammarError) -> GrammarNode {
        switch type {
        case "string": return try string(keywords, place)
        case "integer": return try NumberBounds(keywords)?.integers(place) ?? JSONGrammar.integer
        case "number": return try NumberBounds(keywords)?.numbers(place) ?? JSONGrammar.number
        case "boolean": return JSONGrammar.boolean
        case "null": return .text("null")
        case "array":
            let (least, most) = try keywords.bounds("minItems", "maxItems")
            let item = try keywords["items"].map { items throws(GrammarError) in try inner(items, place + "/items") }
            return JSONGrammar.array(of: item ?? value(), least: least, most: most)
        case "object": return try object(keywords, place)
        default: throw GrammarError(place + "/type", "\(type.prefix(40).debugDescription) is no type")
        }
    }

    private func string(_ keywords: SchemaKeywords, _ place: String) throws(GrammarError) -> GrammarNode {
        let alone = ["pattern", "format"].first { keywords[$0] != nil }
        guard let alone else {
            let (least, most) = try keywords.bounds("minLength", "maxLength")
            return JSONGrammar.string(least: least, most: most)
        }
        let others = ["pattern", "format", "minLength", "maxLength"].filter { $0 != alone && keywords[$0] != nil }
        if let other = others.first {
            throw GrammarError(place, "the keyword \"\(other)\" is not supported beside \"\(alone)\"")
        }
        guard let text = keywords[alone]?.string?.text else {
            throw GrammarError("\(place)/\(alone)", "it must be a string")
        }
        if alone == "format" {
            guard let format = StringFormat(rawValue: text) else {
                let known = StringFormat.allCases.map(\.rawValue).joined(separator: ", ")
                throw GrammarError(
                    place + "/format", "the format \(text.prefix(40).debugDescription) is not supported: use \(known)")
            }
            return JSONGrammar.string(of: try RegexParser.parse(format.expression))
        }
        do throws(GrammarError) {
            let node = try RegexParser.parse(searching: text)
            guard node.size <= Self.patternLimit else {
                throw GrammarError("", "it is too large: use smaller counts")
            }
            return JSONGrammar.string(of: node)
        } catch {
            throw GrammarError(place + "/pattern", error.description)
        }
    }

    private mutating func object(_ keywords: SchemaKeywords, _ place: String) throws(GrammarError) -> GrammarNode {
        var required: Set<String> = []
        for name in keywords["required"]?.elements.map({ $0 }) ?? [] {
            guard let name = name.string?.text else { throw GrammarError(place + "/required", "it must hold strings") }
            required.insert(name)
        }
        var members: [(node: GrammarNode, isRequired: Bool)] = []
        var seen: Set<String> = []
        for member in (keywords["properties"]?.members).map(Array.init) ?? [] {
            let (key, schema) = member
            let name = key.text ?? ""
            guard seen.insert(name).inserted else {
                throw GrammarError(place + "/properties", "a property stands twice")
            }
            let value = try inner(schema, place + "/properties/" + name.prefix(64))
            members.append(
                (
                    .sequence([.bytes(JSONWriter.encoded(name)), JSONGrammar.colon, value]),
                    required.contains(name)
                ))
        }
        if let missing = required.subtracting(seen).min() {
            throw GrammarError(
                place + "/required",
                "\(missing.prefix(64).debugDescription) is not under 'properties', which it must be")
        }
        if seen.isEmpty, keywords["additionalProperties"]?.bool != false {
            let other = keywords["additionalProperties"].flatMap { $0.kind == .object ? $0 : nil }
            let value = try other.map { other throws(GrammarError) in
                try inner(other, place + "/additionalProperties")
            }
            return JSONGrammar.map(of: value ?? self.value())
        }
        return .sequence([.text("{"), .members(members), .text("}")])
    }

    /// A schema inside a bracket: what was being expanded outside may come again.
    private mutating func inner(_ schema: JSONValue, _ place: String) throws(GrammarError) -> GrammarNode {
        let outer = expanding
        expanding = []
        defer { expanding = outer }
        return try node(schema, place)
    }

    private mutating func nodes(_ list: JSONValue, _ place: String) throws(GrammarError) -> [GrammarNode] {
        var nodes: [GrammarNode] = []
        for (index, schema) in list.elements.enumerated() { nodes.append(try node(schema, "\(place)/\(index)")) }
        guard !nodes.isEmpty else { throw GrammarError(place, "it must be an array with schemas") }
        return nodes
    }

    private mutating func follow(_ reference: JSONValue, _ place: String) throws(GrammarError) -> GrammarNode {
        guard let pointer = reference.string?.text, pointer == "#" || pointer.hasPrefix("#/") else {
            throw GrammarError(
                place + "/$ref", "only references within the schema, such as #/$defs/name, are supported")
        }
        guard !expanding.contains(pointer) else {
            throw GrammarError(place + "/$ref", "the reference leads back to itself without a value in between")
        }
        if let rule = references[pointer] { return .rule(rule) }
        guard let root, let target = Self.resolve(pointer, in: root) else {
            throw GrammarError(place + "/$ref", "\(pointer.prefix(120).debugDescription) is not in the schema")
        }
        let rule = rules.count
        rules.append(.bytes([]))
        references[pointer] = rule
        expanding.insert(pointer)
        defer { expanding.remove(pointer) }
        rules[rule] = try node(target, String(pointer.dropFirst()))
        return .rule(rule)
    }

    private static func resolve(_ pointer: String, in root: JSONValue) -> JSONValue? {
        var value = root
        for step in pointer.dropFirst().split(separator: "/") {
            let name = String(step.replacing("~1", with: "/").replacing("~0", with: "~"))
            var found: JSONValue?
            if let index = Int(name), value.kind == .array {
                found = value.elements.enumerated().first { $0.offset == index }?.element
            } else {
                found = value.members.first { $0.key.text == name }?.value
            }
            guard let next = found else { return nil }
            value = next
        }
        return value
    }

    private mutating func value() -> GrammarNode {
        if let anyValue { return .rule(anyValue) }
        let rule = rules.count
        anyValue = rule
        rules.append(JSONGrammar.value(rule: rule))
        return .rule(rule)
    }
}
