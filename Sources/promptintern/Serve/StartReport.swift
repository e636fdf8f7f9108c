import Configuration
import Engine
import Experimentation
import Foundation
import Gateway

/// What the program prints once clients can connect.
struct StartReport: Sendable {
    private let lines: [[String]]
    private let hasDemo: Bool
    private let hasKeys: Bool
    private let demoTask: String?
    /// What clients have to speak.
    private let scheme: String

    init(settings: GatewaySettings, parts: GatewayParts, gateway: GatewayService, hasKeys: Bool) {
        self.hasKeys = hasKeys
        scheme = settings.listener.tls == nil ? "http" : "https"
        let demo = DemoTaskFolder.taskName
        hasDemo = gateway.registry[demo] != nil
        demoTask = zip(settings.tasks, parts.configuration.tasks).first { $0.1.name == demo }?.0.folder
        var lines: [[String]] = []
        if let file = settings.file { lines.append(["config", file]) }
        if gateway.flags.killSwitch { lines.append(["kill switch", "ON: every request goes in full"]) }
        for task in gateway.tasks() {
            let tuned = task.tunedModel.map { "tuned \($0) (\(task.tunedBackend ?? ""))" } ?? "no tuned model"
            let full = "full prompt \(task.fullModel ?? "as named") (\(task.fullBackend))"
            lines.append(["task", "\(task.task): mode \(task.mode), \(tuned), \(full)"])
            switch task.manifest {
            case "missing" where task.tunedModel != nil:
                lines.append(["", "no manifest.json: its prompts go in full until the model is promoted"])
            case "differs":
                lines.append(["", "its prompts go in full, because the manifest differs:"])
                lines += task.problems.map { ["", "- " + $0] }
            default:
                guard let stage = task.stage else { break }
                lines.append(["", stageText(template: stage.template, examples: stage.examples)])
            }
        }
        if lines.allSatisfy({ $0[0] != "task" }) { lines.append(["task", "none: everything is passed through"]) }
        for engine in parts.engines {
            let setting = engine.setting
            lines.append([
                "engine",
                "\(setting.name): \(setting.model), \(setting.adapters.count) adapter(s), \(setting.threads) threads",
            ])
            if let file = engine.model.packedFile?.text { lines.append(["", file]) }
        }
        if !parts.engines.isEmpty { lines += Self.processor() }
        for remote in settings.servers { lines.append(["server", "\(remote.name): \(remote.baseURL)"]) }
        for remote in settings.upstreams { lines.append(["upstream", "\(remote.name): \(remote.baseURL)"]) }
        lines.append(["ledger", "\(settings.ledger.file) (durability: \(settings.ledger.durability.rawValue))"])
        self.lines = lines
    }

    private static func processor() -> [[String]] {
        let core = BLAS.core
        let products = ProductTable.best.name
        let kernels = KernelTable.best.name == products ? products : "\(KernelTable.best.name), products \(products)"
        var lines = [["", "kernels \(kernels), OpenBLAS core \(core.name)"]]
        if !core.fits {
            lines.append([
                "",
                "warning: this OpenBLAS core does not fit the processor and is slow; "
                    + "set OPENBLAS_CORETYPE (docs/operations.md)",
            ])
        }
        return lines
    }

    /// The report, with the addresses as they turned out.
    func text(main: String, admin: String) -> String {
        let addresses = [["listening", "\(scheme)://\(main)/v1"], ["admin", "http://\(admin)"]]
        return "promptintern is ready\n" + Columns(rows: (addresses + lines).map { ["  " + $0[0], $0[1]] }).text
            + "\n\nTry it:\n\n  " + attempt(main) + "\n"
    }

    private func attempt(_ address: String) -> String {
        let program = CommandLine.arguments.first ?? "promptintern"
        let key = hasKeys ? " -H \"authorization: Bearer $PROMPTINTERN_CLIENT_KEY\"" : ""
        guard hasDemo, let demoTask else { return "curl -s \(scheme)://\(address)/v1/models\(key)" }
        let folder = demoTask == DemoQuestion.standardFolder ? "" : " --task \(demoTask)"
        return "\(program) demo request --seed 1\(folder) | curl -s \(scheme)://\(address)/v1/chat/completions"
            + " -H 'content-type: application/json'\(key) -d @-"
    }
}
