import ArgumentParser
import Foundation
import Internalization

/// Turns the NL2Bash and tldr data files into a task's data folder.
struct BaseDataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Write the shell-command task's data folder from the NL2Bash and tldr files.",
        discussion: """
            Writes <task>/data/train.jsonl and dev.jsonl (parts of NL2Bash's train.jsonl without a query, answer or \
            group in common), test.jsonl (NL2Bash's dev.jsonl), tldr.jsonl ("page: description" and command of the \
            training pages) and <task>/examples.jsonl, the example bank.
            """)

    @Option(help: ArgumentHelp("Folder with NL2Bash's train.jsonl and dev.jsonl.", valueName: "folder"))
    var nl2bash: String

    @Option(help: ArgumentHelp("Folder with tldr's common.jsonl and linux.jsonl.", valueName: "folder"))
    var tldr: String

    @Option(help: ArgumentHelp("Task folder, or the name of one in config/tasks.", valueName: "folder"))
    var task: String = "nl2bash"

    @Option(help: "Share of the training groups to hold out for tuning decisions, in percent.")
    var heldOut: Int = 6

    func validate() throws {
        guard (1...50).contains(heldOut) else { throw ValidationError("--held-out must be between 1 and 50") }
    }

    func run() throws {
        let folder = try TaskPath(task).folder
        let all = try TaskRows.load(nl2bash + "/train.jsonl")
        let split = HeldOutRows(all, percent: heldOut)
        let pages = try ["common", "linux"].flatMap { try PageRow.load(tldr + "/" + $0 + ".jsonl") }
        let files = [
            ("data/train.jsonl", split.train), ("data/dev.jsonl", split.heldOut),
            ("data/test.jsonl", try TaskRows.load(nl2bash + "/dev.jsonl")),
            ("data/tldr.jsonl", pages.filter { $0.split == "train" }.map(\.row)),
            ("examples.jsonl", split.train.map { TaskRow(query: $0.query, answer: $0.answer) }),
        ]
        for (name, rows) in files {
            try TaskRows.save(rows, to: folder + "/" + name)
            show("\(folder)/\(name): \(rows.count) rows")
        }
    }
}

/// An example of a tldr page.
private struct PageRow: Decodable {
    let query: String
    let answer: String
    let page: String
    let split: String

    var row: TaskRow { TaskRow(query: "\(page): \(query)", answer: answer) }

    static func load(_ path: String) throws -> [PageRow] {
        guard let data = FileManager.default.contents(atPath: path) else { throw Failure("\(path): cannot be read") }
        return try data.split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
            guard let row = try? JSONDecoder().decode(PageRow.self, from: Data(line)) else {
                throw Failure("\(path):\(index + 1): is not a row with query, answer, page and split")
            }
            return row
        }
    }
}
