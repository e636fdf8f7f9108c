import ArgumentParser
import Foundation
import Internalization

/// The commands about tasks that programs answer.
struct ProgramsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "programs",
        abstract: "Tasks that a Python program answers (MBPP): data files, and pass@1 in a sandbox.",
        subcommands: [ProgramsDataCommand.self, ProgramsCheckCommand.self])
}

/// Turns MBPP's file into a task's data files.
struct ProgramsDataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Write a task's data files from MBPP's: train, dev (validation) and test.",
        discussion: "A query is the task in words with its tests; the stages are then made like any other task's.")

    @Option(help: ArgumentHelp("MBPP's rows.", valueName: "file"))
    var mbpp: String

    @Option(help: ArgumentHelp("Task folder to write to.", valueName: "folder"))
    var task: String

    func run() throws {
        let tasks = try ProgramTask.load(mbpp)
        for (split, name) in [("train", "train"), ("validation", "dev"), ("test", "test")] {
            let rows = tasks.filter { $0.split == split }.map(\.row)
            guard !rows.isEmpty else { throw Failure("\(mbpp): has no rows of the split '\(split)'") }
            let path = "\(task)/data/\(name).jsonl"
            try TaskRows.save(rows, to: path)
            show("\(path): \(rows.count) rows")
        }
    }
}

/// Runs programs against their tests.
struct ProgramsCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Pass@1: run answers with their tests, each in a sandbox; the reference solutions if none are given.",
        discussion: """
            An answer passes if the program made of answer, setup and tests ends with status 0 within its limits. It has \
            no network, no child processes, and can write into a folder of its own only. Needs Linux with Landlock.

            Exit code 0 if every answer was run, whatever came out.
            """)

    @Option(help: ArgumentHelp("MBPP's rows.", valueName: "file"))
    var mbpp: String

    @Option(help: ArgumentHelp("Answers: {\"task_id\": 1, \"answer\": \"...\"} a line.", valueName: "file"))
    var answers: String?

    @Option(help: "Only tasks of this split: prompt, test, validation or train.")
    var split: String?

    @Option(help: "The Python interpreter.")
    var python: String = "/usr/bin/python3"

    @Option(help: "Seconds of processor time for each program.")
    var cpu: Int = PythonSandbox.Limits().cpuSeconds

    @Option(help: "Programs at a time.")
    var threads: Int = 2

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (1...3_600).contains(cpu) else { throw ValidationError("--cpu must be between 1 and 3,600") }
        guard (1...256).contains(threads) else { throw ValidationError("--threads must be between 1 and 256") }
    }

    func run() throws {
        var tasks = try ProgramTask.load(mbpp).filter { split == nil || $0.split == split }
        var texts = tasks.map(\.answer)
        if let answers {
            let given = try Answer.load(answers)
            tasks = tasks.filter { given[$0.number] != nil }
            texts = tasks.map { given[$0.number] ?? "" }
        }
        guard !tasks.isEmpty else { throw Failure("no task is left: check --split and the task_ids of --answers") }
        var limits = PythonSandbox.Limits()
        limits.cpuSeconds = cpu
        limits.wallSeconds = max(limits.wallSeconds, 4 * cpu)
        let sandbox = try PythonSandbox(python: python, limits: limits)
        let result = try PassAtOne(tasks: tasks, answers: texts, sandbox: sandbox, threads: threads)
        let failed = zip(tasks, result.outcomes).filter { $1 != .exited(0) }
        guard json else {
            for (task, outcome) in failed { show("task \(task.number): \(outcome)") }
            return show("passed \(result.passed) of \(tasks.count)")
        }
        let report = Report(
            n: tasks.count, passed: result.passed, passAtOne: 100 * Double(result.passed) / Double(tasks.count),
            failed: failed.map(\.0.number))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        show(String(decoding: try encoder.encode(report), as: UTF8.self))
    }

    private struct Report: Encodable {
        let n: Int
        let passed: Int
        /// Percent.
        let passAtOne: Double
        /// Numbers of the tasks that did not pass.
        let failed: [Int]

        private enum CodingKeys: String, CodingKey {
            case n, passed, failed
            case passAtOne = "pass_at_1"
        }
    }

    private struct Answer: Decodable {
        let number: Int
        let answer: String

        private enum CodingKeys: String, CodingKey {
            case answer
            case number = "task_id"
        }

        static func load(_ path: String) throws -> [Int: String] {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw Failure("\(path): cannot be read")
            }
            var answers: [Int: String] = [:]
            for (index, line) in data.split(separator: UInt8(ascii: "\n")).enumerated() {
                guard let row = try? JSONDecoder().decode(Answer.self, from: Data(line)) else {
                    throw Failure("\(path):\(index + 1): is not an object with task_id and answer")
                }
                answers[row.number] = row.answer
            }
            return answers
        }
    }
}
