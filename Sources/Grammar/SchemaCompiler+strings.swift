import ChatAPI

extension SchemaCompiler {
    /// Most states of a pattern: each byte of an answer may stand at as many places of it.
    private static let patternLimit = 5_000

    func string(_ keywords: SchemaKeywords, _ place: String) throws(GrammarError) -> GrammarNode {
        guard try limit(keywords, place) != nil else {
            let (least, most) = try keywords.bounds("minLength", "maxLength")
            return JSONGrammar.string(least: least, most: most)
        }
        return JSONGrammar.string(of: try plainText(keywords, place))
    }

    /// The texts of a string's schema, without quotes and escapes.
    func plainText(_ keywords: SchemaKeywords, _ place: String) throws(GrammarError) -> GrammarNode {
        guard let (name, text) = try limit(keywords, place) else {
            let (least, most) = try keywords.bounds("minLength", "maxLength")
            return .times(.scalars([0...0x10FFFF]), least: least, most: most)
        }
        guard name == "format" else { return try self.text(matching: text, place + "/pattern") }
        guard let format = StringFormat(rawValue: text) else {
            let known = StringFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw GrammarError(
                place + "/format", "the format \(text.prefix(40).debugDescription) is not supported: use \(known)")
        }
        return try RegexParser.parse(format.expression)
    }

    /// The pattern or format of a string, of which there may be one, with nothing beside it.
    private func limit(
        _ keywords: SchemaKeywords, _ place: String
    ) throws(GrammarError) -> (name: String, text: String)? {
        guard let name = ["pattern", "format"].first(where: { keywords[$0] != nil }) else { return nil }
        let others = ["pattern", "format", "minLength", "maxLength"].filter { $0 != name && keywords[$0] != nil }
        if let other = others.first {
            throw GrammarError(place, "the keyword \"\(other)\" is not supported beside \"\(name)\"")
        }
        guard let text = keywords[name]?.string?.text else {
            throw GrammarError("\(place)/\(name)", "it must be a string")
        }
        return (name, text)
    }

    /// The strings that match a pattern somewhere.
    func string(matching text: String, _ place: String) throws(GrammarError) -> GrammarNode {
        JSONGrammar.string(of: try self.text(matching: text, place))
    }

    private func text(matching text: String, _ place: String) throws(GrammarError) -> GrammarNode {
        do throws(GrammarError) {
            let node = try RegexParser.parse(searching: text)
            guard node.size <= Self.patternLimit else {
                throw GrammarError("", "it is too large: use smaller counts")
            }
            return node
        } catch {
            throw GrammarError(place, error.description)
        }
    }
}
