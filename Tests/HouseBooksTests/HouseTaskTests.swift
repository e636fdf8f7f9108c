import Foundation
import Randomness
import TestSupport
import Testing

@testable import HouseBooks

@Suite("House books")
struct HouseTaskTests {
    @Test("the same seed gives the same book and questions on every machine")
    func stable() {
        let book = Book(seed: 1)
        #expect(book == Book(seed: 1))
        #expect(book != Book(seed: 2))
        let task = HouseTask()
        #expect(task.heldOut(1) == task.heldOut(1))
        #expect(task.questions(.test, count: 5) == Array(task.questions(.test, count: 9).prefix(5)))
    }

    @Test("codes have four digits, and no two entries of a book share the first two", arguments: 0..<200)
    func codes(_ seed: Int) {
        let book = Book(seed: UInt64(seed))
        let entries = book.functions + book.branches + book.accounts + book.months
        #expect(entries.count == 44)
        #expect(entries.allSatisfy { $0.code.count == 4 && Int($0.code) != nil })
        #expect(Set(entries.map { $0.code.prefix(2) }).count == entries.count)
        #expect(Set(entries.map(\.name)).count == entries.count)
    }

    @Test("every name in a formula is followed by its code from the book, and occurs in the question")
    func formulas() throws {
        let seed: UInt64 = 42
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        for _ in 0..<2_000 {
            let book = Book(seed: random.next())
            let question = Question(about: book, random: &random)
            let pattern = try Regex("([A-Za-z]+)([0-9]{4})")
            let references = question.formula.matches(of: pattern).map { String($0.output[0].substring ?? "") }
            #expect((4...5).contains(references.count) || references.count == 3, "\(question.formula)")
            let known = Set((book.functions + book.branches + book.accounts + book.months).map(\.reference))
            #expect(references.allSatisfy(known.contains))
            for reference in references.dropFirst() {
                #expect(question.text.contains(reference.dropLast(4)), "\(question)")
            }
            #expect(!question.text.contains { $0.isNumber || $0 == "{" })
        }
    }

    @Test("no meaning occurs in two splits, and no question twice in one")
    func splits() {
        let task = HouseTask()
        let splits = HouseTask.Split.allCases.map { task.questions($0, count: 400) }
        for questions in splits { #expect(Set(questions.map(\.text)).count == 400) }
        for (index, questions) in splits.enumerated() {
            let others = splits.enumerated().filter { $0.offset != index }.flatMap(\.element)
            #expect(Set(questions.map(\.meaning)).isDisjoint(with: others.map(\.meaning)))
        }
        #expect((0..<200).allSatisfy { HouseTask.split(of: task.heldOut(UInt64($0)).meaning) == .test })
    }

    @Test("the full prompt explains itself and holds every code; tables hold nothing else")
    func text() {
        let book = Book(seed: 3)
        let head = BookText.head(book)
        for entry in book.functions + book.branches + book.accounts + book.months {
            #expect(head.contains("- " + entry.reference))
        }
        #expect(head.utf8.count > 3_500)
        #expect(head.hasSuffix("Worked examples\n"))
    }
}
