import Configuration
import Engine

/// An adapter of an engine, as it was read.
struct LoadedAdapter: Sendable {
    let name: String
    let folder: String
    /// The SHA-256 of its matrices' file as it was read.
    let sha256: String
    private let files: FileStamps

    /// Reads an adapter folder.
    ///
    /// - Throws: also when the matrices' file has not the hash that the setting asks for.
    static func load(
        _ setting: AdapterSetting, model: ModelConfig
    ) throws(EngineError) -> (loaded: LoadedAdapter, matrices: LoRAAdapter) {
        let files = FileStamps(folder: setting.folder)
        let stored = try StoredAdapter(folder: setting.folder, model: model, expecting: setting.sha256)
        let loaded = LoadedAdapter(
            name: setting.name, folder: setting.folder, sha256: stored.sha256, files: files)
        return (loaded, stored.adapter)
    }

    /// Whether it is what a setting asks for, and its files are the same still.
    func serves(_ setting: AdapterSetting) -> Bool {
        name == setting.name && folder == setting.folder && setting.sha256?.lowercased() ?? sha256 == sha256
            && files == FileStamps(folder: folder)
    }
}
