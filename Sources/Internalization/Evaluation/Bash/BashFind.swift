/// Reads the words of `find`: options, paths, and an expression of tests and actions.
enum BashFind {
    private static let options: Set<String> = ["-L", "-P", "-H", "-E", "-X", "-d", "-s", "-x"]
    static let commands: Set<String> = ["-exec", "-execdir", "-ok", "-okdir"]

    static func template(_ words: [BashWord], _ grammar: BashGrammar, depth: Int) -> [String]? {
        var head: [String] = []
        var place = 0
        while place < words.count, options.contains(words[place].raw) {
            head.append(words[place].raw)
            place += 1
        }
        var paths: [String] = []
        while place < words.count, !isExpression(words[place]) {
            if words[place].substitutions.isEmpty {
                paths.append(BashTemplate.typed(words[place].text, "Path"))
            } else {
                guard let own = BashTemplate.substituted(words[place], depth: depth) else { return nil }
                paths += (paths.isEmpty ? ["Path"] : []) + own
            }
            place += 1
        }
        if words.isEmpty { return [] }
        var result = paths.isEmpty ? ["Path"] + head : head + paths
        while place < words.count {
            guard let parts = expression(words, &place, grammar, depth: depth) else { return nil }
            result += parts
        }
        return withoutSingleBrackets(result)
    }

    /// `\( -name Regex \)` without its brackets, which change nothing around one test.
    private static func withoutSingleBrackets(_ parts: [String]) -> [String] {
        var result = parts
        for start in result.indices.reversed() where result[start] == "\\(" {
            guard let end = result[start...].firstIndex(of: "\\)") else { continue }
            let inner = result[(start + 1)..<end]
            let isSingle = inner.first?.hasPrefix("-") == true && inner.count <= 2 && !inner.contains("-not")
            if isSingle { result.replaceSubrange(start...end, with: Array(inner)) }
        }
        return result
    }

    /// Whether the tokens end in a command of `find` whose `;` was not protected from the shell.
    static func isOpen(_ tokens: [BashToken]) -> Bool {
        let words = tokens.compactMap { token in
            if case .word(let word) = token { word.text } else { nil }
        }
        guard let start = words.lastIndex(where: commands.contains) else { return false }
        return !words[start...].contains { $0 == ";" || $0 == "+" }
    }

    private static func isExpression(_ word: BashWord) -> Bool {
        (word.raw.hasPrefix("-") && word.raw.count > 1) || ["!", "(", ")"].contains(word.text)
    }

    private static func expression(
        _ words: [BashWord], _ place: inout Int, _ grammar: BashGrammar, depth: Int
    ) -> [String]? {
        let word = words[place]
        place += 1
        switch word.text {
        case "(", ")": return ["\\" + word.text]
        case "!": return ["!"]
        case "-o": return ["-or"]
        case "-a": return ["-and"]
        case ",": return ["-and"]
        default: break
        }
        if commands.contains(word.raw) { return command(word.raw, words, &place, depth: depth) }
        guard word.raw.hasPrefix("-") else {
            return word.substitutions.isEmpty ? ["Path"] : BashTemplate.substituted(word, depth: depth)
        }
        guard let value = grammar.flags[word.raw] else { return [word.raw] }
        var parts = [word.raw]
        for type in value.type.split(separator: ",").map(String.init) where place < words.count {
            let own = words[place]
            place += 1
            if own.substitutions.isEmpty {
                parts.append(argument(own, type))
            } else {
                guard let inner = BashTemplate.substituted(own, depth: depth) else { return nil }
                parts += inner
            }
        }
        return parts
    }

    private static func argument(_ word: BashWord, _ type: String) -> String {
        type == BashGrammar.literal ? word.raw : BashTemplate.typed(word.text, type)
    }

    /// `-exec command … \;` or `+`.
    private static func command(
        _ flag: String, _ words: [BashWord], _ place: inout Int, depth: Int
    ) -> [String]? {
        let start = place
        while place < words.count, words[place].text != ";", words[place].text != "+" { place += 1 }
        guard place > start else { return nil }
        guard let inner = BashTemplate.simpleCommand(Array(words[start..<place]), depth: depth + 1) else { return nil }
        let end = place < words.count ? words[place].text : ";"
        place = min(place + 1, words.count)
        return [flag] + inner + [end == "+" ? "+" : "\\;"]
    }
}

/// Reads the words of `xargs`: its own flags, and the command that it runs for `{}`.
enum BashXargs {
    private static let values = [
        "-n": "Quantity", "-L": "Quantity", "-P": "Quantity", "-s": "Quantity", "-d": "Regex", "-E": "Regex",
        "-a": "File", "-l": "Quantity",
    ]

    static func template(_ words: [BashWord], depth: Int) -> [String]? {
        var parts: [String] = []
        var place = 0
        var placeholder: String?
        while place < words.count, words[place].raw.hasPrefix("-") {
            let text = words[place].text
            place += 1
            if text.hasPrefix("--") {
                let halves = text.split(separator: "=", maxSplits: 1).map(String.init)
                parts.append(halves[0])
                if halves.count == 2 { parts.append("Quantity") }
                continue
            }
            let letters = Array(text.dropFirst())
            for (index, letter) in letters.enumerated() {
                let name = "-" + String(letter)
                let rest = String(letters[(index + 1)...])
                if name == "-I" || (name == "-i" && !rest.isEmpty && rest.first?.isLetter == false) {
                    if rest.isEmpty, place >= words.count { return nil }
                    placeholder = rest.isEmpty ? words[place].text : rest
                    if rest.isEmpty { place += 1 }
                    parts += ["-I", "{}"]
                    break
                }
                parts.append(name)
                guard let type = values[name] else { continue }
                if !rest.isEmpty {
                    parts.append(type)
                    break
                }
                if name == "-l" { continue }
                if place < words.count {
                    parts.append(type)
                    place += 1
                }
            }
        }
        guard place < words.count else { return parts }
        return inner(Array(words[place...]), parts, placeholder, depth: depth)
    }

    private static func inner(
        _ words: [BashWord], _ parts: [String], _ placeholder: String?, depth: Int
    ) -> [String]? {
        let words = words.map { word in
            word.text == placeholder ? BashWord(raw: "{}", text: "{}", substitutions: []) : word
        }
        guard var own = BashTemplate.simpleCommand(words, depth: depth + 1) else { return nil }
        if placeholder == nil {
            if own.count == 1, words.count == 1, own[0] == "wc" { return parts + own }
            if !own.contains("{}") || parts.contains("-i") { own.append("{}") }
            return parts + ["-I", "{}"] + own
        }
        return parts + own
    }
}
