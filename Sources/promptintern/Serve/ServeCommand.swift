public import ArgumentParser
public import Configuration
import Foundation

extension EngineSetting.Precision: ExpressibleByArgument {}

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

    @Option(
        help: ArgumentHelp(
            "A model folder (config.json, model.safetensors, tokenizer.json, chat template) to serve as it is, under "
                + "the folder's name.", valueName: "dir"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "An adapter of the model, by the name that clients ask for; may be given again.", valueName: "name=dir"))
    var adapter: [String] = []

    @Option(
        help: ArgumentHelp(
            "How the model's matrices are held: "
                + "\(EngineSetting.Precision.allCases.map(\.rawValue).joined(separator: ", ")) (default: f32)."))
    var precision: EngineSetting.Precision?

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

    @Option(
        help: ArgumentHelp(
            "The SQLite file of the keys that `keys create` makes (default: keys.sqlite beside the ledger).",
            valueName: "file"))
    var keys: String?

    /// The settings of file, flags and environment together; everything that is wrong with them is noted.
    func settings(
        environment: [String: String] = ProcessInfo.processInfo.environment, findings: ConfigurationFindings
    ) -> GatewaySettings {
        var settings = GatewaySettings()
        if let config { settings = .load(path: config, environment: environment, findings: findings) }
        if let listen = address(listen, "--listen", findings) { settings.listen = listen }
        if let adminListen = address(adminListen, "--admin-listen", findings) { settings.adminListen = adminListen }
        if let ledger { settings.ledger.file = ledger }
        if let keys { settings.keys.file = keys }
        if let key = nonEmpty(clientKey) ?? nonEmpty(environment["PROMPTINTERN_CLIENT_KEY"]) {
            settings.clientKeys.append(.key(Secret(key)))
        }
        let upstreamKey = nonEmpty(upstreamKey) ?? nonEmpty(environment["PROMPTINTERN_UPSTREAM_KEY"])
        if let upstream {
            if settings.backendNames.contains("upstream") {
                findings.add(
                    .option("--upstream", "a backend in \(config ?? "the file") is named 'upstream'", "rename that one")
                )
            } else {
                settings.upstreams.append(
                    UpstreamSetting(name: "upstream", baseURL: upstream, key: upstreamKey.map(Secret.init)))
                settings.passthrough = "upstream"
            }
        } else if self.upstreamKey != nil {
            findings.add(.option("--upstream-key", "there is no --upstream", "give the upstream's base URL too"))
        }
        ServedModel(model: model, adapters: adapter, precision: precision)
            .add(to: &settings, findings: findings)
        if let tasks { TaskDiscovery(folder: tasks).add(to: &settings, findings: findings) }
        if settings.backendNames.isEmpty, findings.errors.isEmpty {
            let advice =
                "give --upstream BASE_URL, --model DIR, or --config FILE (config/gateway.yaml serves the demo task)"
            findings.add(
                ConfigurationError(file: config ?? "the command line", problem: "nothing to serve", advice: advice))
        }
        return settings
    }

    private func nonEmpty(_ text: String?) -> String? { text.flatMap { $0.isEmpty ? nil : $0 } }

    private func address(_ text: String?, _ flag: String, _ findings: ConfigurationFindings) -> ListenAddress? {
        guard let text else { return nil }
        if let address = ListenAddress(text) { return address }
        findings.add(.option(flag, "'\(text)' is not HOST:PORT", "write an address such as 127.0.0.1:8080"))
        return nil
    }
}

extension ConfigurationError {
    /// What is wrong with an option of the command line.
    static func option(_ name: String, _ problem: String, _ advice: String) -> ConfigurationError {
        ConfigurationError(file: "the command line", key: name, problem: problem, advice: advice)
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
            promptintern serve --model <dir> [--adapter <name>=<dir>]... [<options>]
            """,
        discussion: """
            With a configuration file: the tasks and models that it names. Without one: --upstream BASE_URL, a plain \
            pass-through of every /v1 path, with a ledger; or --model DIR, a model folder in Hugging Face's layout, with its \
            own chat template.

            Clients change only their base URL, to http://HOST:PORT/v1. Stop with Ctrl-C or SIGTERM: requests under \
            way are finished first. SIGHUP, or POST /admin/reload, reads the configuration again.

            Environment: PROMPTINTERN_UPSTREAM_KEY and PROMPTINTERN_CLIENT_KEY stand in for the two key options and keep \
            the keys out of the process list.
            """)

    @OptionGroup var options: ServeOptions

    func run() async throws {
        try await Serving(options: options).run()
    }
}
