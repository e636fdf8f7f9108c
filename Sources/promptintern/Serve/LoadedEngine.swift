import Backends
import Configuration
import Engine
import Gateway
import Server

/// An engine of the configuration with its models in memory.
struct LoadedEngine: Sendable {
    let setting: EngineSetting
    let service: EngineService
    let model: LoadedModel
    /// In the order of the setting.
    let adapters: [LoadedAdapter]

    /// Loads OpenBLAS, the base model and its adapters.
    init(_ setting: EngineSetting, in settings: GatewaySettings) throws(ConfigurationError) {
        let key = "engines.\(setting.name)"
        do throws(EngineError) {
            try BLAS.load()
        } catch {
            throw settings.error(at: key, "engine '\(setting.name)': \(error)")
        }
        let loaded: (model: LoadedModel, service: EngineService)
        do throws(BackendsError) {
            loaded = try LoadedModel.load(setting)
        } catch {
            throw settings.error(at: key + ".model", "engine '\(setting.name)': \(error)")
        }
        let base = LoadedEngine(setting, service: loaded.service, model: loaded.model, adapters: [])
        self = try base.successor(setting, in: settings)
    }

    private init(
        _ setting: EngineSetting, service: EngineService, model: LoadedModel, adapters: [LoadedAdapter]
    ) {
        self.setting = setting
        self.service = service
        self.model = model
        self.adapters = adapters
    }

    /// Whether the base model that is in memory is the one that a setting asks for, under whatever name.
    func hasBase(of other: EngineSetting) -> Bool {
        setting.hasSameLimits(as: other) && model.isSame(as: other.model)
    }

    /// The same base under the names of a setting and with its adapters, of which those are read that are not in
    /// memory.
    func successor(_ setting: EngineSetting, in settings: GatewaySettings) throws(ConfigurationError) -> LoadedEngine {
        var adapters: [LoadedAdapter] = []
        var new: [String: LoRAAdapter] = [:]
        let findings = ConfigurationFindings()
        for adapter in setting.adapters {
            if let same = self.adapters.first(where: { $0.serves(adapter) }) {
                adapters.append(same)
                continue
            }
            do throws(EngineError) {
                let (loaded, matrices) = try LoadedAdapter.load(adapter, model: service.config)
                adapters.append(loaded)
                new[adapter.name] = matrices
            } catch {
                findings.add(
                    settings.error(
                        at: "engines.\(setting.name).adapters.\(adapter.name)",
                        "engine '\(setting.name)': adapter '\(adapter.name)': \(error)",
                        "check the path, or train and promote the adapter with `promptintern tune` and "
                            + "`promptintern promote`"))
            }
        }
        try findings.check()
        let kept = Set(adapters.map(\.name)).subtracting(new.keys)
        do throws(EngineError) {
            let isSame = new.isEmpty && kept.count == self.adapters.count
            let service = isSame ? service : try service.successor(keeping: kept, adding: new)
            return LoadedEngine(setting, service: service, model: model, adapters: adapters)
        } catch {
            throw settings.error(at: "engines.\(setting.name)", "engine '\(setting.name)': \(error)")
        }
    }

    /// The engine as the gateway sees it; its full prompts have the time that an upstream has.
    func backend(_ limits: LimitSettings) -> EngineBackend {
        EngineBackend(
            name: setting.name, service: service, tokenizer: model.tokenizer, template: model.template,
            baseModel: setting.baseName, grammars: model.grammars,
            limits: .init(firstByte: .seconds(limits.firstByte), total: .seconds(limits.total)),
            rendersTools: setting.rendersTools)
    }

    /// One of its adapters.
    func adapter(_ name: String) -> LoadedAdapter? {
        adapters.first { $0.name == name }
    }

    /// What the admin listener tells of it.
    var status: EngineStatus {
        let load = service.load
        return EngineStatus(
            name: setting.name, model: setting.model, baseName: setting.baseName,
            precision: setting.precision.rawValue, running: load.running, waiting: load.waiting,
            adapters: adapters.map { .init(name: $0.name, folder: $0.folder, sha256: $0.sha256) })
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
