/// A command in a normal form: arguments replaced by their types, flags one by one, in the way of the NL2Bash data's
/// `template` field ("find Path -name Regex | xargs -I {} rm -f {}").
///
/// It reads pipelines of known utilities with substitutions and nested commands. Lists, loops, redirections and
/// programs in other languages have no normal form, as in the data.
public enum BashTemplate {
    /// The normal form of a command; nil when it has none.
    public static func of(_ command: String) -> String? {
        guard let parts = pipeline(command, depth: 0), !parts.isEmpty else { return nil }
        return parts.joined(separator: " ")
    }

    private static let deepest = 8

    static func pipeline(_ command: String, depth: Int) -> [String]? {
        guard depth < deepest, var tokens = BashLexer.tokens(of: command) else { return nil }
        if case .sign(";")? = tokens.last, !BashFind.isOpen(tokens) { tokens.removeLast() }
        var commands: [[BashWord]] = [[]]
        for token in tokens {
            switch token {
            case .word(let word): commands[commands.count - 1].append(word)
            case .pipe: commands.append([])
            case .sign(";") where commands[commands.count - 1].contains { BashFind.commands.contains($0.raw) }:
                commands[commands.count - 1].append(BashWord(raw: ";", text: ";", substitutions: []))
            case .sign: return nil
            }
        }
        var result: [String] = []
        for (number, words) in commands.enumerated() {
            guard let parts = simpleCommand(words, depth: depth), !parts.isEmpty else { return nil }
            result += (number == 0 ? [] : ["|"]) + parts
        }
        return result
    }

    /// The normal form of one command of a pipeline, or of the command behind `-exec` and `xargs`.
    static func simpleCommand(_ words: [BashWord], depth: Int) -> [String]? {
        var words = words[...]
        while let first = words.first {
            if first.raw == "sudo" || first.raw == "$" {
                words.removeFirst()
            } else if let (name, value) = assignment(first) {
                words.removeFirst()
                guard words.isEmpty else { continue }
                guard let parts = substituted(value, depth: depth) else { return nil }
                let isPlain = name.allSatisfy { $0.isLetter || $0 == "_" }
                return isPlain ? Array(parts.dropFirst().dropLast()) : parts
            } else {
                break
            }
        }
        guard let head = words.first, head.substitutions.isEmpty else { return nil }
        let name = head.raw.split(separator: "/").last.map(String.init) ?? head.raw
        words.removeFirst()
        if name == "xargs" { return BashXargs.template(Array(words), depth: depth).map { ["xargs"] + $0 } }
        if let (utility, flag) = BashGrammar.synonyms[name], let grammar = BashGrammar.of(utility) {
            var reader = BashArguments(utility: utility, grammar: grammar, words: Array(words), depth: depth)
            return reader.template().map { [utility, flag] + $0 }
        }
        guard let grammar = BashGrammar.of(name) else { return nil }
        if name == "find" { return BashFind.template(Array(words), grammar, depth: depth).map { ["find"] + $0 } }
        var reader = BashArguments(utility: name, grammar: grammar, words: Array(words), depth: depth)
        return reader.template().map { [name] + $0 }
    }

    /// The first substitution of a word, with its brackets, which stands for the word; nil when it has no normal form.
    static func substituted(_ word: BashWord, depth: Int) -> [String]? {
        guard let inner = word.substitutions.first else { return nil }
        guard let own = pipeline(inner.command, depth: depth + 1), !own.isEmpty else { return nil }
        return [inner.opening] + own + [")"]
    }

    /// A word as its type: `{}` stays, a sign before a number, size, time or permission stays.
    static func typed(_ text: String, _ type: String) -> String {
        if text == "{}" { return "{}" }
        let signed = ["Quantity", "Timespan", "Size", "Permission", "Number"].contains(type)
        if signed, let sign = text.first, sign == "+" || sign == "-" { return String(sign) + type }
        return type
    }

    private static func assignment(_ word: BashWord) -> (name: String, value: BashWord)? {
        guard let equals = word.raw.firstIndex(of: "="), equals != word.raw.startIndex else { return nil }
        let name = word.raw[..<equals]
        guard name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }), name.first?.isNumber == false else {
            return nil
        }
        return (String(name), word)
    }
}
