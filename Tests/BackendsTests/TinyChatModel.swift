import Backends
import ChatAPI
import Engine
import Gateway
import TestSupport
import Tokenization

/// A random model of two layers with a real tokenizer and chat template: it babbles, but always the same.
struct TinyChatModel {
    let weights: ModelWeights
    let adapter: LoRAAdapter
    let tokenizer: Tokenizer
    let template: ChatTemplate

    /// - Parameter isPoisoned: whether its weights are no numbers.
    init(maximumPositions: Int = 256, seed: UInt64 = 7, isPoisoned: Bool = false) throws {
        let texts = ["the ships of the harbour pay their fees in the office", "= SUM ( FEES , 5 )"]
        let trained = try BPETrainer(
            vocabularySize: 300, specialTokens: ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
        ).train(texts.map { Array($0.utf8) })
        tokenizer = try Tokenizer(json: trained)
        template = try ChatTemplate(tokenizer: tokenizer)
        let config = ModelConfig(
            vocabularySize: tokenizer.vocabularySize, hiddenSize: 32, intermediateSize: 48, layerCount: 2, headCount: 4,
            keyValueHeadCount: 2, headSize: 8, maximumPositions: maximumPositions)
        var random = SeededRandom(seed: seed)
        var weights = ModelWeights(config: config)
        for index in weights.values.indices { weights.values[index] = Float.random(in: -0.4...0.4, using: &random) }
        if isPoisoned { weights.values = weights.values.map { _ in .nan } }
        self.weights = weights
        var adapter = LoRAAdapter(config: .init(rank: 2, alpha: 4), model: config)
        for index in adapter.values.indices { adapter.values[index] = Float.random(in: -0.5...0.5, using: &random) }
        self.adapter = adapter
    }

    func service(threads: Int = 1, queueLimit: Int = 8, sequences: Int = 1) throws -> EngineService {
        var options = EngineOptions()
        options.threads = threads
        options.queueLimit = queueLimit
        options.sequences = sequences
        return try EngineService(base: weights, adapters: ["tuned": adapter], options: options)
    }

    func backend(_ service: EngineService, defaults: EngineBackend.Defaults = .init()) -> EngineBackend {
        EngineBackend(
            name: "engine", service: service, tokenizer: tokenizer, template: template, baseModel: "base",
            defaults: defaults)
    }

    /// A request for the engine as the gateway makes it.
    static func request(
        _ query: String = "What does the ship pay?", model: String = "base", extra: String = "",
        limits: BackendRequest.Limits = .init()
    ) throws -> BackendRequest {
        let text = String(decoding: JSONWriter.encoded(query), as: UTF8.self)
        let body = Array(
            #"{"model":"client-name","temperature":0,"messages":[{"role":"user","content":\#(text)}]\#(extra)}"#.utf8)
        return BackendRequest(
            id: "r1", body: body, model: model, chat: .init(request: try ChatRequest(body)), limits: limits)
    }

    /// What the model says when nothing is decoded on the way: the reference for every test of text.
    func reference(
        _ query: String = "What does the ship pay?", adapter: Bool = false, tokens: Int, beams: Int = 1
    ) throws -> (text: String, tokens: Int, reason: Engine.FinishReason, prompt: Int) {
        let prompt = try template.encode(messages: [("user", Array(query.utf8))], addGenerationPrompt: true).ids
        let model = try adapter ? DecoderModel(weights: weights, adapter: self.adapter) : DecoderModel(weights: weights)
        var options = GenerationOptions(maximumNewTokens: tokens, endTokens: template.stopTokens)
        options.beams = beams
        let (answer, reason) = try model.generate(after: prompt, options: options)
        var decoder = StreamingDecoder(tokenizer)
        let bytes = decoder.push(answer) + decoder.finish()
        return (String(decoding: bytes, as: UTF8.self), answer.count, reason, prompt.count)
    }
}

/// The parts of an answer that tests look at.
struct ParsedAnswer {
    var text = ""
    var finishReason: String?
    var usage: Usage?
    var model: String?
    var chunks = 0
    var isDone = false

    init(completion bytes: [UInt8]) throws {
        let root = try JSONDocument(bytes).root
        model = root["model"]?.string?.text
        usage = root["usage"].flatMap { Usage($0) }
        for choice in root["choices"]?.elements.map({ $0 }) ?? [] {
            text += choice["message"]?["content"]?.string?.text ?? ""
            finishReason = choice["finish_reason"]?.string?.text
        }
    }

    init(events bytes: [UInt8]) throws {
        var parser = SSEParser()
        parser.append(bytes)
        while let event = try parser.next() {
            guard let data = event.data else { continue }
            if data.elementsEqual("[DONE]".utf8) {
                isDone = true
                continue
            }
            let root = try JSONDocument(Array(data)).root
            model = root["model"]?.string?.text
            usage = root["usage"].flatMap { Usage($0) } ?? usage
            for choice in root["choices"]?.elements.map({ $0 }) ?? [] {
                if let piece = choice["delta"]?["content"]?.string?.text, !piece.isEmpty {
                    text += piece
                    chunks += 1
                }
                finishReason = choice["finish_reason"]?.string?.text ?? finishReason
            }
        }
    }
}
