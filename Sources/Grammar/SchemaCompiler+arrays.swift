import ChatAPI

extension SchemaCompiler {
    /// Most places of an array that have a schema of their own.
    private static let prefixLimit = 128

    mutating func array(_ keywords: SchemaKeywords, _ place: String) throws(GrammarError) -> GrammarNode {
        let (least, most) = try keywords.bounds("minItems", "maxItems")
        var first: [GrammarNode] = []
        var rest = keywords["items"] ?? keywords["unevaluatedItems"]
        var restName = "items"
        // Before 2020 the first places stood under 'items', and the others under 'additionalItems'.
        let isOld = keywords["items"]?.kind == .array
        if isOld {
            guard keywords["prefixItems"] == nil else {
                throw GrammarError(place, "'prefixItems' beside a list under 'items' is not supported")
            }
            (rest, restName) = (keywords["additionalItems"] ?? keywords["unevaluatedItems"], "additionalItems")
        }
        if let prefix = isOld ? keywords["items"] : keywords["prefixItems"] {
            let name = isOld ? "items" : "prefixItems"
            guard prefix.kind == .array, Array(prefix.elements).count <= Self.prefixLimit else {
                throw GrammarError("\(place)/\(name)", "it must be an array of at most \(Self.prefixLimit) schemas")
            }
            for (index, schema) in prefix.elements.enumerated() {
                first.append(try inner(schema, "\(place)/\(name)/\(index)"))
            }
        }
        guard rest?.bool != false else {
            guard least <= first.count else {
                throw GrammarError(place + "/minItems", "'\(restName)' allows only \(first.count)")
            }
            return JSONGrammar.array(first: first, of: nil, least: least, most: min(most ?? first.count, first.count))
        }
        let item = try rest.map { rest throws(GrammarError) in try inner(rest, "\(place)/\(restName)") }
        return JSONGrammar.array(first: first, of: item ?? value(), least: least, most: most)
    }
}
