public import Engine
import Foundation
public import Tokenization

/// Embeds texts by the base model itself: the mean of its final hidden states over a text's tokens, scaled to length 1.
///
/// Vectors of several texts are kept in a file under a hash of model, tokenizer and texts.
public struct HiddenStateEmbedder: TextEmbedder {
    private let model: DecoderModel
    private let tokenizer: Tokenizer
    private let identity: String
    private let cache: String

    /// An embedder with the base model as it is before training.
    ///
    /// - Parameters:
    ///   - baseDigest: names the base model.
    ///   - cache: folder for vectors.
    public init(
        base: ModelWeights, baseDigest: String, tokenizer: Tokenizer, cache: String
    ) throws(InternalizationError) {
        do throws(EngineError) { model = try DecoderModel(weights: base) } catch {
            throw .setting("retrieval: the base model cannot be used: \(error)")
        }
        self.tokenizer = tokenizer
        self.cache = cache
        identity = "hidden-states-1\u{0}\(baseDigest)\u{0}\(tokenizer.fingerprint)"
    }

    /// One vector a text; a text longer than the model's context is read up to there.
    public func vectors(_ texts: [String]) throws(InternalizationError) -> [[Float]] {
        guard texts.count > 1 else { return try computed(texts) }
        let key = stableHash(identity + "\u{0}" + texts.joined(separator: "\u{0}"))
        let path = "\(cache)/\(String(key, radix: 16)).safetensors"
        if let stored = stored(path, count: texts.count) { return stored }
        let vectors = try computed(texts)
        do {
            try FileManager.default.createDirectory(atPath: cache, withIntermediateDirectories: true)
            let all = vectors.flatMap { $0 }
            try SafetensorsWriter.write(
                [.init(name: "vectors", shape: [texts.count, model.config.hiddenSize], values: all[...])],
                precision: .float32, metadata: [:], to: path)
        } catch {
            throw .file(path: path, reason: "cannot be written: \(error)")
        }
        return vectors
    }

    private func stored(_ path: String, count: Int) -> [[Float]]? {
        let width = model.config.hiddenSize
        guard let file = try? SafetensorsFile(path: path), let values = try? file.values(of: "vectors"),
            values.count == count * width
        else { return nil }
        return (0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) }
    }

    private func computed(_ texts: [String]) throws(InternalizationError) -> [[Float]] {
        var vectors: [[Float]] = []
        vectors.reserveCapacity(texts.count)
        for text in texts {
            let tokens = tokenizer.encode(Array(text.utf8)).prefix(model.config.maximumPositions)
            var vector = [Float](repeating: 0, count: model.config.hiddenSize)
            if !tokens.isEmpty {
                do throws(EngineError) { vector = try model.embedding(Array(tokens)) } catch {
                    throw .setting("retrieval: the base model cannot read a query: \(error)")
                }
            }
            let length = vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            vectors.append(length > 0 ? vector.map { Float(Double($0) / length) } : vector)
        }
        return vectors
    }
}
