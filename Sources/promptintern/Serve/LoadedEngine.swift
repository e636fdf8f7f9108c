import Backends
import Configuration
import Engine
import Gateway
import Tokenization

/// An engine of the configuration with its models in memory.
struct LoadedEngine {
    let setting: EngineSetting
    let service: EngineService
    let tokenizer: Tokenizer
    let template: ChatTemplate

    /// Loads OpenBLAS, the base model and its adapters.
    init(_ setting: EngineSetting) throws {
        self.setting = setting
        do throws(EngineError) {
            try BLAS.load()
        } catch {
            throw Failure("engine '\(setting.name)': \(error)")
        }
        let folder = EngineModelFolder(path: setting.model)
        do throws(BackendsError) {
            tokenizer = try folder.tokenizer()
            template = try folder.template(tokenizer)
            let weights = try folder.weights()
            service = try Self.service(setting, weights)
        } catch {
            throw Failure("engine '\(setting.name)': \(error)")
        }
    }

    private static func service(
        _ setting: EngineSetting, _ weights: ModelWeights
    ) throws(BackendsError) -> EngineService {
        var adapters: [String: LoRAAdapter] = [:]
        for (name, folder) in setting.adapters {
            do throws(EngineError) {
                adapters[name] = try LoRAAdapter.load(folder: folder, model: weights.config)
            } catch {
                throw BackendsError(
                    "adapter '\(name)': \(error): check the path, or train and promote the adapter with "
                        + "`promptintern tune` and `promptintern promote`")
            }
        }
        do throws(EngineError) {
            return try EngineService(
                base: weights, adapters: adapters, threads: setting.threads, queueLimit: setting.queue)
        } catch {
            throw BackendsError("\(error)")
        }
    }

    /// The engine as the gateway sees it.
    var backend: EngineBackend {
        EngineBackend(
            name: setting.name, service: service, tokenizer: tokenizer, template: template,
            baseModel: setting.baseName)
    }

    /// The folder of one of its adapters.
    func adapterFolder(_ name: String) -> String? {
        setting.adapters.first { $0.name == name }?.folder
    }

    /// The names under which clients reach its models.
    var modelNames: [String] { [setting.baseName] + setting.adapters.map(\.name) }
}
