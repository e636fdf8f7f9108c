import Engine
import Foundation
import Randomness
import TestSupport
import Testing
import Tokenization
import Tuning

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
            LabelBLEU.score(.init(words: prediction), reference: .init(words: $0))
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

    @Test("labels that are codes of one word get their examples by query, then any, never with the same answer")
    func oneWordLabels() throws {
        let rows = (0..<12).map {
            TaskRow(query: $0 < 8 ? "ticket of site \($0 % 3)" : "word\($0)", answer: "C-\($0 % 4)")
        }
        let retriever = ExampleRetriever(bank: rows)
        for row in rows {
            let examples = retriever.examples(forTraining: row, count: 6)
            #expect(examples.count == 6, "\(row.query)")
            #expect(examples.allSatisfy { $0.answer != row.answer && $0.query != row.query })
        }
        let nearest = try #require(retriever.examples(forTraining: rows[0], count: 1).first)
        #expect(nearest.query.hasPrefix("ticket"))
        #expect(retriever.examples(forQuery: "nothing alike", count: 3) == [rows[2], rows[1], rows[0]])
        #expect(retriever.examples(forQuery: "nothing alike", count: 20).count == 12)
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

@Suite("Retrieval settings")
struct RetrievalSettingsTests {
    @Test("smaller banks are parts of larger ones, of about the share asked for")
    func bankRatio() throws {
        let rows = (0..<2_000).map { TaskRow(query: "query \($0)", answer: "answer \($0)") }
        var last: Set<String> = []
        for ratio in [0.1, 0.25, 0.5, 1] {
            var settings = RetrievalSettings()
            settings.bankRatio = ratio
            let kept = Set(rows.filter(settings.keeps).map(\.query))
            #expect(last.isSubset(of: kept))
            #expect(abs(Double(kept.count) / 2_000 - ratio) < 0.05)
            last = kept
        }
        var settings = RetrievalSettings()
        settings.bankRatio = 0.1
        let retriever = try ExampleRetriever(bank: rows, settings: settings)
        #expect(retriever.examples(forQuery: "query 7", count: 10).allSatisfy(settings.keeps))
    }

    @Test("BM25 compares queries in training too; embeddings compare by cosine and need an embedder")
    func methods() throws {
        var settings = RetrievalSettings()
        settings.method = .bm25
        let bank = RetrievalTests.bank
        let byQuery = try ExampleRetriever(bank: bank, settings: settings)
        #expect(byQuery.examples(forTraining: bank[3], count: 1) == [bank[0]])
        settings.method = .embeddings
        #expect(throws: InternalizationError.self) { try ExampleRetriever(bank: bank, settings: settings) }
        let embedded = try ExampleRetriever(bank: bank, settings: settings, embedder: LengthEmbedder())
        let row = TaskRow(query: "find text files", answer: "none")
        #expect(embedded.examples(forTraining: row, count: 2).last == bank[1])
    }

    /// Says that texts of similar length are similar.
    private struct LengthEmbedder: TextEmbedder {
        func vectors(_ texts: [String]) -> [[Float]] {
            texts.map { text in
                let angle = Float(text.count) / 40
                return [cos(angle), sin(angle)]
            }
        }
    }

    @Test("the base model's hidden states are means of length 1, cached by text, and equal texts are nearest")
    func hiddenStates() throws {
        let (task, folder) = (try SmallTask(), try TinyModelFolder())
        let embedder = try HiddenStateEmbedder(
            base: task.base, baseDigest: "base", tokenizer: task.encoder.tokenizer, cache: folder.path + "/cache")
        let texts = task.rows.prefix(12).map(\.query)
        let vectors = try embedder.vectors(texts)
        #expect(vectors.allSatisfy { abs($0.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5 && $0.count == 64 })
        let model = try DecoderModel(weights: task.base)
        let mean = try model.embedding(task.encoder.tokenizer.encode(Array(texts[3].utf8)))
        let length = mean.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(zip(mean, vectors[3]).allSatisfy { abs($0 / length - $1) < 1e-5 })
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/cache")
        #expect(files.count == 1)
        #expect(try embedder.vectors(texts) == vectors)
        try Data("damaged".utf8).write(to: URL(fileURLWithPath: folder.path + "/cache/" + files[0]))
        #expect(try embedder.vectors(texts) == vectors)

        var settings = RetrievalSettings()
        settings.method = .embeddings
        let retriever = try ExampleRetriever(bank: task.rows, settings: settings, embedder: embedder)
        for row in task.rows.prefix(8) {
            let examples = retriever.examples(forTraining: row, count: 5)
            #expect(examples.count == 5)
            #expect(examples.allSatisfy { $0.answer != row.answer && $0.query != row.query && $0.group != row.group })
            #expect(retriever.examples(forTraining: row, count: 2) == examples.suffix(2))
        }
    }

    @Test("hashed n-grams score as counted ones do", arguments: [1, 2, 3])
    func hashes(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<200 {
            let texts = (0..<2).map { _ in
                (0..<Int.random(in: 1...9, using: &random)).map { _ in "w\(Int.random(in: 0...4, using: &random))" }
            }
            let fast = LabelBLEU.score(.init(words: texts[0]), reference: .init(words: texts[1]))
            let slow = BLEU.sentence(texts[0], references: [texts[1]], smoothing: .method1)
            #expect(abs(fast - slow) < 1e-12, "seed \(seed): \(texts)")
        }
    }
}
