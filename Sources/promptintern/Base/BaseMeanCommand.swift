import ArgumentParser
import Engine
import Foundation
import Internalization

/// Makes a base of several runs.
struct BaseMeanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mean",
        abstract: "Average the weights of bases that share their beginning.",
        discussion: """
            Writes a checkpoint folder in bfloat16. The bases must have one tokenizer, one chat template and one \
            configuration. Whether the mean is better than its parts is for `eval` to say.
            """)

    @Argument(help: ArgumentHelp("Checkpoint folders, at least two.", valueName: "folder"))
    var bases: [String]

    @Option(help: ArgumentHelp("Checkpoint folder to write.", valueName: "folder"))
    var output: String

    private static let tokenizerFiles = ["tokenizer.json", "tokenizer_config.json"]

    func validate() throws {
        if bases.count < 2 { throw ValidationError("Name at least two checkpoint folders.") }
        let own = URL(fileURLWithPath: output).standardized
        if bases.contains(where: { URL(fileURLWithPath: $0).standardized == own }) {
            throw ValidationError("--output is one of the bases; write the mean to a folder of its own.")
        }
    }

    func run() throws {
        let texts = try Self.tokenizerFiles.map { (name: $0, text: try Self.read(bases[0] + "/" + $0)) }
        for base in bases.dropFirst() {
            for (name, text) in texts where try Self.read(base + "/" + name) != text {
                throw InternalizationError.file(
                    path: base + "/" + name, reason: "it differs from \(bases[0])/\(name): they read text differently")
            }
        }
        let mean = try ModelWeights.mean(of: bases.map { try ModelWeights.load(folder: $0) })
        try mean.save(folder: output, precision: .bfloat16)
        for (name, text) in texts { try text.write(to: URL(fileURLWithPath: output + "/" + name), options: .atomic) }
        show("\(output): the mean of \(bases.count) bases, \(mean.values.count) parameters")
    }

    private static func read(_ path: String) throws(InternalizationError) -> Data {
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw .file(path: path, reason: "it cannot be read: \(error.localizedDescription)")
        }
    }
}
