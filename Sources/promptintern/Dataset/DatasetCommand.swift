import ArgumentParser
import Configuration
import Foundation
import Internalization
import PromptSchema
import Tokenization

/// What is done with a task's data before it is trained on.
struct DatasetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dataset",
        abstract: "Turn recorded chat requests into a task's rows, split them, check them.",
        subcommands: [
            DatasetImportCommand.self, DatasetSplitCommand.self, DatasetBuildCommand.self, DatasetStatsCommand.self,
            DatasetNeighboursCommand.self,
        ])
}

/// The task's schema, as an import needs it: examples that the bank lacks are read, not refused.
private func importSchema(_ task: String) throws -> Schema {
    let schema = try SchemaFile.load(path: task + "/schema.yaml")
    return try Schema(
        id: schema.id, version: schema.version, messages: schema.messages, exampleTurns: schema.exampleTurns,
        unknownExamples: .strip, normalizeLineEndings: schema.normalizeLineEndings, allows: schema.allows)
}

/// Writes one JSON object a line.
private func writeLines(_ values: [some Encodable], to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let url = URL(fileURLWithPath: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    let lines = try values.map { try encoder.encode($0) + Data("\n".utf8) }
    try Data(lines.joined()).write(to: url, options: .atomic)
}

/// Prints a value as JSON.
private func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    show(String(decoding: try encoder.encode(value), as: UTF8.self))
}

/// Decomposes requests by the task's schema.
struct DatasetImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take query and answer out of recorded chat requests by the task's schema.",
        discussion: """
            Each line is {"messages": […, {"role": "assistant", …}]}, as in OpenAI's fine-tuning files, or {"request": …, \
            "response": …}. Writes rows with query, answer, group, the examples that were shown, a hash and the place \
            they came from; says what did not parse, by reason and place. Exit code 1 if nothing parsed.
            """)

    @Option(help: ArgumentHelp("Task folder with schema.yaml.", valueName: "folder"))
    var task: String

    @Argument(help: "Files of recorded requests, JSON lines.")
    var files: [String]

    @Option(help: ArgumentHelp("Rows to write; <task>/data/imported.jsonl by default.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("Write the examples that the requests showed, as a bank.", valueName: "file"))
    var examples: String?

    func run() throws {
        let report = try Self.importRows(
            task: task, files: files, output: output ?? task + "/data/imported.jsonl", examples: examples)
        try printJSON(report)
        if report.rows == 0 { throw ExitCode(1) }
    }

    static func importRows(
        task: String, files: [String], output: String, examples: String?
    ) throws -> DatasetImport.Report {
        var dataset = DatasetImport(schema: try importSchema(task))
        for file in files { try dataset.read(file) }
        try writeLines(dataset.rows, to: output)
        if let examples { try writeLines(dataset.examples, to: examples) }
        return dataset.report
    }
}

/// Splits rows.
struct DatasetSplitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "split",
        abstract: "Split rows into train, dev and test by a hash of their group or query.",
        discussion: "Rows of a group stay together, and a row's split does not depend on the other rows.")

    @Option(help: ArgumentHelp("Task folder.", valueName: "folder"))
    var task: String

    @Option(help: ArgumentHelp("Rows; <task>/data/imported.jsonl by default.", valueName: "file"))
    var data: String?

    @Option(help: "Share of dev rows.")
    var dev: Double = 0.1

    @Option(help: "Share of test rows.")
    var test: Double = 0.1

    @Option(help: "Another salt gives another split.")
    var salt: String = ""

    func run() throws {
        let split = try write()
        show("train \(split.train.count), dev \(split.dev.count), test \(split.test.count)")
    }

    @discardableResult
    func write() throws -> DatasetSplit {
        let rows = try TaskRows.load(data ?? task + "/data/imported.jsonl")
        let split = try DatasetSplit(rows, dev: dev, test: test, salt: salt)
        guard !split.train.isEmpty else {
            throw Failure("the split leaves no training rows; there are only \(rows.count)")
        }
        try TaskRows.save(split.train, to: task + "/data/train.jsonl")
        try TaskRows.save(split.dev, to: task + "/data/dev.jsonl")
        try TaskRows.save(split.test, to: task + "/data/test.jsonl")
        return split
    }
}

/// Import, split and check in one.
struct DatasetBuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Import recorded requests, split them, and write a task's data files and its bank of examples.",
        discussion: """
            The training rows become the bank that the gateway knows, if the task has no examples.jsonl yet. Exit code 1 \
            if nothing parsed, or a held-out query is in the training file.
            """)

    @Option(help: ArgumentHelp("Task folder with schema.yaml.", valueName: "folder"))
    var task: String

    @Argument(help: "Files of recorded requests, JSON lines.")
    var files: [String]

    @Option(help: "Share of dev rows.")
    var dev: Double = 0.1

    @Option(help: "Share of test rows.")
    var test: Double = 0.1

    func run() throws {
        let report = try DatasetImportCommand.importRows(
            task: task, files: files, output: task + "/data/imported.jsonl", examples: nil)
        try printJSON(report)
        guard report.rows > 0 else { throw ExitCode(1) }
        var command = try DatasetSplitCommand.parse(["--task", task])
        command.dev = dev
        command.test = test
        let split = try command.write()
        let bank = task + "/examples.jsonl"
        if !FileManager.default.fileExists(atPath: bank) { try TaskRows.save(split.train, to: bank) }
        try DatasetStatsCommand.parse(["--task", task]).run()
    }
}

/// Counts, duplicates, leakage.
struct DatasetStatsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Count a task's rows, and look for duplicates and leakage between train, dev and test.",
        discussion:
            "Lengths are in tokens of the task's base model, or in bytes without one. Exit code 1 if a held-out "
            + "query or group is in the training file.")

    @Option(help: ArgumentHelp("Task folder.", valueName: "folder"))
    var task: String

    func run() throws {
        var files: [String: [TaskRow]] = [:]
        for name in ["train", "dev", "test"] {
            let path = task + "/data/\(name).jsonl"
            guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int, size > 0 else {
                continue
            }
            files[name] = try TaskRows.load(path)
        }
        guard !files.isEmpty else { throw Failure("\(task)/data: there is no train.jsonl, dev.jsonl or test.jsonl") }
        let tokenizer = try? Tokenizer(contentsOf: task + "/base/tokenizer.json")
        let statistics = DatasetStatistics(files) { text in
            tokenizer.map { $0.count(Array(text.utf8)) } ?? text.utf8.count
        }
        try printJSON(statistics)
        if statistics.leaks { throw ExitCode(1) }
    }
}
