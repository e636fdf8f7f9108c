import ArgumentParser
import Configuration
import Foundation
import Ledger

/// Prints what was saved.
struct SavingsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "savings",
        abstract: "Show what was saved: tokens, money and time, by task, arm and reason.",
        usage: "promptintern savings [--config <file> | --ledger <file>] [<filters>] [--json]",
        discussion: """
            Reads the ledger's file, also while the gateway writes it. `GET /v1/savings` serves the same numbers.
            """)

    @OptionGroup var options: LedgerOption

    @Option(help: "Only this task.")
    var task: String?

    @Option(
        help: ArgumentHelp("From this day or time on, such as 2026-11-21 or 2026-11-21T09:00:00Z.", valueName: "time"))
    var from: String?

    @Option(help: ArgumentHelp("Up to this day or time.", valueName: "time"))
    var to: String?

    @Option(help: ArgumentHelp("One row per hour or day as well.", valueName: "hour|day"))
    var bucket: String?

    @Flag(help: "JSON instead of tables.")
    var json = false

    func run() throws {
        let filters = [("task", task), ("from", from), ("to", to), ("bucket", bucket)]
        let query = try SavingsQuery(
            parameters: filters.compactMap { name, value in value.map { (name: name, value: $0) } })
        let report = try LedgerReader(path: try options.path()).savings(query)
        show(json ? try report.json() : SavingsTable(report).text)
    }
}
