public import Engine
import Grammar
public import PromptSchema
public import Tokenization

/// An answer that follows a grammar, as the engine's sampler asks for it.
///
/// Where the grammar's automaton has become crowded the answer goes on in the automaton's successor, a few times: a
/// grammar that fills one after the other would cost all answers time.
struct GrammarConstraint: TokenConstraint {
    private static let moveLimit = 8

    private var automaton: GrammarAutomaton
    private var state = GrammarAutomaton.start
    private var moves = 0
    private var text: [UInt8] = []

    init(_ automaton: GrammarAutomaton) {
        self.automaton = automaton
    }

    var mayEnd: Bool { automaton.accepts(state) }

    var allowed: TokenMask { TokenMask(words: automaton.mask(state)) }

    mutating func accept(_ token: Int32) {
        text += automaton.bytes(of: token)
        state = automaton.next(state, token: token)
        guard automaton.isCrowded else { return }
        moves += 1
        guard moves <= Self.moveLimit else {
            state = GrammarAutomaton.dead
            return
        }
        automaton = automaton.successor
        state = automaton.next(GrammarAutomaton.start, bytes: text)
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
