public import ArgumentParser
public import Engine
import Foundation

extension WeightPrecision: ExpressibleByArgument {}

/// What `engine bench` prints with `--json`.
struct EngineBenchReport: Codable {
    var model: String
    var precision: String
    var threads: Int
    var instructions: String
    var loadSeconds: Double
    var peakMemory: Int
    var rows: [EngineBenchmark.Row]
}

/// Measures prompt reading and generation on a checkpoint.
struct EngineBenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure prefill and decode of a checkpoint in tokens per second.",
        discussion: """
            Prefill reads a prompt into an empty cache. Decode generates greedily, one token a step for each sequence \
            of the batch, after a context. Rates are medians over the rounds; a first round is not counted.
            """)

    @Option(help: ArgumentHelp("The Hugging Face checkpoint folder.", valueName: "folder"))
    var model: String

    @Option(help: "Prompt lengths, separated by commas; empty for none.")
    var prompt = "128,512,2048"

    @Option(help: "Numbers of generated tokens, separated by commas; empty for none.")
    var generate = "64,128"

    @Option(help: "Numbers of sequences that generate at once, separated by commas.")
    var batch = "1,8"

    @Option(help: "Positions in the cache before the first generated token, separated by commas.")
    var context = "16"

    @Option(help: "How the weights are held: \(WeightPrecision.allCases.map(\.rawValue).joined(separator: ", ")).")
    var precision = WeightPrecision.float32

    @Option(help: "Threads that share each step.")
    var threads = 2

    @Option(help: "Rounds of each row.")
    var rounds = 3

    @Flag(help: "Take packed weights from their file beside the model, as serve does; it is made if it cannot be used.")
    var packedFile = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        for (name, text, least) in [
            ("--prompt", prompt, 1), ("--generate", generate, 1), ("--batch", batch, 1), ("--context", context, 1),
        ] where numbers(text, least: least) == nil {
            throw ValidationError("\(name): whole numbers from \(least) on, separated by commas, are expected")
        }
        guard (1...256).contains(threads) else { throw ValidationError("--threads: 1 to 256 are possible") }
        guard (1...1000).contains(rounds) else { throw ValidationError("--rounds: 1 to 1000 are possible") }
    }

    private func numbers(_ text: String, least: Int) -> [Int]? {
        let parts = text.split(separator: ",").map { Int($0.trimmingCharacters(in: .whitespaces)) }
        guard parts.allSatisfy({ $0.map { $0 >= least && $0 <= 1 << 20 } ?? false }) else { return nil }
        return parts.compactMap { $0 }
    }

    func run() throws {
        let start = ContinuousClock.now
        let loaded = try load()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let rows = try measure(EngineBenchmark(loaded, rounds: rounds))
        let report = EngineBenchReport(
            model: model, precision: precision.rawValue, threads: threads, instructions: ProductTable.best.name,
            loadSeconds: seconds, peakMemory: peakMemory, rows: rows)
        json ? try showJSON(report) : show(report)
    }

    private func load() throws -> DecoderModel {
        let checkpoint = try Checkpoint(folder: model)
        let options = DecoderModel.Options(
            precision: precision, team: ThreadTeam(threads: threads), keepsWeights: false)
        guard packedFile else { return try DecoderModel(checkpoint: checkpoint, options: options) }
        return try PreparedWeights(modelFolder: model, precision: precision).model(of: checkpoint, options: options)
            .model
    }

    private func showJSON(_ report: EngineBenchReport) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        promptintern.show(String(decoding: try encoder.encode(report), as: UTF8.self))
    }

    private func measure(_ benchmark: EngineBenchmark) throws -> [EngineBenchmark.Row] {
        var rows: [EngineBenchmark.Row] = []
        for tokens in numbers(prompt, least: 1) ?? [] { rows.append(try benchmark.prefill(tokens: tokens)) }
        for positions in numbers(context, least: 1) ?? [] {
            for sequences in numbers(batch, least: 1) ?? [] {
                for tokens in numbers(generate, least: 1) ?? [] {
                    rows.append(try benchmark.decode(tokens: tokens, batch: sequences, context: positions))
                }
            }
        }
        return rows
    }

    private func show(_ report: EngineBenchReport) {
        var table = Columns(
            rows: [["work", "tokens", "batch", "context", "tokens/s", "slowest", "fastest"]], right: [1, 2, 3, 4, 5, 6])
        table.rows += report.rows.map { row in
            [row.work, "\(row.tokens)", "\(row.batch)", "\(row.context)"]
                + [row.tokensPerSecond, row.slowest, row.fastest].map { String(format: "%.1f", $0) }
        }
        promptintern.show(
            "\(report.model): \(report.precision), \(report.threads) threads, \(report.instructions); loaded in "
                + String(format: "%.2f s", report.loadSeconds)
                + ", peak memory \(report.peakMemory >> 20) MiB\n" + table.text)
    }
}
