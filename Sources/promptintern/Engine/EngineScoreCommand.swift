import ArgumentParser
import Engine
import Foundation
import Tokenization

/// Prints what a checkpoint computes about given token sequences, for comparison with other implementations.
struct EngineScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Print a checkpoint's token ids, likelihoods, logits and greedy continuations as JSON lines.",
        discussion: """
            Each line of the input is {"text": "..."}, encoded with added tokens and the tokenizer's template as the \
            tokenizers package encodes it, or {"ids": [...]}. For each line one JSON object is printed: "ids"; "nll", \
            the negative log-likelihood in nats of every token after the first; with --logits "logits" after the last \
            token; with --greedy N "greedy", the next N likeliest tokens one by one, end tokens included.
            """)

    @Option(help: ArgumentHelp("The Hugging Face checkpoint folder.", valueName: "folder"))
    var model: String

    @Option(help: ArgumentHelp("A PEFT LoRA adapter, added to the weights.", valueName: "folder"))
    var adapter: String?

    @Option(help: ArgumentHelp("JSON lines with text or ids.", valueName: "file"))
    var input: String

    @Option(help: "How the weights are held: \(WeightPrecision.allCases.map(\.rawValue).joined(separator: ", ")).")
    var precision = WeightPrecision.float32

    @Option(help: "Threads that share each step.")
    var threads = 2

    @Flag(help: "Print the logits after the last token.")
    var logits = false

    @Option(help: "Print so many greedily generated tokens.")
    var greedy = 0

    func validate() throws {
        guard (1...256).contains(threads) else { throw ValidationError("--threads: 1 to 256 are possible") }
        guard greedy >= 0 else { throw ValidationError("--greedy: a number of tokens, zero or more, is expected") }
    }

    func run() throws {
        let checkpoint = try Checkpoint(folder: model)
        let addition = try adapter.map { try LoRAAdapter.load(folder: $0, model: checkpoint.config) }
        let decoder = try DecoderModel(
            checkpoint: checkpoint, adapter: addition,
            options: .init(precision: precision, team: ThreadTeam(threads: threads)))
        var tokenizer: Tokenizer?
        for line in try ScoreLine.read(file: input) {
            let ids: [Int32]
            switch line.input {
            case .ids(let given): ids = given
            case .text(let text):
                let loaded = try tokenizer ?? Tokenizer(contentsOf: model + "/tokenizer.json")
                tokenizer = loaded
                ids = loaded.encodeWithAddedTokens(Array(text.utf8))
            }
            do throws(EngineError) {
                show(try answer(ids, decoder))
            } catch {
                throw Failure("\(line.place): \(error)")
            }
        }
    }

    private func answer(_ ids: [Int32], _ decoder: DecoderModel) throws(EngineError) -> String {
        var members = ["\"ids\":\(Self.list(ids))", "\"nll\":\(try Self.list(decoder.score(ids), of: "likelihoods"))"]
        if logits || greedy > 0 {
            var cache = KeyValueCache(decoder.config)
            var scratch = DecoderScratch(decoder.config)
            if logits {
                try decoder.forward(ids, cache: &cache, scratch: &scratch)
                members.append("\"logits\":\(try Self.list(scratch.logits, of: "logits"))")
            }
            if greedy > 0 {
                let options = GenerationOptions(maximumNewTokens: greedy, endTokens: [])
                members.append("\"greedy\":\(Self.list(try decoder.generate(after: ids, options: options).tokens))")
            }
        }
        return "{\(members.joined(separator: ","))}"
    }

    private static func list(_ ids: [Int32]) -> String {
        "[\(ids.map(String.init).joined(separator: ","))]"
    }

    private static func list(_ values: [Float], of what: String) throws(EngineError) -> String {
        guard values.allSatisfy(\.isFinite) else {
            throw .numbers("the model's \(what) are not finite: its files are damaged, or hold no trained model")
        }
        return "[\(values.map { "\($0)" }.joined(separator: ","))]"
    }
}
