// Unchecked sendability: `Lane` is written by one iteration of `concurrentPerform` and read after all have ended.

import Dispatch

/// Pass@1: the share of tasks whose one answer passes all tests in the sandbox.
public struct PassAtOne: Sendable {
    /// For each task, how its program ended; 0 as exit status is a pass.
    public let outcomes: [PythonSandbox.Outcome]

    private final class Lane: @unchecked Sendable {
        var outcomes: [Int: PythonSandbox.Outcome] = [:]
        var failure: (any Error)?
    }

    /// Runs every task's answer, `threads` at a time.
    ///
    /// - Throws: what keeps the sandbox from being set up; a wrong answer is a result, no error.
    public init(tasks: [ProgramTask], answers: [String], sandbox: PythonSandbox, threads: Int = 2) throws {
        precondition(tasks.count == answers.count, "every task needs one answer")
        let lanes = (0..<threads).map { _ in Lane() }
        DispatchQueue.concurrentPerform(iterations: threads) { number in
            for index in stride(from: number, to: tasks.count, by: threads) where lanes[number].failure == nil {
                do {
                    lanes[number].outcomes[index] = try sandbox.run(tasks[index].program(answers[index]))
                } catch {
                    lanes[number].failure = error
                }
            }
        }
        for lane in lanes {
            if let failure = lane.failure { throw failure }
        }
        outcomes = tasks.indices.map { lanes[$0 % threads].outcomes[$0]! }
    }

    /// Number of passes.
    public var passed: Int { outcomes.count { $0 == .exited(0) } }
}
