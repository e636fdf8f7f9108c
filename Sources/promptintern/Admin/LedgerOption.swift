import ArgumentParser
import Configuration
import Foundation

/// Which ledger a command reads.
struct LedgerOption: ParsableArguments {
    @Option(help: ArgumentHelp("The configuration whose ledger is read.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The ledger's SQLite file (default: var/ledger.sqlite).", valueName: "file"))
    var ledger: String?

    /// The path of a ledger that is there.
    func path() throws -> String {
        let path = try ledger ?? config.map { try GatewaySettings.load(path: $0).ledger.file } ?? LedgerSetting().file
        guard FileManager.default.fileExists(atPath: path) else {
            throw Failure(
                "there is no ledger at \(path): serve first, or name the file with --ledger or the configuration "
                    + "with --config")
        }
        return path
    }
}
