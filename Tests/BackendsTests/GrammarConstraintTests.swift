import ChatAPI
import Engine
import Gateway
import Grammar
import TestSupport
import Testing

@testable import Backends

@Suite("Answers held to a grammar")
struct GrammarConstraintTests {
    private static let letters = VocabularyTrie([Array("a".utf8), Array("b".utf8)])

    @Test("an answer that outgrows every automaton it may have ends, and says so in place of blaming the vocabulary")
    func room() throws {
        // Every string of letters leads to another set of places.
        let grammar = try Grammar(regularExpression: "[ab]*a[ab]{40}")
        var constraint = GrammarConstraint(GrammarAutomaton(grammar, vocabulary: Self.letters, room: 20_000))
        var random = SeededRandom(seed: 3)
        var count = 0
        while count < 400, !constraint.allowed.isEmpty {
            #expect(constraint.obstacle == nil)
            constraint.accept(Bool.random(using: &random) ? 0 : 1)
            count += 1
        }
        #expect(count > 8 && count < 400 && !constraint.mayEnd)
        let obstacle = try #require(constraint.obstacle)
        #expect(obstacle.contains("more states than an answer may use"))
        let error = BackendError(EngineError.constraint(obstacle), backend: "e", wasSent: true)
        #expect(error.answer.status == 400 && error.answer.message.contains(obstacle))
        #expect(!error.answer.message.contains("vocabulary"))
    }

    @Test("a text that no token continues has no obstacle but the vocabulary")
    func vocabulary() throws {
        let grammar = try Grammar(regularExpression: "[ab]c")
        var constraint = GrammarConstraint(GrammarAutomaton(grammar, vocabulary: Self.letters))
        #expect(!constraint.allowed.isEmpty)
        constraint.accept(0)
        #expect(constraint.allowed.isEmpty && !constraint.mayEnd && constraint.obstacle == nil)
    }
}
