/// What operators can see of the embedded engines, and change.
public struct EngineActions: Sendable {
    /// The engines as they are now.
    public var list: @Sendable () -> [EngineStatus]
    /// Loads, swaps or unloads an adapter; nothing changes if that fails.
    public var change: @Sendable (AdapterChange) async -> ReloadReport

    /// Makes the actions.
    public init(
        list: @escaping @Sendable () -> [EngineStatus],
        change: @escaping @Sendable (AdapterChange) async -> ReloadReport
    ) {
        self.list = list
        self.change = change
    }
}

/// An adapter that is to be served by an engine under a name, or no longer.
public struct AdapterChange: Sendable, Hashable {
    /// Where an adapter is read from.
    public struct Source: Sendable, Hashable {
        /// The PEFT folder.
        public var folder: String
        /// The SHA-256 that its matrices' file must have, in hexadecimal; nil: any.
        public var sha256: String?

        /// Makes a source.
        public init(folder: String, sha256: String? = nil) {
            self.folder = folder
            self.sha256 = sha256
        }
    }

    /// The engine's name.
    public var engine: String
    /// The name under which clients reach the adapter.
    public var name: String
    /// Where it is read from; nil: it is unloaded.
    public var source: Source?

    /// Makes a change.
    public init(engine: String, name: String, source: Source?) {
        self.engine = engine
        self.name = name
        self.source = source
    }
}

/// An embedded engine as it is now.
public struct EngineStatus: Sendable, Equatable, Encodable {
    /// An adapter that it serves.
    public struct Adapter: Sendable, Equatable, Encodable {
        /// The name under which clients reach it.
        public var name: String
        /// Where it was read from.
        public var folder: String
        /// The SHA-256 of its matrices' file, as it was read.
        public var sha256: String

        /// Makes an adapter.
        public init(name: String, folder: String, sha256: String) {
            self.name = name
            self.folder = folder
            self.sha256 = sha256
        }
    }

    /// The engine's name.
    public var name: String
    /// The base model's folder.
    public var model: String
    /// The name under which clients reach the base itself.
    public var baseName: String
    /// How the matrices are held.
    public var precision: String
    /// Requests that are answered.
    public var running: Int
    /// Requests that wait.
    public var waiting: Int
    /// The adapters that requests find from now on.
    public var adapters: [Adapter]

    /// The names in JSON.
    public enum CodingKeys: String, CodingKey {
        /// The properties' names in the JSON's spelling.
        case name, model, precision, running, waiting, adapters
        case baseName = "base_name"
    }

    /// Makes a status.
    public init(
        name: String, model: String, baseName: String, precision: String, running: Int, waiting: Int,
        adapters: [Adapter]
    ) {
        self.name = name
        self.model = model
        self.baseName = baseName
        self.precision = precision
        self.running = running
        self.waiting = waiting
        self.adapters = adapters
    }
}
