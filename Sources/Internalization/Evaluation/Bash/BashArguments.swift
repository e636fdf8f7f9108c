/// Reads the words of an ordinary utility: short flags that may stand together, long flags, arguments.
struct BashArguments {
    private let utility: String
    private let grammar: BashGrammar
    private let words: [BashWord]
    private let depth: Int
    private var place = 0
    private var arguments = 0
    private var parts: [String] = []
    private var onlyArguments = false

    init(utility: String, grammar: BashGrammar, words: [BashWord], depth: Int) {
        self.utility = utility
        self.grammar = grammar
        self.words = words
        self.depth = depth
    }

    /// The types and flags of all words; nil when a command inside them has no normal form.
    mutating func template() -> [String]? {
        while place < words.count {
            let word = words[place]
            place += 1
            if !word.substitutions.isEmpty {
                guard let own = BashTemplate.substituted(word, depth: depth) else { return nil }
                parts += own
                arguments += 1
            } else if word.raw == "--" {
                parts.append("--")
                onlyArguments = true
            } else if utility == "echo", arguments > 0 {
                argument(word)
            } else if !onlyArguments, word.raw.hasPrefix("--") {
                guard longFlag(word) else { return nil }
            } else if !onlyArguments, word.raw.hasPrefix("-"), word.raw.count > 1 {
                guard shortFlags(word.text) else { return nil }
            } else if utility == "tar", arguments == 0, parts.isEmpty, word.text.allSatisfy(\.isLetter) {
                guard shortFlags("-" + word.text) else { return nil }
            } else {
                argument(word)
            }
        }
        return parts
    }

    private mutating func argument(_ word: BashWord) {
        let type = grammar.arguments.isEmpty ? "Regex" : grammar.arguments[min(arguments, grammar.arguments.count - 1)]
        parts.append(type == BashGrammar.literal ? word.raw : BashTemplate.typed(word.text, type))
        arguments += 1
    }

    private mutating func longFlag(_ word: BashWord) -> Bool {
        guard let equals = word.raw.firstIndex(of: "=") else {
            parts.append(word.raw)
            guard let value = grammar.flags[word.raw], place < words.count else { return true }
            place += 1
            return add(words[place - 1], value)
        }
        let name = String(word.raw[..<equals])
        parts.append(name)
        let raw = String(word.raw[word.raw.index(after: equals)...])
        let value = grammar.flags[name] ?? .init(type: "Regex", replacesFirst: false)
        return add(BashWord(raw: raw, text: raw, substitutions: []), value)
    }

    private mutating func shortFlags(_ text: String) -> Bool {
        let letters = Array(text.dropFirst())
        if letters[0].isNumber, ["head", "tail", "diff", "history", "nl", "fold"].contains(utility) {
            parts += ["-", "Quantity"]
            return true
        }
        if utility == "chmod", letters.allSatisfy("rwxst".contains) {
            parts.append("-Permission")
            arguments = max(arguments, 1)
            return true
        }
        for (index, letter) in letters.enumerated() {
            let name = "-" + String(letter)
            parts.append(name)
            guard let value = grammar.flags[name] else { continue }
            let rest = String(letters[(index + 1)...])
            if !rest.isEmpty { return add(BashWord(raw: rest, text: rest, substitutions: []), value) }
            guard place < words.count else { return true }
            place += 1
            return add(words[place - 1], value)
        }
        return true
    }

    private mutating func add(_ word: BashWord, _ value: BashGrammar.Value) -> Bool {
        if value.replacesFirst { arguments = max(arguments, 1) }
        if !word.substitutions.isEmpty {
            guard let own = BashTemplate.substituted(word, depth: depth) else { return false }
            parts += own
        } else if value.type == "command" {
            guard let own = BashTemplate.pipeline(word.text, depth: depth + 1) else { return false }
            parts += own
        } else {
            parts.append(value.type == BashGrammar.literal ? word.raw : BashTemplate.typed(word.text, value.type))
        }
        return true
    }
}
