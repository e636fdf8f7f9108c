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
    /// Whether the text could go on, but not in an automaton that the answer may still have.
    private var lacksRoom = false

    init(_ automaton: GrammarAutomaton) {
        self.automaton = automaton
    }

    var mayEnd: Bool { automaton.accepts(state) }

    var allowed: TokenMask { TokenMask(words: automaton.mask(state)) }

    var obstacle: String? {
        lacksRoom
            ? "its grammar leads to more states than an answer may use; fewer alternatives and bounds lead to fewer"
            : nil
    }

    mutating func accept(_ token: Int32) {
        text += automaton.bytes(of: token)
        state = automaton.next(state, token: token)
        guard automaton.isCrowded else { return }
        let couldGoOn = state != GrammarAutomaton.dead
        moves += 1
        if moves <= Self.moveLimit {
            automaton = automaton.successor
            state = automaton.next(GrammarAutomaton.start, bytes: text)
        } else {
            state = GrammarAutomaton.dead
        }
        if couldGoOn { lacksRoom = state == GrammarAutomaton.dead }
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
