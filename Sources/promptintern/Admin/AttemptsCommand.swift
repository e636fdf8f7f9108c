import ArgumentParser
import Foundation
import Ledger

/// Prints what the ledger knows of requests.
struct AttemptsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attempts",
        abstract: "Show the ledger's rows of a request: who was asked, why, and what it took.",
        usage: "promptintern attempts <request-id> ... [--config <file> | --ledger <file>]",
        discussion: """
            The id is the response's x-request-id. Exit code 1 if one of the requests has no row.
            """)

    @Argument(help: ArgumentHelp("The requests' ids.", valueName: "request-id"))
    var requests: [String]

    @OptionGroup var options: LedgerOption

    func run() throws {
        let ledger = try LedgerReader(path: try options.path())
        var table = Columns(rows: [
            ["request", "attempt", "task", "arm", "reason", "model", "status", "full", "sent", "answer", "ms", "end"]
        ])
        table.right = [6, 7, 8, 9, 10]
        var missing: [String] = []
        for id in requests {
            let rows = try ledger.entries(requestID: id)
            if rows.isEmpty { missing.append(id) }
            table.rows += rows.map(Self.cells)
        }
        if table.rows.count > 1 { show(table.text) }
        guard missing.isEmpty else {
            throw Failure(
                "no row for \(missing.joined(separator: ", ")): check the id, and that this is its gateway's ledger")
        }
    }

    private static func cells(_ row: LedgerEntry) -> [String] {
        [
            row.requestID, "\(row.attempt)", row.task ?? "-", row.arm.rawValue, row.reason,
            row.model.isEmpty ? "-" : row.model, "\(row.status)", "\(row.tokens.full.total)",
            "\(row.tokens.sent.total)", "\(row.tokens.completion)", "\(Int(row.totalTime))", row.outcome.rawValue,
        ]
    }
}
