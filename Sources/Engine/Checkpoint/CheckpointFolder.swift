import Foundation

/// The folder of a checkpoint.
enum CheckpointFolder {
    static func create(_ folder: String) throws(EngineError) {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw .unreadable(file: folder, reason: "the folder cannot be created")
        }
    }

    /// The paths of the files that hold the weights; shards are names in the folder itself, at most 10,000.
    static func shards(_ folder: String) throws(EngineError) -> [String] {
        let index = folder + "/model.safetensors.index.json"
        guard FileManager.default.fileExists(atPath: index) else { return [folder + "/model.safetensors"] }
        let file = try ConfigFile(path: index)
        guard let map = try file.object("weight_map") else { throw file.wrong("weight_map", "it is missing") }
        var names: Set<String> = []
        for key in map.members.keys.sorted() {
            guard let name = try map.string(key), !name.isEmpty, !name.hasPrefix("."),
                !name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 })
            else { throw map.wrong(key, "a file name without a folder is expected") }
            names.insert(name)
        }
        guard names.count <= 10_000 else { throw file.wrong("weight_map", "it names more than 10000 files") }
        return names.sorted().map { folder + "/" + $0 }
    }
}
