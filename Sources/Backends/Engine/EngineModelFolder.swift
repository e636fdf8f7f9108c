public import Engine
import Foundation
public import Tokenization

/// A model folder in the layout of Hugging Face: `config.json`, `model.safetensors`, `tokenizer.json`, chat template.
public struct EngineModelFolder: Sendable, Hashable {
    /// The folder.
    public let path: String

    /// Names a folder; nothing is read yet.
    public init(path: String) {
        self.path = path
    }

    /// The weights' file.
    public var weightsFile: String { path + "/model.safetensors" }

    /// Reads the tokenizer.
    public func tokenizer() throws(BackendsError) -> Tokenizer {
        do throws(TokenizationError) {
            return try Tokenizer(contentsOf: path + "/tokenizer.json")
        } catch {
            throw BackendsError("model folder \(path): \(error)")
        }
    }

    /// Reads the chat template.
    public func template(_ tokenizer: Tokenizer) throws(BackendsError) -> ChatTemplate {
        do throws(TokenizationError) {
            return try ChatTemplate(modelFolder: path, tokenizer: tokenizer)
        } catch {
            throw BackendsError("model folder \(path): \(error)")
        }
    }

    /// Opens the weights' files, in one piece or in shards; none is converted yet.
    public func checkpoint() throws(BackendsError) -> Checkpoint {
        guard
            FileManager.default.fileExists(atPath: weightsFile)
                || FileManager.default.fileExists(atPath: weightsFile + ".index.json")
        else {
            throw BackendsError(
                "model folder \(path): model.safetensors is missing: check the path, or fetch or train the model")
        }
        do throws(EngineError) {
            return try Checkpoint(folder: path)
        } catch {
            throw BackendsError("model folder \(path): \(error)")
        }
    }
}
