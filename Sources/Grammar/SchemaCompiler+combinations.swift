import ChatAPI

extension SchemaCompiler {
    private static let mergeLimit = 64
    private static let comparedLimit = 1_000
    private static let mergedLimit = 4 << 20

    /// `anyOf` and `oneOf`: each branch together with what stands beside them.
    mutating func branches(
        _ options: JSONValue, _ name: String, _ keywords: SchemaKeywords, _ place: String
    ) throws(GrammarError) -> GrammarNode {
        let beside = keywords.without([name])
        if name == "oneOf" { try checkApart(options, place) }
        guard !beside.isEmpty else { return .choice(try nodes(options, "\(place)/\(name)")) }
        var choices: [GrammarNode] = []
        for (index, option) in options.elements.enumerated() {
            let place = "\(place)/\(name)/\(index)"
            guard option.bool != false else { continue }
            let parts = option.bool == true ? [beside] : [beside, try SchemaKeywords(option, place)]
            choices.append(try combination(parts, place))
        }
        guard !choices.isEmpty else { throw GrammarError("\(place)/\(name)", "it must be an array with schemas") }
        return .choice(choices)
    }

    /// Refuses branches of `oneOf` that a value could belong to at once.
    private mutating func checkApart(_ options: JSONValue, _ place: String) throws(GrammarError) {
        var before: [SchemaBranch] = []
        for (index, option) in options.elements.enumerated() {
            let here = "\(place)/oneOf/\(index)"
            let target = try followed(option, here)
            guard target.kind == .object else { throw GrammarError(here, "a branch must be an object") }
            let words = try SchemaKeywords(target, here)
            let isWhole = words["allOf"] == nil || words["nullable"]?.bool == true
            let whole = isWhole ? words : try SchemaKeywords(try merged([words], here), here)
            let branch = try SchemaBranch(whole) { schema throws(GrammarError) in try followed(schema, here) }
            compared += 1 + branch.listed
            guard compared <= Self.comparedLimit else {
                throw GrammarError(
                    here, "'oneOf' has more than \(Self.comparedLimit) branches and values: use 'anyOf'")
            }
            for (other, known) in before.enumerated() where !known.isDisjoint(from: branch) {
                throw GrammarError(
                    here,
                    "'oneOf' is supported where branches differ in 'type', or in 'const' or 'enum' of themselves or of a "
                        + "required property; this one is not told from branch \(other): use 'anyOf'")
            }
            before.append(branch)
        }
    }

    /// Where a schema's reference leads, if it is nothing but one.
    func followed(_ schema: JSONValue, _ place: String) throws(GrammarError) -> JSONValue {
        var schema = schema
        for _ in 0..<Self.mergeLimit {
            guard schema.kind == .object else { return schema }
            let words = try SchemaKeywords(schema, place)
            guard words.count == 1, let reference = words["$ref"] else { return schema }
            schema = try target(reference, place)
        }
        throw GrammarError(place + "/$ref", "the reference leads back to itself without a value in between")
    }

    /// What several schemas say together. It is known by its text, so that schemas that lead back to it end.
    mutating func combination(_ parts: [SchemaKeywords], _ place: String) throws(GrammarError) -> GrammarNode {
        let schema = try merged(parts, place)
        return try rule(String(decoding: schema.rawBytes, as: UTF8.self), place, at: place) { _ in schema }
    }

    /// The schema that all of these make together, their `allOf` and references taken apart.
    private mutating func merged(_ parts: [SchemaKeywords], _ place: String) throws(GrammarError) -> JSONValue {
        var merge = SchemaMerge(at: place)
        var open = Array(parts.reversed())
        var taken = 0
        while let part = open.popLast() {
            taken += 1
            guard taken <= Self.mergeLimit else {
                throw GrammarError(place, "more than \(Self.mergeLimit) schemas are to hold together")
            }
            try merge.add(part.without(["allOf", "$ref"]))
            var inner: [SchemaKeywords] = []
            if let reference = part["$ref"] {
                let schema = try target(reference, part.place)
                if schema.bool != true { inner.append(try SchemaKeywords(schema, part.place)) }
            }
            let all = part["allOf"].map { Array($0.elements) }
            for (index, schema) in (all ?? []).enumerated() {
                guard schema.bool != true else { continue }
                inner.append(try SchemaKeywords(schema, "\(part.place)/allOf/\(index)"))
            }
            if all?.isEmpty == true {
                throw GrammarError(part.place + "/allOf", "it must be an array with schemas")
            }
            open += inner.reversed()
        }
        let schema = try merge.schema()
        mergedBytes += schema.rawBytes.count
        guard mergedBytes <= Self.mergedLimit else { throw GrammarError(place, "the schemas together are too large") }
        return schema
    }
}
