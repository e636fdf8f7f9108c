import Engine
import Grammar

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
