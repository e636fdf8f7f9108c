import Experimentation
import Testing

@testable import Configuration

@Suite("gateway settings")
struct GatewaySettingsTests {
    private static let full = """
        listen: 0.0.0.0:80
        admin_listen: "[::1]:${ADMIN_PORT:-9001}"
        client_keys:
          - sha256: 2C26B46B68FFC68FF99B453C1D30413413422D706483BFA0F98A5E886266E7AE
          - env: KEYS
        ledger: {file: ../var/l.sqlite, durability: power, on_error: reject}
        prices: prices.yaml
        engines:
          demo:
            model: tasks/demo/base
            adapters:
              demo: tasks/demo/adapter
              other: {folder: /models/other, sha256: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae}
            precision: int8
            threads: 3
            queue: 7
        servers:
          vllm: {base_url: "http://${HOST}:8000/v1", key: secret-1}
        upstreams:
          openai:
            base_url: https://api.openai.com/v1
            key_env: UPSTREAM
            model_map: {small: gpt-4o-mini}
        passthrough: openai
        tasks:
          - folder: tasks/demo
            mode: canary:25
            tuned: {backend: demo, model: demo}
            full_prompt: {backend: openai, model: gpt-4o}
          - folder: ./tasks/second
            mode: on
        limits: {body_bytes: 2048, tuned_first_token_seconds: 0.5}
        kill_switch: true
        stream_usage: always
        """
    private static let environment = ["HOST": "gpu", "UPSTREAM": "secret-2", "KEYS": "first,second"]

    private func error(_ text: String, environment: [String: String] = Self.environment) -> String {
        do throws(ConfigurationError) {
            _ = try GatewaySettings.parse(text, file: "config/gateway.yaml", environment: environment)
            return "none"
        } catch {
            return error.description
        }
    }

    @Test("a file with every section is read as it is written")
    func everything() throws {
        let settings = try GatewaySettings.parse(
            Self.full, file: "config/gateway.yaml", environment: Self.environment)
        #expect(settings.listen == ListenAddress(host: "0.0.0.0", port: 80))
        #expect(settings.adminListen == ListenAddress(host: "::1", port: 9001))
        #expect(
            settings.clientKeys == [
                .sha256("2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"),
                .key(Secret("first")), .key(Secret("second")),
            ])
        #expect(settings.ledger.file == "var/l.sqlite")
        #expect(settings.ledger.durability == .power)
        #expect(settings.ledger.onError == .reject)
        #expect(settings.prices == "config/prices.yaml")
        let engine = try #require(settings.engines.first)
        #expect(engine.model == "config/tasks/demo/base")
        #expect(engine.baseName == "demo-base")
        #expect(engine.adapters.map(\.folder) == ["config/tasks/demo/adapter", "/models/other"])
        #expect(engine.adapters.map { $0.sha256?.prefix(4) } == [nil, "2c26"])
        #expect(engine.threads == 3 && engine.queue == 7 && engine.precision == .int8)
        #expect(
            settings.servers == [UpstreamSetting(name: "vllm", baseURL: "http://gpu:8000/v1", key: Secret("secret-1"))])
        #expect(settings.upstreams.first?.key?.value == "secret-2")
        #expect(settings.upstreams.first?.modelMap == ["small": "gpt-4o-mini"])
        #expect(settings.passthrough == "openai")
        #expect(settings.tasks.map(\.mode) == [.canary(percent: 25), .on])
        #expect(settings.tasks.map(\.folder) == ["config/tasks/demo", "config/tasks/second"])
        #expect(settings.tasks[0].fullPrompt == TaskSetting.Target(backend: "openai", model: "gpt-4o"))
        #expect(settings.limits.bodyBytes == 2048)
        #expect(settings.limits.tunedFirstToken == 0.5)
        #expect(settings.killSwitch)
        #expect(settings.streamUsage == .always)
    }

    @Test("what is left out has its default, with the ledger beside the configuration")
    func defaults() throws {
        let settings = try GatewaySettings.parse("listen: localhost:1", file: "/etc/gateway.yaml")
        #expect(settings.adminListen == .defaultAdmin)
        #expect(settings.ledger.file == "/etc/var/ledger.sqlite")
        #expect(settings.tasks.isEmpty && settings.backendNames.isEmpty && !settings.killSwitch)
        #expect(settings.limits == LimitSettings())
        #expect(settings.streamUsage == .asAsked)
    }

    @Test(
        "an error names file, line and key, and says what to do",
        arguments: [
            ("lisen: a:1", "config/gateway.yaml:1: lisen: it is not a known key; did you mean 'listen'?"),
            (
                "listen: 8080",
                "config/gateway.yaml:1: listen: it is not HOST:PORT; write an address such as 127.0.0.1:8080"
            ),
            (
                "kill_switch: false\nengines:\n  a: {modle: x}",
                "config/gateway.yaml:3: engines.a.modle: it is not a known key; did you mean 'model'?"
            ),
            (
                "engines:\n  a: {threads: 2}",
                "config/gateway.yaml:2: engines.a: 'model' is missing; give the folder of the base model"
            ),
            (
                "upstreams:\n  a:\n    base_url: ftp://x",
                "config/gateway.yaml:3: upstreams.a.base_url: it must start with http:// or https://; "
                    + "write a URL such as https://api.openai.com/v1"
            ),
            (
                "upstreams:\n  a:\n    base_url: http://x\n    key_env: NOT_SET",
                "config/gateway.yaml:4: upstreams.a.key_env: the environment variable NOT_SET is not set; "
                    + "set it before the start"
            ),
            (
                "upstreams:\n  a: {base_url: 'http://x', key: k, key_file: f}",
                "config/gateway.yaml:2: upstreams.a: it has both key and key_file; keep one of them"
            ),
            (
                "engines:\n  a: {model: m}\nservers:\n  a: {base_url: 'http://x'}",
                "config/gateway.yaml:4: servers.a: another backend has the same name; give each a name of its own"
            ),
            (
                "engines:\n  a: {model: m, base_name: x}\n  b:\n    model: m\n    adapters: {x: f}",
                "config/gateway.yaml:5: engines.b.adapters.x: a model of engine 'a' has the same name; "
                    + "give each a name of its own"
            ),
            (
                "engines:\n  a: {model: m, base_name: x}\n  b: {model: m, base_name: x}",
                "config/gateway.yaml:3: engines.b: its base model is named 'x', and so is a model of engine 'a'; "
                    + "give it another base_name"
            ),
            (
                "engines:\n  a: {model: m}\naliases:\n  a-base: {backend: a, model: a-base}",
                "config/gateway.yaml:4: aliases.a-base: a model of engine 'a' has the same name; give each a name of its own"
            ),
            (
                "engines:\n  demo: {model: m}\ntasks:\n  - folder: t\n    tuned: {backend: dmo, model: x}",
                "config/gateway.yaml:5: tasks[0].tuned.backend: there is no engine, server or upstream named 'dmo'; "
                    + "did you mean 'demo'?"
            ),
            (
                "tasks:\n  - folder: t\n    mode: canary:101",
                "config/gateway.yaml:3: tasks[0].mode: 'canary:101' is not a mode; write \(Mode.allowedForms)"
            ),
            (
                "tasks:\n  - folder: t\n  - folder: ./t",
                "config/gateway.yaml:3: tasks[1].folder: another task has the same folder; remove one of the two"
            ),
            (
                "passthrough: x",
                "config/gateway.yaml:1: passthrough: there is no upstream named 'x'; define it, or remove this line"
            ),
            (
                "client_keys:\n  - sha256: abc",
                "config/gateway.yaml:2: client_keys[0].sha256: it is not a SHA-256 in hexadecimal; "
                    + "write the output of: printf %s \"$KEY\" | sha256sum"
            ),
            (
                "limits: {body_bytes: 1}",
                "config/gateway.yaml:1: limits.body_bytes: it must be from 1024 to 1073741824; "
                    + "choose a number in that range"
            ),
            (
                "listen: ${NO_SUCH}",
                "config/gateway.yaml:1: listen: the environment variable NO_SUCH is not set; "
                    + "set it, or write ${NO_SUCH:-default}"
            ),
            (
                "ledger: {durability: fsync}",
                "config/gateway.yaml:1: ledger.durability: 'fsync' is not one of its values; known are power, process"
            ),
            ("listen: [", "config/gateway.yaml:2: it is not valid YAML"),
        ])
    func errors(_ text: String, _ expected: String) {
        #expect(error(text).hasPrefix(expected))
    }

    @Test("a file that is not there is named")
    func missingFile() {
        #expect(throws: ConfigurationError.self) { try GatewaySettings.load(path: "no/such.yaml", environment: [:]) }
    }

    @Test("no description of settings shows a secret")
    func secrets() throws {
        let settings = try GatewaySettings.parse(Self.full, file: "gateway.yaml", environment: Self.environment)
        var dumped = ""
        dump(settings, to: &dumped)
        for text in [dumped, "\(settings)", String(reflecting: settings)] {
            #expect(!text.contains("secret-1") && !text.contains("secret-2") && !text.contains("first,"))
        }
    }

    @Test(
        "addresses are host and port",
        arguments: [
            ("127.0.0.1:8080", true), ("localhost:0", true), ("[::1]:65535", true), ("0.0.0.0:1", false),
            ("[::]:1", false), ("gateway.example:443", false), ("127.1:80", false),
        ])
    func addresses(_ text: String, _ isLoopback: Bool) throws {
        let address = try #require(ListenAddress(text))
        #expect(address.description == text)
        #expect(address.isLoopback == isLoopback)
    }

    @Test(
        "what is no address is refused",
        arguments: ["", "8080", ":80", "a:", "a:65536", "::1:80", "a b:1", "a:-1", "[a]:1"])
    func notAddresses(_ text: String) {
        #expect(ListenAddress(text) == nil)
    }
}

@Suite("everything that is wrong is told at once")
struct ConfigurationFindingsTests {
    @Test("each part is read by itself, and each error names its line, its key and what to do")
    func all() {
        let text = """
            liste: 127.0.0.1:80
            admin_listen: nonsense
            engines:
              one: {adapters: {}}
              two: {model: base, thread: 3, threads: many}
              three: {model: base, adapters: {a: {folder: a, sha256: 12}}}
              four: {model: base, adapters: {../a: a}}
              five: {model: base, base_name: "a b"}
            upstreams:
              api: {base_url: "ftp://h/v1"}
              other: {base_url: "${NOT_SET}"}
            tasks:
              - {folder: a, mode: perhaps, tuned: {backend: apii}}
              - {folder: b, full_prompt: {backend: api}}
            limits:
              idle_seconds: 0
              total_seconds: soon
            """
        let findings = ConfigurationFindings()
        let error = #expect(throws: ConfigurationError.self) {
            _ = try GatewaySettings.parse(text, file: "c.yaml", environment: [:])
        }
        let lines = (error?.description ?? "").split(separator: "\n").map(String.init)
        let expected = [
            "c.yaml:1: liste: it is not a known key; did you mean 'listen'?",
            "c.yaml:2: admin_listen: it is not HOST:PORT; write an address such as 127.0.0.1:8080",
            "c.yaml:4: engines.one: 'model' is missing; give the folder of the base model",
            "c.yaml:5: engines.two.thread: it is not a known key; did you mean 'threads'?",
            "c.yaml:6: engines.three.adapters.a.sha256: it is not a SHA-256; write 64 hexadecimal digits",
            "c.yaml:7: engines.four.adapters.../a: it is not a name that a model can have; write 1 to 128",
            "c.yaml:8: engines.five.base_name: it is not a name that a model can have; write 1 to 128",
            "c.yaml:5: engines.two.threads: it must be a whole number; write digits only",
            "c.yaml:10: upstreams.api.base_url: it must start with http:// or https://",
            "c.yaml:11: upstreams.other.base_url: the environment variable NOT_SET is not set",
            "c.yaml:13: tasks[0].mode: 'perhaps' is not a mode", "c.yaml:13: tasks[0].tuned.backend: there is no",
            "c.yaml:16: limits.idle_seconds: it must be from", "c.yaml:17: limits.total_seconds: it must be a number",
        ]
        #expect(lines.count == expected.count, "\(lines.joined(separator: "\n"))")
        for text in expected { #expect(lines.contains { $0.hasPrefix(text) }, "\(text)") }
        #expect(findings.errors.isEmpty)
    }

    @Test("a finding of whoever builds the gateway has the line of its key, or of the key around it")
    func places() throws {
        let text = "engines:\n  one:\n    model: base\n    adapters:\n      a: folder\nupstreams: {}\n"
        let settings = try GatewaySettings.parse(text, file: "c.yaml")
        #expect(
            settings.error(at: "engines.one.adapters.a", "x", "y").description
                == "c.yaml:5: engines.one.adapters.a: x; y")
        #expect(settings.error(at: "engines.one.queue", "x").description == "c.yaml:2: engines.one.queue: x")
        #expect(settings.error(at: "upstream.base_url", "x").file == "the command line")
    }
}
