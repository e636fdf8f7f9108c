import Backends
import Configuration
import Engine
import Gateway
import Synchronization
import Tokenization

/// An engine of the configuration with its models in memory.
struct LoadedEngine: Sendable {
    private(set) var setting: EngineSetting
    let service: EngineService
    let tokenizer: Tokenizer
    let template: ChatTemplate
    /// The model's files as they were when they were read.
    private let files: FileStamps
    private let digests = Digests()

    /// Hashes of the files, kept because they are the same as long as the engine is.
    private final class Digests: Sendable {
        let known = Mutex<[String: String]>([:])
    }

    /// Loads OpenBLAS, the base model and its adapters.
    init(_ setting: EngineSetting, in settings: GatewaySettings) throws(ConfigurationError) {
        let key = "engines.\(setting.name)"
        self.setting = setting
        files = Self.files(setting)
        do throws(EngineError) {
            try BLAS.load()
        } catch {
            throw settings.error(at: key, "engine '\(setting.name)': \(error)")
        }
        let folder = EngineModelFolder(path: setting.model)
        let weights: ModelWeights
        do throws(BackendsError) {
            tokenizer = try folder.tokenizer()
            template = try folder.template(tokenizer)
            weights = try folder.weights()
        } catch {
            throw settings.error(at: key + ".model", "engine '\(setting.name)': \(error)")
        }
        let adapters = try Self.adapters(setting, weights.config, in: settings)
        do throws(EngineError) {
            service = try EngineService(base: weights, adapters: adapters, options: EngineOptions(setting))
        } catch {
            throw settings.error(at: key, "engine '\(setting.name)': \(error)")
        }
    }

    /// The adapters; what is wrong with each of them is told.
    private static func adapters(
        _ setting: EngineSetting, _ model: ModelConfig, in settings: GatewaySettings
    ) throws(ConfigurationError) -> [String: LoRAAdapter] {
        var adapters: [String: LoRAAdapter] = [:]
        let findings = ConfigurationFindings()
        for (name, folder) in setting.adapters {
            do throws(EngineError) {
                adapters[name] = try LoRAAdapter.load(folder: folder, model: model)
            } catch {
                findings.add(
                    settings.error(
                        at: "engines.\(setting.name).adapters.\(name)",
                        "engine '\(setting.name)': adapter '\(name)': \(error)",
                        "check the path, or train and promote the adapter with `promptintern tune` and "
                            + "`promptintern promote`"))
            }
        }
        try findings.check()
        return adapters
    }

    /// Whether the engine that is in memory is the one that a setting asks for, under whatever name.
    func serves(_ other: EngineSetting) -> Bool {
        setting.model == other.model && setting.hasSameLimits(as: other)
            && setting.adapters.elementsEqual(other.adapters, by: ==) && files == Self.files(other)
    }

    /// The same engine under the names of a setting that it serves.
    func renamed(_ setting: EngineSetting) -> LoadedEngine {
        var engine = self
        engine.setting = setting
        return engine
    }

    /// The SHA-256 of one of its files; a file that cannot be read differs from every hash.
    func digest(_ path: String) -> String {
        if let digest = digests.known.withLock({ $0[path] }) { return digest }
        guard let digest = try? FileDigest.sha256(path: path) else { return "unreadable" }
        digests.known.withLock { $0[path] = digest }
        return digest
    }

    private static func files(_ setting: EngineSetting) -> FileStamps {
        FileStamps(folders: [setting.model] + setting.adapters.map(\.folder))
    }

    /// The engine as the gateway sees it; its full prompts have the time that an upstream has.
    func backend(_ limits: LimitSettings) -> EngineBackend {
        EngineBackend(
            name: setting.name, service: service, tokenizer: tokenizer, template: template,
            baseModel: setting.baseName,
            limits: .init(firstByte: .seconds(limits.firstByte), total: .seconds(limits.total)),
            rendersTools: setting.rendersTools)
    }

    /// The folder of one of its adapters.
    func adapterFolder(_ name: String) -> String? {
        setting.adapters.first { $0.name == name }?.folder
    }

    /// The names under which clients reach its models.
    var modelNames: [String] { [setting.baseName] + setting.adapters.map(\.name) }
}

extension EngineOptions {
    /// What a setting says.
    init(_ setting: EngineSetting) {
        self.init()
        threads = setting.threads
        sequences = setting.sequences
        queueLimit = setting.queue
        cacheBytes = setting.cacheMib << 20
        keepsPrefixes = setting.prefixCache
        chunk = setting.chunk
        guesses = setting.guesses
        precision = WeightPrecision(rawValue: setting.precision.rawValue) ?? .float32
    }
}
