import Foundation

/// A task that a program answers: what is asked, tests, and a reference solution (a row of MBPP).
public struct ProgramTask: Sendable, Codable, Equatable {
    /// The task in words.
    public let query: String
    /// The reference solution.
    public let answer: String
    /// The task's number.
    public let number: Int
    /// The data's own split: "train", "validation", "test" or "prompt".
    public let split: String
    /// Statements that hold if a solution is right.
    public let tests: [String]
    /// Statements between solution and tests.
    public let setup: String

    private enum CodingKeys: String, CodingKey {
        case query, answer, split, tests, setup
        case number = "task_id"
    }

    /// The program that decides whether an answer is right by its exit status: answer, setup, tests, in this order (two
    /// of MBPP's setups use what the solution defines).
    public func program(_ answer: String) -> String {
        ([Self.code(in: answer), setup] + tests).joined(separator: "\n") + "\n"
    }

    /// The row of a training or evaluation file: the task in words with its tests, as the PromptIntern release asks.
    public var row: TaskRow {
        TaskRow(query: ([query] + tests).joined(separator: "\n"), answer: answer, group: String(number))
    }

    /// An answer without the fence that a chat model may put around it.
    static func code(in answer: String) -> String {
        let lines = answer.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(where: { $0.hasPrefix("```") }) else { return answer }
        let end = lines[(start + 1)...].firstIndex { $0.hasPrefix("```") } ?? lines.endIndex
        return lines[(start + 1)..<end].joined(separator: "\n")
    }

    /// The tasks of a file, one JSON object a line.
    ///
    /// - Throws: `InternalizationError.row` with file and line for a line that is no such task.
    public static func load(_ path: String) throws(InternalizationError) -> [ProgramTask] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .file(path: path, reason: "cannot be read")
        }
        var tasks: [ProgramTask] = []
        for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty {
            do {
                tasks.append(try JSONDecoder().decode(ProgramTask.self, from: Data(line)))
            } catch {
                throw .row(
                    path: path, line: index + 1,
                    reason: "is not a task with query, answer, task_id, split, tests and setup")
            }
        }
        guard !tasks.isEmpty else { throw .file(path: path, reason: "holds no tasks") }
        return tasks
    }
}
