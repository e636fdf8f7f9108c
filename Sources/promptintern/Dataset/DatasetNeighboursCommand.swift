import ArgumentParser
import Engine
import Foundation
import Internalization
import Tokenization

/// Finds every training row's examples, and says how long that took.
struct DatasetNeighboursCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "neighbours",
        abstract: "Find each row's worked examples among the others, as training does, and time it.",
        discussion: "Rows with the same answer, query or group are left out. Prints rows, seconds, and the median and "
            + "largest time of a search by query, which is BM25 unless rows are compared by embeddings.")

    @Option(help: ArgumentHelp("Rows, JSON lines.", valueName: "file"))
    var data: String

    @Option(help: "Examples of each row.")
    var top: Int = 10

    @Option(help: "What rows are compared by: label-bleu, bm25 or embeddings.")
    var method: RetrievalSettings.Method = .labelBLEU

    @Option(
        help: ArgumentHelp(
            "Base model whose hidden states embeddings are made of; they are not kept.", valueName: "folder"))
    var base: String?

    @Option(help: "Searches by query that are timed.")
    var searches: Int = 1_000

    func run() throws {
        let rows = try TaskRows.load(data)
        var settings = RetrievalSettings()
        settings.method = method
        let clock = ContinuousClock()
        let start = clock.now
        let cache = FileManager.default.temporaryDirectory.path + "/embeddings-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: cache) }
        let embedder = try base.map { folder in
            try HiddenStateEmbedder(
                base: try ModelWeights.load(folder: folder), baseDigest: folder,
                tokenizer: try Tokenizer(contentsOf: folder + "/tokenizer.json"), cache: cache)
        }
        let retriever = try ExampleRetriever(bank: rows, settings: settings, embedder: embedder)
        let indexed = clock.now
        let found = rows.reduce(0) { $0 + retriever.examples(forTraining: $1, count: top).count }
        let end = clock.now
        var times: [Double] = []
        for row in rows.prefix(searches) {
            let before = clock.now
            _ = retriever.examples(forQuery: row.query, count: top)
            times.append((clock.now - before) / .milliseconds(1))
        }
        times.sort()
        func text(_ seconds: Double) -> String { String(format: "%.2f s", seconds) }
        show("\(rows.count) rows, \(found) examples by \(method.rawValue)")
        show("index \(text((indexed - start) / .seconds(1))), all neighbours \(text((end - indexed) / .seconds(1)))")
        if let largest = times.last {
            show(String(format: "search by query: median %.3f ms, largest %.3f ms", times[times.count / 2], largest))
        }
    }
}
