import Configuration
import Foundation

/// The model folder that `--model` names, as an engine of the settings.
struct ServedModel {
    /// The engine's name; models of the configuration's engines have names of their own.
    static let engineName = "model"

    let model: String?
    /// Each `NAME=DIR`.
    let adapters: [String]
    /// How the matrices are held; the settings' default if nil.
    var precision: EngineSetting.Precision?

    /// Adds the engine; notes what is wrong with the options.
    func add(to settings: inout GatewaySettings, findings: ConfigurationFindings) {
        guard let model else {
            if !adapters.isEmpty {
                findings.add(.option("--adapter", "there is no --model", "give the base model's folder too"))
            }
            if precision != nil {
                findings.add(.option("--precision", "there is no --model", "give the model's folder too"))
            }
            return
        }
        guard !settings.backendNames.contains(Self.engineName) else {
            return findings.add(
                .option("--model", "a backend of the configuration is named '\(Self.engineName)'", "rename that one"))
        }
        let name = URL(fileURLWithPath: model).standardizedFileURL.lastPathComponent
        var engine = EngineSetting(name: Self.engineName, model: model, baseName: name.isEmpty ? "model" : name)
        engine.rendersTools = true
        engine.precision = precision ?? engine.precision
        var names: Set<String> = [engine.baseName]
        for adapter in adapters {
            let parts = adapter.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                findings.add(.option("--adapter", "'\(adapter)' is not NAME=DIR", "write a name and a folder"))
                continue
            }
            guard ModelName.isValid(parts[0]) else {
                findings.add(.option("--adapter", "'\(parts[0])': \(ModelName.problem)", ModelName.advice))
                continue
            }
            guard names.insert(parts[0]).inserted else {
                findings.add(.option("--adapter", "the name '\(parts[0])' is there already", "choose another"))
                continue
            }
            engine.adapters.append(AdapterSetting(name: parts[0], folder: parts[1]))
        }
        settings.engines.append(engine)
    }
}
