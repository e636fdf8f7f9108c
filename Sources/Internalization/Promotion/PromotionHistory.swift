import Engine
import Foundation

/// The promotions that a task has had: `manifest.json` and `adapter/` are in service, `manifests/` keeps the earlier
/// manifests, numbered, and `adapters/` their adapters by digest.
struct PromotionHistory {
    /// An earlier manifest.
    struct Earlier {
        let path: String
        let data: Data
    }

    let taskFolder: String

    private var current: String { taskFolder + "/manifest.json" }
    private var folder: String { taskFolder + "/manifests" }

    /// Keeps what is in service, and puts `data` into service at once.
    func replace(by data: Data) throws {
        if let old = FileManager.default.contents(atPath: current), old != data {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let number = (numbers().last ?? 0) + 1
            try old.write(to: URL(fileURLWithPath: path(number)), options: .atomic)
        }
        try data.write(to: URL(fileURLWithPath: current), options: .atomic)
    }

    /// The manifest that was in service last.
    func previous() throws -> Earlier? {
        guard let number = numbers().last else { return nil }
        return Earlier(path: path(number), data: try Data(contentsOf: URL(fileURLWithPath: path(number))))
    }

    /// Puts it back into service, and forgets it as an earlier one.
    func restore(_ earlier: Earlier) throws {
        try earlier.data.write(to: URL(fileURLWithPath: current), options: .atomic)
        try FileManager.default.removeItem(atPath: earlier.path)
    }

    /// Where an adapter is kept.
    func kept(_ sha256: String) -> String { taskFolder + "/adapters/" + sha256.prefix(16) }

    /// Keeps a copy of the adapter in service.
    func archive() throws {
        let files = FileManager.default
        let adapter = taskFolder + "/adapter"
        guard let digest = try? FileDigest.sha256(path: adapter + "/adapter_model.safetensors") else { return }
        let place = kept(digest)
        guard !files.fileExists(atPath: place) else { return }
        try files.createDirectory(atPath: taskFolder + "/adapters", withIntermediateDirectories: true)
        try? files.removeItem(atPath: place + ".new")
        try files.copyItem(atPath: adapter, toPath: place + ".new")
        try files.moveItem(atPath: place + ".new", toPath: place)
    }

    /// Puts a finished folder in the place of `adapter/`.
    func install(_ staged: String) throws {
        let files = FileManager.default
        let adapter = taskFolder + "/adapter"
        if files.fileExists(atPath: adapter) { try files.removeItem(atPath: adapter) }
        try files.moveItem(atPath: staged, toPath: adapter)
    }

    private func numbers() -> [Int] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { Int($0.replacingOccurrences(of: ".json", with: "")) }.sorted()
    }

    private func path(_ number: Int) -> String { "\(folder)/\(number).json" }
}
