import ArgumentParser
import Configuration
import Foundation
import Gateway
import Ledger

/// Checks a configuration without serving it.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a configuration: files, models, schemas, manifests, prices.",
        usage: "promptintern check --config <file> [<options of serve>]",
        discussion: """
            Opens everything that `serve` would open, except the listeners and the ledger, and calls no model. \
            Tells everything that is wrong, in the words of `serve` and of a reload. Exit code 0 if it can be served, \
            2 if not.
            """)

    @Flag(help: "Print the settings in force, defaults included and secrets masked; open nothing.")
    var print = false

    @Flag(help: "Print a JSON Schema of the configuration file, for editors.")
    var schema = false

    @OptionGroup var options: ServeOptions

    func run() async throws {
        if schema { return show(String(ConfigurationSchema.json.dropLast())) }
        do {
            if print {
                let findings = ConfigurationFindings()
                let settings = options.settings(findings: findings)
                try findings.check()
                return show(String(settings.text.dropLast()))
            }
            try await check(try GatewayParts.open(options))
        } catch {
            Failure.tell(error)
            throw ExitCode(2)
        }
    }

    private func check(_ parts: GatewayParts) async throws {
        defer { parts.close() }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("check-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let ledger = try LedgerStore(path: folder.appendingPathComponent("ledger.sqlite").path)
        let gateway = try await GatewayService(parts.configuration, backends: parts.backends, ledger: ledger)
        var problems: [String] = []
        for task in gateway.tasks() {
            show("task \(task.task): schema \(task.schemaVersion), mode \(task.mode), manifest \(task.manifest)")
            problems += task.problems.map { "task \(task.task): \($0)" }
        }
        await ledger.close()
        guard problems.isEmpty else { throw Failure(problems.joined(separator: "\npromptintern: ")) }
        show("\(options.config ?? "the settings"): can be served")
    }
}
