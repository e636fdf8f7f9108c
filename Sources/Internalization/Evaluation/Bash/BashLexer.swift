/// A word of a command line as written, with the commands inside it.
struct BashWord: Equatable {
    /// A command inside a word: `$(…)`, `` `…` ``, `<(…)` or `>(…)`.
    struct Substitution: Equatable {
        /// What opens it in a normal form: `$(`, `<(` or `>(`.
        let opening: String
        let command: String
    }

    /// The word with its quotation marks and backslashes.
    let raw: String
    /// The word as the program gets it, variables and patterns left alone.
    let text: String
    let substitutions: [Substitution]
}

/// A word, or a sign between commands.
enum BashToken: Equatable {
    case word(BashWord)
    case pipe
    /// `&&`, `||`, `;`, `&`, a redirection or a bracket.
    case sign(String)
}

/// Cuts one command line into words and signs. It knows quoting, substitutions and comments, no more.
struct BashLexer {
    private let text: [Character]
    private var place = 0

    /// Signs that word processors put in the place of a shell's.
    private static let typographic: [Character: Character] = [
        "“": "\"", "”": "\"", "‘": "'", "’": "'", "–": "-", "—": "-", "\u{2011}": "-",
    ]

    /// The tokens of a command line; nil when a quotation mark or a bracket is never closed.
    static func tokens(of command: String) -> [BashToken]? {
        var lexer = BashLexer(text: command.map { typographic[$0] ?? $0 })
        return lexer.run()
    }

    private init(text: [Character]) {
        self.text = text
    }

    private mutating func run() -> [BashToken]? {
        var tokens: [BashToken] = []
        while place < text.count {
            let character = text[place]
            if character.isWhitespace {
                place += 1
            } else if character == "#" {
                return tokens
            } else if let sign = sign() {
                tokens.append(sign)
            } else {
                guard let word = word() else { return nil }
                tokens.append(.word(word))
            }
        }
        return tokens
    }

    /// The sign here, if there is one, and goes behind it.
    private mutating func sign() -> BashToken? {
        let next = place + 1 < text.count ? text[place + 1] : " "
        switch text[place] {
        case "|":
            place += next == "|" || next == "&" ? 2 : 1
            return next == "|" ? .sign("||") : .pipe
        case "&", ";", ">":
            if text[place] == ">" && next == "(" { return nil }
            let double = next == text[place]
            defer { place += double ? 2 : 1 }
            return .sign(String(repeating: text[place], count: double ? 2 : 1))
        case "<" where next != "(", "(", ")":
            defer { place += 1 }
            return .sign(String(text[place]))
        default:
            guard text[place].isNumber, next == ">", place == 0 || text[place - 1].isWhitespace else { return nil }
            place += 2
            return .sign(">")
        }
    }

    private mutating func word() -> BashWord? {
        let start = place
        var plain = ""
        var inner: [BashWord.Substitution] = []
        while place < text.count, !text[place].isWhitespace {
            switch text[place] {
            case "\\":
                if place + 1 < text.count { plain.append(text[place + 1]) }
                place = min(place + 2, text.count)
            case "'":
                guard let end = text[(place + 1)...].firstIndex(of: "'") else { return nil }
                plain += String(text[(place + 1)..<end])
                place = end + 1
            case "\"":
                place += 1
                guard quoted(&plain, &inner) else { return nil }
            case "`", "$", "<", ">":
                if let substitution = substitution() {
                    inner.append(substitution)
                } else if text[place] == "`" {
                    return nil
                } else if text[place] == "$" {
                    variable(&plain)
                } else {
                    return finish(start, plain, inner)
                }
            case "|", "&", ";", "(", ")": return finish(start, plain, inner)
            default:
                plain.append(text[place])
                place += 1
            }
        }
        return finish(start, plain, inner)
    }

    private func finish(_ start: Int, _ plain: String, _ inner: [BashWord.Substitution]) -> BashWord? {
        place == start ? nil : BashWord(raw: String(text[start..<place]), text: plain, substitutions: inner)
    }

    /// The rest of a text in double quotes.
    private mutating func quoted(_ plain: inout String, _ inner: inout [BashWord.Substitution]) -> Bool {
        while place < text.count, text[place] != "\"" {
            if text[place] == "\\", place + 1 < text.count {
                plain.append(text[place + 1])
                place += 2
            } else if let substitution = substitution() {
                inner.append(substitution)
            } else {
                plain.append(text[place])
                place += 1
            }
        }
        place += 1
        return place <= text.count
    }

    /// `$name` or `${…}`.
    private mutating func variable(_ plain: inout String) {
        plain.append(text[place])
        place += 1
        guard place < text.count, text[place] == "{" else { return }
        while place < text.count {
            plain.append(text[place])
            place += 1
            if text[place - 1] == "}" { return }
        }
    }

    /// The substitution that starts here, if one does, and goes behind it.
    private mutating func substitution() -> BashWord.Substitution? {
        if text[place] == "`" {
            guard let end = text[(place + 1)...].firstIndex(of: "`") else { return nil }
            defer { place = end + 1 }
            return .init(opening: "$(", command: String(text[(place + 1)..<end]))
        }
        guard "$<>".contains(text[place]), place + 1 < text.count, text[place + 1] == "(" else { return nil }
        var depth = 0
        for end in (place + 1)..<text.count {
            if text[end] == "(" { depth += 1 }
            if text[end] == ")" { depth -= 1 }
            if depth == 0 {
                defer { place = end + 1 }
                return .init(
                    opening: String(text[place]) + "(", command: String(text[(place + 2)..<end]))
            }
        }
        return nil
    }
}
