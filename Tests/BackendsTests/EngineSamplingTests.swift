import Backends
import ChatAPI
import Engine
import Foundation
import Gateway
import TestSupport
import Testing
import Tokenization

@Suite("Parameters of the embedded engine's answers")
struct EngineSamplingTests {
    private let model: TinyChatModel
    private let backend: EngineBackend

    init() throws {
        model = try TinyChatModel()
        backend = model.backend(try model.service())
    }

    private func json(_ extra: String) async throws -> JSONValue {
        let reply = try await backend.reply(to: try TinyChatModel.request(extra: extra))
        return try JSONDocument(try await reply.body.collect()).root
    }

    private func complete(_ fields: String, path: String = "/v1/completions") async throws -> [UInt8] {
        let body = Array(#"{"model":"base",\#(fields)}"#.utf8)
        return try await backend.reply(
            to: BackendRequest(id: "r", target: path, body: body, model: "base")
        ).body.collect()
    }

    private func refusal(_ extra: String) async throws -> APIError? {
        let request = try TinyChatModel.request(extra: extra)
        let error = await #expect(throws: BackendError.self) { _ = try await backend.reply(to: request) }
        #expect(error?.code == .refused && error?.wasSent == false)
        return error?.answer
    }

    @Test(
        "a value out of its range is a 400 that names the parameter",
        arguments: [
            ("n", "0"), ("n", "9"), ("n", "-1"), ("top_p", "1.5"), ("top_p", "-1"), ("max_tokens", "0"),
            ("max_tokens", "-5"), ("top_k", "-2"), ("min_p", "1e309"), ("presence_penalty", "-2.5"),
            ("frequency_penalty", "1e309"), ("repetition_penalty", "0"), ("logit_bias", #"{"1":101}"#),
            ("logit_bias", #"{"99999":1}"#), ("seed", "1.5"), ("top_logprobs", "3"), ("stop", "[1]"),
            ("response_format", #"{"type":"yaml"}"#), ("response_format", #"{"type":"json_schema"}"#),
        ])
    func ranges(field: String, value: String) async throws {
        let error = try await refusal(#","\#(field)":\#(value)"#)
        #expect(error?.status == 400 && error?.param == field && error?.code == "invalid_value")
        #expect(error?.type == "invalid_request_error")
    }

    @Test("n answers come as n choices, and the prompt counts once", arguments: [false, true])
    func choices(streams: Bool) async throws {
        let extra =
            #","n":3,"max_tokens":8,"seed":3,"top_k":0,"stream":\#(streams),"stream_options":{"include_usage":true}"#
        let request = try TinyChatModel.request(extra: extra)
        let bytes = try await backend.reply(to: request).body.collect()
        var texts = ["", "", ""]
        var ends = 0
        var usage: Usage?
        if streams {
            var parser = SSEParser()
            parser.append(bytes)
            while let event = try parser.next() {
                guard let data = event.data, !data.elementsEqual("[DONE]".utf8) else { continue }
                let root = try JSONDocument(Array(data)).root
                usage = root["usage"].flatMap { Usage($0) } ?? usage
                for choice in root["choices"]?.elements.map({ $0 }) ?? [] {
                    let index = try #require(choice["index"]?.int)
                    texts[index] += choice["delta"]?["content"]?.string?.text ?? ""
                    if choice["finish_reason"]?.string != nil { ends += 1 }
                }
            }
        } else {
            let root = try JSONDocument(bytes).root
            usage = root["usage"].flatMap { Usage($0) }
            for choice in root["choices"]?.elements.map({ $0 }) ?? [] {
                let index = try #require(choice["index"]?.int)
                texts[index] = choice["message"]?["content"]?.string?.text ?? ""
                ends += 1
            }
        }
        // The request is greedy: all choices say the same.
        let expected = try model.reference(tokens: 8)
        #expect(ends == 3 && texts == [expected.text, expected.text, expected.text])
        #expect(usage?.promptTokens == expected.prompt && usage?.completionTokens == 3 * expected.tokens)
    }

    @Test("log probabilities stand beside the text they belong to", arguments: [false, true])
    func logprobs(streams: Bool) async throws {
        let extra = #","logprobs":true,"top_logprobs":2,"max_tokens":8,"stream":\#(streams)"#
        let bytes = try await backend.reply(to: try TinyChatModel.request(extra: extra)).body.collect()
        var entries: [JSONValue] = []
        if streams {
            var parser = SSEParser()
            parser.append(bytes)
            while let event = try parser.next() {
                guard let data = event.data, !data.elementsEqual("[DONE]".utf8) else { continue }
                for choice in try JSONDocument(Array(data)).root["choices"]?.elements.map({ $0 }) ?? [] {
                    entries += choice["logprobs"]?["content"]?.elements.map { $0 } ?? []
                }
            }
        } else {
            for choice in try JSONDocument(bytes).root["choices"]?.elements.map({ $0 }) ?? [] {
                entries += choice["logprobs"]?["content"]?.elements.map { $0 } ?? []
            }
        }
        let expected = try model.reference(tokens: 8)
        #expect(entries.count == expected.tokens)
        let bytesOfTokens = entries.flatMap { $0["bytes"]?.elements.compactMap(\.int).map { UInt8($0) } ?? [] }
        #expect(String(decoding: bytesOfTokens, as: UTF8.self) == expected.text)
        for entry in entries {
            let own = try #require(entry["logprob"]?.double)
            let top = entry["top_logprobs"]?.elements.compactMap { $0["logprob"]?.double } ?? []
            #expect(own <= 0 && top.count == 2 && top[0] == own && top[1] <= top[0])
        }
    }

    @Test("a completion continues text as it stands, or token ids, and can echo them")
    func completions() async throws {
        let ids = model.tokenizer.encode(Array("What does".utf8))
        let expected = try DecoderModel(weights: model.weights).generate(
            after: ids, options: GenerationOptions(maximumNewTokens: 6, endTokens: model.template.stopTokens)
        ).tokens
        let text = String(decoding: model.tokenizer.decode(expected), as: UTF8.self)
        let list = ids.map(String.init).joined(separator: ",")
        for prompt in [#""What does""#, "[\(list)]"] {
            let root = try JSONDocument(
                try await complete(#""prompt":\#(prompt),"max_tokens":6,"echo":true,"temperature":0"#)
            ).root
            let choice = try #require(root["choices"]?.elements.first { _ in true })
            #expect(choice["text"]?.string?.text == "What does" + text)
            #expect(root["object"]?.string?.text == "text_completion")
            #expect(root["usage"]?["prompt_tokens"]?.int == ids.count)
        }
    }

    @Test("an echo with log probabilities and no new token scores the prompt")
    func scores() async throws {
        let ids = model.tokenizer.encode(Array("What does the ship pay?".utf8))
        let nll = try DecoderModel(weights: model.weights).score(ids)
        let list = ids.map(String.init).joined(separator: ",")
        let root = try JSONDocument(
            try await complete(#""prompt":[\#(list)],"max_tokens":0,"echo":true,"logprobs":1"#)
        ).root
        let choice = try #require(root["choices"]?.elements.first { _ in true })
        let found = choice["logprobs"]?["token_logprobs"]?.elements.map { $0.double } ?? []
        #expect(found.count == ids.count && found.first == .some(nil))
        for (position, loss) in nll.enumerated() {
            #expect(abs((found[position + 1] ?? 1) + Double(loss)) < 1e-4)
        }
        #expect(choice["logprobs"]?["text_offset"]?.elements.compactMap(\.int).count == ids.count)
        #expect(root["usage"]?["completion_tokens"]?.int == 0)
    }

    @Test("a streamed completion has the same text, in events of its own shape, and an end")
    func streamedCompletion() async throws {
        func text(_ bytes: [UInt8]) throws -> (String, Bool) {
            var (text, isDone) = ("", false)
            var parser = SSEParser()
            parser.append(bytes)
            while let event = try parser.next() {
                guard let data = event.data else { continue }
                if data.elementsEqual("[DONE]".utf8) {
                    isDone = true
                    continue
                }
                for choice in try JSONDocument(Array(data)).root["choices"]?.elements.map({ $0 }) ?? [] {
                    text += choice["text"]?.string?.text ?? ""
                }
            }
            return (text, isDone)
        }
        let fields = #""prompt":"The ship","max_tokens":9,"temperature":0"#
        let whole = try JSONDocument(try await complete(fields)).root
        let expected = whole["choices"]?.elements.first { _ in true }?["text"]?.string?.text
        let (streamed, isDone) = try text(try await complete(fields + #","stream":true"#))
        #expect(streamed == expected && isDone)
    }

    @Test("an embedding is the mean of the final hidden states, as numbers or as base64")
    func embeddings() async throws {
        let ids = model.tokenizer.encode(Array("Alma".utf8))
        let expected = try DecoderModel(weights: model.weights).embedding(ids)
        let root = try JSONDocument(try await complete(#""input":["Alma","x"]"#, path: "/v1/embeddings")).root
        let data = root["data"]?.elements.map { $0 } ?? []
        let vector = data.first?["embedding"]?.elements.compactMap { $0.double } ?? []
        #expect(data.count == 2 && vector.count == expected.count)
        #expect(zip(vector, expected).allSatisfy { abs($0 - Double($1)) < 1e-4 })
        let coded = try JSONDocument(
            try await complete(#""input":"Alma","encoding_format":"base64""#, path: "/v1/embeddings")
        ).root
        let text = coded["data"]?.elements.first { _ in true }?["embedding"]?.string?.text
        let bytes = try #require(text.flatMap { Data(base64Encoded: $0) })
        let floats = stride(from: 0, to: bytes.count, by: 4).map { place in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) })
        }
        #expect(zip(floats, expected).allSatisfy { abs($0 - $1) < 1e-4 } && floats.count == expected.count)
    }

    private static let schema =
        #"{"type":"object","properties":{"pay":{"type":"integer"},"kind":{"enum":["ship","boat"]},"#
        + #""tags":{"type":"array","items":{"type":"string","maxLength":4},"maxItems":2}},"required":["pay","kind"]}"#

    @Test("an answer held to a schema parses and meets it, at any temperature", arguments: [0, 1, 2, 3, 4, 5])
    func schema(seed: Int) async throws {
        let extra =
            #","response_format":{"type":"json_schema","json_schema":{"name":"p","strict":true,"schema":\#(Self.schema)}},"#
            + #""max_tokens":120,"seed":\#(seed),"top_p":0.99,"presence_penalty":0.5"#
        let request = try TinyChatModel.request(extra: extra)
        let body = String(decoding: request.body, as: UTF8.self).replacing(
            #""temperature":0,"#, with: #""temperature":\#(seed % 3),"#)
        let sampled = BackendRequest(
            id: "r", body: [], model: "base", chat: .init(request: try ChatRequest(Array(body.utf8))))
        let answer = try ParsedAnswer(completion: try await backend.reply(to: sampled).body.collect())
        #expect(answer.finishReason == "stop")
        let value = try JSONDocument(Array(answer.text.utf8)).root
        #expect(value["pay"]?.int != nil)
        #expect(["ship", "boat"].contains(value["kind"]?.string?.text))
        let tags = value["tags"]?.elements.map { $0.string?.text?.unicodeScalars.count } ?? []
        #expect(tags.count <= 2 && tags.allSatisfy { $0 ?? 9 <= 4 })
    }

    @Test("a schema that cannot be kept is refused by the keyword's name")
    func badSchema() async throws {
        let error = try await refusal(
            #","response_format":{"type":"json_schema","json_schema":{"schema":{"type":"array","uniqueItems":true}}}"#)
        #expect(error?.status == 400 && error?.param == "response_format")
        #expect(error?.message.contains("uniqueItems") == true)
    }
}
