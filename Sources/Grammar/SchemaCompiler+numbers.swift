import ChatAPI

extension SchemaCompiler {
    /// Formats that every number here has: integers have at most 15 digits, and numbers are doubles.
    private static let numberFormats: Set<String> = ["int64", "float", "double"]

    mutating func integer(_ keywords: SchemaKeywords, _ place: String) throws(GrammarError) -> GrammarNode {
        try checkFormat(keywords, place)
        let bounds = try NumberBounds(keywords)
        if let multiples = try Multiples(keywords), multiples.divisor > 1 {
            let range = try bounds?.integerRange(place)
            if let node = try multiples.integers(
                from: bounds?.hasLow == true ? range?.lowerBound : nil,
                to: bounds?.hasHigh == true ? range?.upperBound : nil, rules: &rules, place)
            {
                return node
            }
        }
        return try bounds?.integers(place) ?? JSONGrammar.integer
    }

    mutating func number(_ keywords: SchemaKeywords, _ place: String) throws(GrammarError) -> GrammarNode {
        guard let multiples = try Multiples(keywords) else {
            try checkFormat(keywords, place)
            return try NumberBounds(keywords)?.numbers(place) ?? JSONGrammar.number
        }
        guard multiples.places > 0 else { return try integer(keywords, place) }
        try checkFormat(keywords, place)
        return try NumberBounds(keywords)?.numbers(place, places: multiples.places)
            ?? JSONGrammar.number(places: multiples.places)
    }

    private func checkFormat(_ keywords: SchemaKeywords, _ place: String) throws(GrammarError) {
        guard let format = keywords["format"] else { return }
        guard let name = format.string?.text, Self.numberFormats.contains(name) else {
            throw GrammarError(
                place + "/format",
                "it is not supported for numbers: use \(Self.numberFormats.sorted().joined(separator: ", "))")
        }
    }
}
