import ArgumentParser
import ChatAPI
import Experimentation

/// Shows the tasks of a running gateway.
struct TasksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tasks", abstract: "Show the tasks of a running gateway, with their modes and models.")

    @OptionGroup var options: AdminOptions

    func run() async throws {
        let overview = try await options.send("GET", "/admin/tasks").root
        if overview["kill_switch"]?.bool == true { show("The kill switch is ON: every request goes in full.\n") }
        var table = Columns(rows: [["task", "mode", "manifest", "tuned", "full prompt"]])
        let tasks = overview["tasks"].map { Array($0.elements) } ?? []
        for task in tasks {
            func text(_ name: StaticString) -> String { task[name]?.string?.text ?? "-" }
            table.rows.append([
                text("task"), text("mode"), text("manifest"), "\(text("tuned_model")) (\(text("tuned_backend")))",
                "\(text("full_model")) (\(text("full_backend")))",
            ])
        }
        show(table.rows.count == 1 ? "no tasks: everything is passed through" : table.text)
        for task in tasks {
            if let share = task["stage"]?["template"]?.double,
                let examples = task["stage"]?["examples"]?.double.flatMap({ Int(exactly: $0) })
            {
                show("\n\(task["task"]?.string?.text ?? ""): \(stageText(template: share, examples: examples))")
            }
            for problem in task["problems"].map({ Array($0.elements) }) ?? [] {
                show("\n\(task["task"]?.string?.text ?? ""): \(problem.string?.text ?? "")")
            }
        }
    }
}

/// Sets a task's mode in a running gateway.
struct ModeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mode",
        abstract: "Set a task's mode in a running gateway; it holds at once and after a restart.",
        discussion: """
            off: every request in full. audit: in full, and the ledger says what could have been taken out. \
            canary:N: N percent of the callers, always the same ones, are answered by the tuned model. on: all are.
            """)

    @Argument(help: "The task.")
    var task: String

    @Argument(help: "off, audit, canary:PERCENT or on.")
    var mode: String

    @OptionGroup var options: AdminOptions

    func run() async throws {
        let mode = try Mode(text: mode)
        var json = JSONWriter()
        json.object { $0.member("mode", mode.text) }
        let status = try await options.send(
            "PUT", "/admin/tasks/\(AdminOptions.escaped(task))/mode", body: json.bytes)
        show("\(task): mode \(status.root["mode"]?.string?.text ?? mode.text)")
    }
}
