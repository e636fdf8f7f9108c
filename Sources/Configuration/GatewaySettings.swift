public import Experimentation

/// What a gateway is told in its configuration file (docs/operations.md, "Configuration").
///
/// Only shapes and names are checked here; whoever builds the gateway opens the files. Every path is absolute, or
/// relative to the process's own folder.
public struct GatewaySettings: Sendable, Hashable {
    /// The configuration file the settings came from, if they did.
    public var file: String?
    /// The lines of the file's keys, by their paths, such as `tasks[0].folder`.
    public var lines: [String: Int] = [:]
    /// Where clients are served.
    public var listen = ListenAddress.defaultMain
    /// Where operators switch modes.
    public var adminListen = ListenAddress.defaultAdmin
    /// What clients may present as bearer token; empty turns the check off.
    public var clientKeys: [ClientKeySetting] = []
    /// The keys that `promptintern keys` makes.
    public var keys = KeysSetting()
    /// The ledger.
    public var ledger = LedgerSetting()
    /// The price file, if there is one.
    public var prices: String?
    /// Models that this process runs itself, by name.
    public var engines: [EngineSetting] = []
    /// OpenAI-compatible servers that hold tuned models, by name.
    public var servers: [UpstreamSetting] = []
    /// OpenAI-compatible APIs that answer full prompts and everything unrecognised, by name.
    public var upstreams: [UpstreamSetting] = []
    /// The upstream of requests that belong to no task; the first one if it is not named.
    public var passthrough: String?
    /// Model names of the gateway's own.
    public var aliases: [AliasSetting] = []
    /// What goes elsewhere by model pattern, task or length; the first that applies holds.
    public var routing: [RoutingSetting] = []
    /// The request header that names the sticky key, in lower case; nil keeps the standard one.
    public var stickyHeader: String?
    /// The tasks.
    public var tasks: [TaskSetting] = []
    /// Bounds on requests and time.
    public var limits = LimitSettings()
    /// How the listeners treat their clients.
    public var listener = ListenerSettings()
    /// Whether every request goes in full until it is switched off.
    public var killSwitch = false
    /// When streams that go in full are asked for their usage.
    public var streamUsage = StreamUsageSetting.asAsked

    /// Settings with no backend and no task.
    public init() {}

    /// The file of the keys that `promptintern keys` makes.
    public var keysFile: String {
        if let file = keys.file { return file }
        let folder = ledger.file.lastIndex(of: "/").map { ledger.file[...$0] } ?? ""
        return folder + "keys.sqlite"
    }

    /// The names of all backends, in the order of the file.
    public var backendNames: [String] {
        engines.map(\.name) + servers.map(\.name) + upstreams.map(\.name)
    }
}

/// The ledger's file, and what its rows survive.
public struct LedgerSetting: Sendable, Hashable {
    /// What a committed row survives.
    public enum Durability: String, Sendable, Hashable, CaseIterable {
        /// The death of the process.
        case process
        /// The loss of power too.
        case power
    }

    /// What becomes of requests while rows cannot be written.
    public enum Failing: String, Sendable, Hashable, CaseIterable {
        /// They are answered, and the rows that were lost are counted.
        case serve
        /// They are refused with 503 before anything is sent.
        case reject
    }

    /// The SQLite file; its folder is made if it is missing.
    public var file = "var/ledger.sqlite"
    /// What a committed row survives.
    public var durability = Durability.process
    /// What becomes of requests while rows cannot be written.
    public var onError = Failing.serve

    /// The defaults.
    public init() {}
}

/// Models of one base that run inside the gateway.
public struct EngineSetting: Sendable, Hashable {
    /// The engine's name, which tasks refer to.
    public var name: String
    /// The folder of the base model: `config.json`, `model.safetensors`, `tokenizer.json`.
    public var model: String
    /// The name under which clients reach the base itself.
    public var baseName: String
    /// The adapters; no two share a name.
    public var adapters: [AdapterSetting]
    /// How the models' matrices are held.
    public var precision = Precision.f32
    /// How many threads compute.
    public var threads = 2
    /// How many requests are answered at once.
    public var sequences = 32
    /// How many requests may wait.
    public var queue = 64
    /// Memory for keys and values, in MiB.
    public var cacheMib = 1024
    /// Whether what was computed of a prompt is kept for later ones that begin alike.
    public var prefixCache = true
    /// Prompt tokens that are computed in one step while answers go on.
    public var chunk = 128
    /// Tokens that are guessed and checked in one step.
    public var guesses = 0
    /// Whether requests may have tools and options for the model's chat template.
    public var rendersTools = false
    /// Whether packed weights are kept in a file beside the model.
    public var packedFile = true

    /// Bytes of a weight: 4, 2, 1.06 or 0.56.
    public enum Precision: String, Sendable, CaseIterable {
        case f32
        case bf16
        case int8
        case int4
    }

    /// An engine.
    public init(name: String, model: String, baseName: String, adapters: [AdapterSetting] = []) {
        self.name = name
        self.model = model
        self.baseName = baseName
        self.adapters = adapters
    }

    /// Whether two settings say the same.
    public static func == (left: EngineSetting, right: EngineSetting) -> Bool {
        left.name == right.name && left.model == right.model && left.baseName == right.baseName
            && left.hasSameLimits(as: right)
            && left.rendersTools == right.rendersTools
            && left.adapters == right.adapters
    }

    /// Whether two settings share memory and processor alike.
    public func hasSameLimits(as other: EngineSetting) -> Bool {
        threads == other.threads && sequences == other.sequences && queue == other.queue && cacheMib == other.cacheMib
            && prefixCache == other.prefixCache && chunk == other.chunk && guesses == other.guesses
            && precision == other.precision && packedFile == other.packedFile
    }

    /// Feeds the name, which is unique among the engines.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// A task, and the models that answer it.
public struct TaskSetting: Sendable, Hashable {
    /// One model of one backend.
    public struct Target: Sendable, Hashable {
        /// The backend's name.
        public var backend: String
        /// The model's name there; the client's own if it is not given.
        public var model: String?

        /// A model of a backend.
        public init(backend: String, model: String? = nil) {
            self.backend = backend
            self.model = model
        }
    }

    /// Where the task stands in the configuration, for errors.
    public var key = "tasks"
    /// The task folder.
    public var folder: String
    /// The mode, until it is changed while serving.
    public var mode: Mode
    /// The tuned model; without one the task is only watched.
    public var tuned: Target?
    /// The model that answers full prompts; the pass-through upstream if it is not given.
    public var fullPrompt: Target?
    /// When the tuned model is left alone.
    public var breaker = BreakerSetting()

    /// A task.
    public init(folder: String, mode: Mode = .audit, tuned: Target? = nil, fullPrompt: Target? = nil) {
        self.folder = folder
        self.mode = mode
        self.tuned = tuned
        self.fullPrompt = fullPrompt
    }
}

/// Bounds on requests and time.
public struct LimitSettings: Sendable, Hashable {
    /// The largest request body, in bytes.
    public var bodyBytes = 40 << 20
    /// How deep JSON may nest.
    public var jsonDepth = 128
    /// How long the tuned model may take to its first token before the full prompt is sent, in seconds.
    public var tunedFirstToken = 20.0
    /// How long a backend may take to connect, in seconds.
    public var connect = 5.0
    /// How long a full-prompt backend may take to the first byte, in seconds.
    public var firstByte = 600.0
    /// How long a backend may be silent in the middle of an answer, in seconds.
    public var idle = 120.0
    /// How long a backend's whole answer may take, in seconds.
    public var total = 3600.0
    /// How long a connection of a client may be idle between requests or while it sends one, in seconds.
    public var clientIdle = 75.0
    /// How long requests under way may take after a stop was asked for, in seconds.
    public var drain = 30.0

    /// The defaults.
    public init() {}
}
