import Testing

@testable import Internalization

@Suite("Retrieval")
struct RetrievalTests {
    static let bank = [
        TaskRow(query: "find text files", answer: "find . -name '*.txt'", group: "a"),
        TaskRow(query: "find all files", answer: "find . -type f", group: "b"),
        TaskRow(query: "find text files here", answer: "find . -name '*.txt'", group: "c"),
        TaskRow(query: "list files", answer: "ls -l", group: "d"),
        TaskRow(query: "find text files, first one", answer: "find . -name '*.txt' -quit", group: "a"),
        TaskRow(query: "find markdown files", answer: "find . -name '*.md'", group: "e"),
    ]

    @Test("smoothed sentence BLEU equals NLTK's method 1")
    func bleu() {
        let prediction = ["find", ".", "-name", "foo"]
        let scores = [["find", ".", "-name", "'*.txt'"], ["find", ".", "-type", "f"]].map {
            LabelBLEU.score(candidate: prediction, reference: $0)
        }
        // (3/4 * 2/3 * 1/2 * 0.1/1)^(1/4), and (2/4 * 1/3 * 0.1/2 * 0.1/1)^(1/4).
        #expect(abs(scores[0] - 0.397635) < 1e-6)
        #expect(abs(scores[1] - 0.169904) < 1e-6)
        #expect(abs(LabelBLEU.score(candidate: "a b c d e", reference: "a b c d e") - 1) < 1e-12)
        #expect(LabelBLEU.score(candidate: "x", reference: "y") == 0)
    }

    @Test("training examples never have the row's answer, query or group, and the nearest comes last")
    func excludes() {
        let retriever = ExampleRetriever(bank: Self.bank)
        let row = Self.bank[0]
        let examples = retriever.examples(forTraining: row, count: 10)
        #expect(examples.allSatisfy { $0.answer != row.answer && $0.group != row.group })
        #expect(examples.last == Self.bank[5])
        #expect(examples.contains(Self.bank[1]))
    }

    @Test("smaller example sets are the nearest of larger ones")
    func nested() {
        let retriever = ExampleRetriever(bank: Self.bank)
        for row in Self.bank {
            let all = retriever.examples(forTraining: row, count: 10)
            for count in 0...all.count {
                #expect(retriever.examples(forTraining: row, count: count) == Array(all.suffix(count)))
            }
        }
    }

    @Test("BM25 weighs rare words, ignores case and breaks ties by row")
    func bm25() {
        let index = BM25(["the red fox", "the dog", "the Dog", "a cat"])
        #expect(index.search("DOG", limit: 5) == [1, 2])
        #expect(index.search("the fox", limit: 2)[0] == 0)
        #expect(index.search("zebra", limit: 5).isEmpty)
        #expect(BM25.words("find . -name '*.txt'") == ["find", ".", "-name", "'", "*.txt", "'"])
    }
}
