import Configuration
import Experimentation
import Foundation

/// Finds the task folders below a folder, for `serve --tasks`.
///
/// A task whose folder holds `base/` and `adapter/` is given an engine of its own, named like the folder. Full prompts
/// go to the upstream if there is one, else to that engine's base. Tasks start in mode `audit`.
struct TaskDiscovery {
    let folder: String

    func add(to settings: inout GatewaySettings, findings: ConfigurationFindings) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            return findings.add(
                .option("--tasks", "\(folder): there is no such folder", "give a folder that holds task folders"))
        }
        let known = Set(settings.tasks.map(\.folder))
        let tasks = names.sorted().map { folder + "/" + $0 }.filter {
            exists($0 + "/schema.yaml") && !known.contains($0)
        }
        guard !tasks.isEmpty else {
            return findings.add(
                .option("--tasks", "\(folder): no task in it", "a task is a folder with a schema.yaml"))
        }
        for task in tasks {
            do throws(ConfigurationError) {
                settings.tasks.append(try setting(of: task, in: &settings))
            } catch {
                findings.add(error)
            }
        }
    }

    private func setting(of task: String, in settings: inout GatewaySettings) throws(ConfigurationError) -> TaskSetting
    {
        let name = (task as NSString).lastPathComponent
        let upstream = settings.passthrough ?? settings.upstreams.first?.name
        var setting = TaskSetting(folder: task, mode: .audit)
        if exists(task + "/base/config.json"), exists(task + "/adapter/adapter_config.json") {
            guard !settings.backendNames.contains(name) else {
                throw .option(
                    "--tasks", "\(folder): a backend is already named '\(name)'", "rename the folder \(task)")
            }
            let tuned = name + "-tuned"
            let engine = EngineSetting(
                name: name, model: task + "/base", baseName: name + "-base",
                adapters: [AdapterSetting(name: tuned, folder: task + "/adapter")])
            settings.engines.append(engine)
            setting.tuned = TaskSetting.Target(backend: name, model: tuned)
            setting.fullPrompt = TaskSetting.Target(backend: name, model: engine.baseName)
        }
        if let upstream { setting.fullPrompt = TaskSetting.Target(backend: upstream) }
        guard setting.fullPrompt != nil else {
            throw .option(
                "--tasks", "task \(task) has neither base/ and adapter/ of its own nor an upstream",
                "give --upstream BASE_URL")
        }
        return setting
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}
