import Grammar
import Testing

@Suite("Regular expressions as grammars")
struct RegularExpressionTests {
    @Test(
        "a text is accepted exactly if all of it matches",
        arguments: [
            ("abc", ["abc"], ["ab", "abcd", ""]), ("a|bc|", ["a", "bc", ""], ["ab", "c"]),
            ("^(ab)*c$", ["c", "ababc"], ["abab", "ac"]), ("[a-c]+", ["a", "cab"], ["", "d"]),
            ("[^0-9\\s]{2,3}", ["ab", "é日z"], ["a", "a1", "abcd", "a b"]), ("\\d{3}", ["123"], ["12", "1234", "12a"]),
            ("x{2,}", ["xx", "xxxx"], ["x"]), ("a?b+?", ["b", "abb"], ["a", "aab"]),
            (".", ["x", "日"], ["", "\n", "xy"]),
            ("\\$\\(\\)\\.", ["$()."], ["$()x"]), ("[]a-]+", ["]", "a-"], ["b"]), ("(?:a|b)c", ["ac", "bc"], ["c"]),
            ("\\x41\\u00e9", ["Aé"], ["A"]), ("[\\w.]+@[\\w]+", ["a.b@c"], ["@c", "a b@c"]),
            ("(a*)*b", ["b", "aab"], ["a"]),
            ("[é-ü]", ["é", "ö"], ["e", "ý"]), ("^a$|^b$", ["a", "b"], ["ab"]),
        ])
    func language(expression: String, members: [String], others: [String]) throws {
        let automaton = GrammarAutomaton(try Grammar(regularExpression: expression))
        for text in members { #expect(automaton.accepts(text), "\(text)") }
        for text in others { #expect(!automaton.accepts(text), "\(text)") }
    }

    @Test(
        "what is malformed or no regular language is refused",
        arguments: [
            "(", "a)", "[a", "*a", "a**", "a{2", "a{3,2}", "a{2000}", "(?=a)", "(?<n>a)", "\\1", "\\b", "\\p{L}",
            "\\x4",
            "a^b", "a$b", "(a$)b", "(^a)", "[z-a]", "\\",
        ])
    func refused(expression: String) {
        #expect(throws: GrammarError.self) { _ = try Grammar(regularExpression: expression) }
    }

    @Test("an expression is written in llama.cpp's notation")
    func gbnf() throws {
        #expect(
            try GBNF.grammar(ofRegularExpression: "^(?:[A-C]|é\\n)+x?|😀{2,5}$")
                == "root ::= ((([\\x41-\\x43] | [\\xE9] [\\x0A])){1,} ([\\x78]){0,1} | ([\\U0001F600]){2,5})")
    }
}
