import ChatAPI

extension SchemaCompiler {
    mutating func object(_ keywords: SchemaKeywords, _ place: String) throws(GrammarError) -> GrammarNode {
        if keywords["properties"]?.members.contains(where: { _ in true }) ?? false {
            for name in ["patternProperties", "propertyNames"] where keywords[name] != nil {
                throw GrammarError(place, "the keyword \"\(name)\" is not supported beside 'properties'")
            }
        }
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
        guard seen.isEmpty else { return .sequence([.text("{"), .members(members), .text("}")]) }
        return try map(keywords, place)
    }

    /// An object without named properties: of keys and values that hold to their schemas.
    private mutating func map(_ keywords: SchemaKeywords, _ place: String) throws(GrammarError) -> GrammarNode {
        if let patterns = keywords["patternProperties"].map({ Array($0.members) }), let (key, schema) = patterns.first {
            guard patterns.count == 1, keywords["propertyNames"] == nil else {
                throw GrammarError(
                    place + "/patternProperties", "only one pattern, without 'propertyNames', is supported")
            }
            let name = try string(matching: key.text ?? "", place + "/patternProperties")
            return JSONGrammar.map(of: try inner(schema, place + "/patternProperties/0"), keys: name)
        }
        let others = keywords["additionalProperties"] ?? keywords["unevaluatedProperties"]
        guard others?.bool != false else { return .text("{}") }
        let schema = others.flatMap { $0.kind == .object ? $0 : nil }
        let value = try schema.map { schema throws(GrammarError) in
            try inner(schema, place + "/additionalProperties")
        }
        return JSONGrammar.map(of: value ?? self.value(), keys: try names(keywords, place))
    }

    /// What `propertyNames` allows.
    private func names(_ keywords: SchemaKeywords, _ place: String) throws(GrammarError) -> GrammarNode {
        guard let schema = keywords["propertyNames"] else { return JSONGrammar.string() }
        let words = try SchemaKeywords(schema, place + "/propertyNames")
        if let values = words["enum"] {
            try words.check(only: ["enum", "type"])
            let names = values.elements.compactMap { $0.string?.text }
            guard !names.isEmpty else { throw GrammarError(words.place + "/enum", "it must hold strings") }
            return .choice(names.map { .bytes(JSONWriter.encoded($0)) })
        }
        try words.check(only: ["type", "minLength", "maxLength", "pattern", "format"])
        return try string(words, words.place)
    }
}
