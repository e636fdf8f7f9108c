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
            Writes a checkpoint folder in bfloat16, with the tokenizer of the first base; the others must have the same \
            tokenizer and the same configuration. Whether the mean is better than its parts is for `eval` to say.
            """)

    @Argument(help: ArgumentHelp("Checkpoint folders, at least two.", valueName: "folder"))
    var bases: [String]

    @Option(help: ArgumentHelp("Checkpoint folder to write.", valueName: "folder"))
    var output: String

    func validate() throws {
        if bases.count < 2 { throw ValidationError("Name at least two checkpoint folders.") }
    }

    func run() throws {
        let tokenizer = try Self.read(bases[0] + "/tokenizer.json")
        for base in bases.dropFirst() where try Self.read(base + "/tokenizer.json") != tokenizer {
            throw InternalizationError.file(
                path: base + "/tokenizer.json",
                reason: "it differs from \(bases[0])/tokenizer.json: their tokens differ")
        }
        let configuration = try Self.read(bases[0] + "/tokenizer_config.json")
        let mean = try ModelWeights.mean(of: bases.map { try ModelWeights.load(folder: $0) })
        try mean.save(folder: output, precision: .bfloat16)
        try tokenizer.write(to: URL(fileURLWithPath: output + "/tokenizer.json"), options: .atomic)
        try configuration.write(to: URL(fileURLWithPath: output + "/tokenizer_config.json"), options: .atomic)
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
