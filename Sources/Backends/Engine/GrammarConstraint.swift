public import Engine
import Grammar
public import PromptSchema
public import Tokenization

/// An answer that follows a grammar, as the engine's sampler asks for it.
struct GrammarConstraint: TokenConstraint {
    private let automaton: GrammarAutomaton
    private var state = GrammarAutomaton.start

    init(_ automaton: GrammarAutomaton) {
        self.automaton = automaton
    }

    var mayEnd: Bool { automaton.accepts(state) }

    var allowed: TokenMask { TokenMask(words: automaton.mask(state)) }

    mutating func accept(_ token: Int32) {
        state = automaton.next(state, token: token)
    }
}

extension AnswerForm {
    /// What the embedded engine holds a tuned answer to, at the answer's beginning.
    ///
    /// - Throws: a `GrammarError` that says what of the form cannot be held.
    public func constraint(_ tokenizer: Tokenizer) throws -> any TokenConstraint {
        GrammarConstraint(try GrammarCache(tokenizer).automaton(AnswerGrammar(self)))
    }
}
