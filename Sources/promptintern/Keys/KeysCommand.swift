import Access
import ArgumentParser
import Configuration
import Foundation

/// The keys that callers present.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make, list, rotate and revoke the keys that callers present.",
        discussion: """
            Works on the key store's file, whether or not a gateway serves; a gateway follows within a second. Once \
            there is a key, every request needs one. A key is shown once, when it is made or rotated; only its hash \
            is kept. With PROMPTINTERN_KEY_PEPPER set, here and for the gateway, keys are hashed with that pepper.
            """,
        subcommands: [
            KeysCreateCommand.self, KeysListCommand.self, KeysShowCommand.self, KeysRotateCommand.self,
            KeysRevokeCommand.self,
        ])
}

/// Which key store a command works on.
struct KeyStoreOption: ParsableArguments {
    @Option(help: ArgumentHelp("The configuration whose key store is used.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The key store's SQLite file (default: var/keys.sqlite).", valueName: "file"))
    var keys: String?

    /// The store; its file is made only if `makes` says so.
    func open(makes: Bool = false) throws -> KeyStore {
        var settings = GatewaySettings()
        if let config { settings = try GatewaySettings.load(path: config) }
        let path = keys ?? settings.keysFile
        guard makes || FileManager.default.fileExists(atPath: path) else {
            throw Failure(
                "there is no key store at \(path): make a key with `promptintern keys create NAME`, or name the file with "
                    + "--keys or the configuration with --config")
        }
        return try KeyStore(path: path, hasher: KeyHasher(environment: ProcessInfo.processInfo.environment))
    }
}

/// Makes a key.
struct KeysCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a key and show it, once.")

    @Argument(help: "Its name: a-z, 0-9, '.', '_' and '-'; stands in the ledger.")
    var name: String

    @OptionGroup var limits: KeyPolicyOptions
    @OptionGroup var store: KeyStoreOption

    func run() throws {
        let issued = try store.open(makes: true).create(try limits.policy(name: name))
        KeyText.show(issued)
    }
}

/// Gives a key a new secret.
struct KeysRotateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Give a key a new secret and show it, once; limits and use stay.")

    @Argument(help: "The key's name or id.")
    var key: String

    @Option(help: ArgumentHelp("How long the secret before is accepted still, such as 24h.", valueName: "span"))
    var grace = "0"

    @OptionGroup var store: KeyStoreOption

    func run() throws {
        guard let seconds = KeyTime.seconds(grace) else {
            throw ValidationError("--grace '\(grace)' is no span: write \(KeyTime.spanForms)")
        }
        KeyText.show(try store.open().rotate(key, grace: seconds))
    }
}

/// Ends a key.
struct KeysRevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "revoke", abstract: "End a key for good.")

    @Argument(help: "The key's name or id.")
    var key: String

    @OptionGroup var store: KeyStoreOption

    func run() throws {
        let record = try store.open().revoke(key)
        show("\(record.policy.name): revoked")
    }
}

/// Lists the keys.
struct KeysListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the keys, without secrets.")

    @OptionGroup var store: KeyStoreOption

    func run() throws {
        let keys = try store.open().keys()
        var table = Columns(rows: [["name", "id", "state", "expires", "models", "tasks", "limits"]])
        for key in keys { table.rows.append(KeyText.cells(key)) }
        show(keys.isEmpty ? "no keys" : table.text)
    }
}

/// Shows one key.
struct KeysShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a key, without its secret.")

    @Argument(help: "The key's name or id.")
    var key: String

    @OptionGroup var store: KeyStoreOption

    func run() throws { show(KeyText.details(try store.open().key(key))) }
}
