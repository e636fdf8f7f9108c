import ArgumentParser
import Configuration
import Foundation

/// The flags that stand in for a configuration file, or win over it.
struct ServeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The configuration; the flags below win over it.", valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "An OpenAI-compatible API, with its /v1: takes full prompts and everything unrecognised.",
            valueName: "base-url"))
    var upstream: String?

    @Option(
        help: ArgumentHelp(
            "Sent to the upstream in place of the client's own key. Better: PROMPTINTERN_UPSTREAM_KEY.",
            valueName: "key"))
    var upstreamKey: String?

    @Option(
        help: ArgumentHelp(
            "What clients must send as bearer token. Better: PROMPTINTERN_CLIENT_KEY. Needed to listen on an "
                + "address that others can reach.",
            valueName: "key"))
    var clientKey: String?

    @Option(help: ArgumentHelp("The main listener (default: 127.0.0.1:8080).", valueName: "host:port"))
    var listen: String?

    @Option(help: ArgumentHelp("The admin listener (default: 127.0.0.1:8081).", valueName: "host:port"))
    var adminListen: String?

    @Option(
        help: ArgumentHelp("A folder of task folders to serve as well, in mode audit.", valueName: "dir"))
    var tasks: String?

    @Option(
        help: ArgumentHelp("The ledger's SQLite file; made if absent (default: var/ledger.sqlite).", valueName: "file"))
    var ledger: String?

    /// The settings of file, flags and environment together.
    func settings(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> GatewaySettings {
        var settings = GatewaySettings()
        if let config { settings = try GatewaySettings.load(path: config, environment: environment) }
        if let listen { settings.listen = try address(listen, flag: "--listen") }
        if let adminListen { settings.adminListen = try address(adminListen, flag: "--admin-listen") }
        if let ledger { settings.ledger.file = ledger }
        if let key = nonEmpty(clientKey) ?? nonEmpty(environment["PROMPTINTERN_CLIENT_KEY"]) {
            settings.clientKeys.append(.key(Secret(key)))
        }
        let upstreamKey = nonEmpty(upstreamKey) ?? nonEmpty(environment["PROMPTINTERN_UPSTREAM_KEY"])
        if let upstream {
            guard !settings.backendNames.contains("upstream") else {
                throw Failure("--upstream and a backend named 'upstream' in \(config ?? "the file"): rename that one")
            }
            settings.upstreams.append(
                UpstreamSetting(name: "upstream", baseURL: upstream, key: upstreamKey.map(Secret.init)))
            settings.passthrough = "upstream"
        } else if self.upstreamKey != nil {
            throw Failure("--upstream-key without --upstream: give the upstream's base URL too")
        }
        if let tasks { try TaskDiscovery(folder: tasks).add(to: &settings) }
        if settings.backendNames.isEmpty {
            throw Failure(
                "nothing to serve: give --upstream BASE_URL, or --config FILE "
                    + "(config/gateway.yaml serves the demo task)")
        }
        return settings
    }

    private func nonEmpty(_ text: String?) -> String? { text.flatMap { $0.isEmpty ? nil : $0 } }

    private func address(_ text: String, flag: String) throws -> ListenAddress {
        guard let address = ListenAddress(text) else {
            throw Failure("\(flag) '\(text)' is not HOST:PORT: write an address such as 127.0.0.1:8080")
        }
        return address
    }
}

/// Serves.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the API.",
        usage: """
            promptintern serve --config <file> [<options>]
            promptintern serve --upstream <base-url> [<options>]
            """,
        discussion: """
            With a configuration file: the tasks and models that it names. Without one: --upstream BASE_URL, a plain \
            pass-through of every /v1 path, with a ledger.

            Clients change only their base URL, to http://HOST:PORT/v1. Stop with Ctrl-C or SIGTERM: requests under \
            way are finished first.

            Environment: PROMPTINTERN_UPSTREAM_KEY and PROMPTINTERN_CLIENT_KEY stand in for the two key options and keep \
            the keys out of the process list.
            """)

    @OptionGroup var options: ServeOptions

    func run() async throws {
        try await Serving(settings: try options.settings()).run()
    }
}
