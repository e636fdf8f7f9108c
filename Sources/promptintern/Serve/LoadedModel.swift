import Backends
import Configuration
import Engine
import Synchronization
import Tokenization

/// A base model's files as they were read: tokenizer, chat template, and what was found on the way.
struct LoadedModel: Sendable {
    let folder: EngineModelFolder
    let tokenizer: Tokenizer
    let template: ChatTemplate
    /// The grammars that answers were held to, kept over reloads.
    let grammars: GrammarCache
    /// What became of the file of packed weights; nil where none is wanted.
    let packedFile: PreparedWeights.Outcome?
    /// The model's files as they were before they were read.
    private let files: FileStamps
    private let digests = Digests()

    /// Hashes of the files, kept because they are the same as long as the model is.
    private final class Digests: Sendable {
        let known = Mutex<[String: String]>([:])
    }

    /// Reads a model folder and starts an engine on it, without adapters.
    static func load(_ setting: EngineSetting) throws(BackendsError) -> (model: LoadedModel, service: EngineService) {
        let folder = EngineModelFolder(path: setting.model)
        let files = FileStamps(folder: setting.model)
        let options = EngineOptions(setting)
        let tokenizer = try folder.tokenizer()
        let template = try folder.template(tokenizer)
        let checkpoint = try folder.checkpoint()
        do throws(EngineError) {
            let (decoder, outcome) = try decoder(checkpoint, setting, options)
            let model = LoadedModel(
                folder: folder, tokenizer: tokenizer, template: template, grammars: GrammarCache(tokenizer),
                packedFile: outcome, files: files)
            return (model, try EngineService(model: decoder, options: options))
        } catch {
            throw BackendsError("model folder \(setting.model): \(error)")
        }
    }

    private static func decoder(
        _ checkpoint: Checkpoint, _ setting: EngineSetting, _ options: EngineOptions
    ) throws(EngineError) -> (DecoderModel, PreparedWeights.Outcome?) {
        let decoder = DecoderModel.Options(
            precision: options.precision, team: ThreadTeam(threads: options.threads))
        guard setting.packedFile else { return (try DecoderModel(checkpoint: checkpoint, options: decoder), nil) }
        let (model, outcome) = try PreparedWeights(modelFolder: setting.model, precision: options.precision)
            .model(of: checkpoint, options: decoder)
        return (model, outcome)
    }

    /// Whether the files of a folder are those that are in memory.
    func isSame(as folder: String) -> Bool {
        self.folder.path == folder && files == FileStamps(folder: folder)
    }

    /// The SHA-256 of one of its files; a file that cannot be read differs from every hash.
    func digest(_ path: String) -> String {
        if let digest = digests.known.withLock({ $0[path] }) { return digest }
        guard let digest = try? FileDigest.sha256(path: path) else { return "unreadable" }
        digests.known.withLock { $0[path] = digest }
        return digest
    }
}

extension PreparedWeights.Outcome {
    /// What happened, for the start's report; nil when nothing did.
    var text: String? {
        switch self {
        case .notNeeded, .notWritten: nil
        case .used(let bytes): "weights packed earlier, \(bytes >> 20) MiB"
        case .written(let bytes, _): "weights packed for this start and later ones, \(bytes >> 20) MiB"
        }
    }

    /// What an operator should know; nil when all is well.
    var problem: String? {
        switch self {
        case .notNeeded, .used, .written(_, instead: nil): nil
        case .written(_, let reason?): "the file of packed weights was made anew: \(reason)"
        case .notWritten(let reason):
            "the weights are packed at every start, because their file cannot be made: \(reason)"
        }
    }
}
