import ChatAPI

extension SchemaCompiler {
    /// Most states of a pattern: each byte of an answer may stand at as many places of it.
    private static let patternLimit = 5_000

    func string(_ keywords: SchemaKeywords, _ place: String) throws(GrammarError) -> GrammarNode {
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
        return try string(matching: text, place + "/pattern")
    }

    /// The strings that match a pattern somewhere.
    func string(matching text: String, _ place: String) throws(GrammarError) -> GrammarNode {
        do throws(GrammarError) {
            let node = try RegexParser.parse(searching: text)
            guard node.size <= Self.patternLimit else {
                throw GrammarError("", "it is too large: use smaller counts")
            }
            return JSONGrammar.string(of: node)
        } catch {
            throw GrammarError(place, error.description)
        }
    }
}
