import ChatAPI
import Testing

@Suite("Requests for completions and embeddings")
struct CompletionRequestTests {
    private func completion(_ fields: String) throws -> CompletionRequest {
        try CompletionRequest(Array(#"{"model":"m",\#(fields)}"#.utf8))
    }

    @Test(
        "a prompt is text or token ids, one or many",
        arguments: [
            (#""hi""#, [.text(Array("hi".utf8))]), (#"["a","b"]"#, [.text([0x61]), .text([0x62])]),
            ("[1,2,3]", [.tokens([1, 2, 3])]), ("[[1],[2,3]]", [.tokens([1]), .tokens([2, 3])]),
        ] as [(String, [PromptInput])])
    func prompts(json: String, expected: [PromptInput]) throws {
        #expect(try completion(#""prompt":\#(json)"#).prompts == expected)
        #expect(try EmbeddingRequest(Array(#"{"model":"m","input":\#(json)}"#.utf8)).inputs == expected)
    }

    @Test("what is absent has the values of the API")
    func defaults() throws {
        let request = try completion(#""prompt":"a""#)
        #expect(request.sampling.maxTokens == 16 && !request.echo && !request.stream && request.cachesPrompt)
        #expect(request.sampling.logprobs == nil)
    }

    @Test("all parameters are read")
    func parameters() throws {
        let request = try completion(
            #""prompt":[5],"max_tokens":0,"echo":true,"logprobs":2,"n":2,"best_of":2,"stop":["x"],"seed":4,"top_k":3,"#
                + #""stream":true,"stream_options":{"include_usage":true},"cache_prompt":false,"ignore_eos":true,"user":"u""#
        )
        #expect(request.sampling.maxTokens == 0 && request.echo && request.sampling.logprobs == 2)
        #expect(request.sampling.choices == 2 && request.sampling.stop == ["x"] && request.sampling.seed == 4)
        #expect(request.sampling.topK == 3 && request.sampling.ignoresEnd == true)
        #expect(request.stream && request.includeUsage && !request.cachesPrompt)
    }

    @Test(
        "what cannot be is refused by the field's name",
        arguments: [
            (#""prompt":[]"#, "prompt"), (#""prompt":[1,"a"]"#, "prompt"), (#""prompt":[-1]"#, "prompt"),
            (#""prompt":[1.5]"#, "prompt"), (#""prompt":[99999999999]"#, "prompt"), (#""prompt":{}"#, "prompt"),
            (#""max_tokens":5"#, "prompt"), (#""prompt":"a","max_tokens":0"#, "max_tokens"),
            (#""prompt":"a","max_tokens":-1"#, "max_tokens"), (#""prompt":"a","logprobs":21"#, "logprobs"),
            (#""prompt":"a","logprobs":true"#, "logprobs"), (#""prompt":"a","suffix":"b""#, "suffix"),
            (#""prompt":"a","best_of":3"#, "best_of"), (#""prompt":"a","temperature":1e309"#, "temperature"),
            (#""prompt":"a","top_p":-0.5"#, "top_p"), (#""prompt":"a","n":0"#, "n"),
            (#""prompt":"a","min_p":2"#, "min_p"), (#""prompt":"a","tools":[]"#, "tools"),
            (#""prompt":"a","grammar":"x""#, "grammar"), (#""prompt":"a","prompt":"b""#, "prompt"),
        ])
    func refused(fields: String, param: String) {
        let error = #expect(throws: RequestError.self) { try completion(fields) }
        #expect(error?.param == param)
    }

    @Test("an embedding request knows its encoding and refuses dimensions")
    func embeddings() throws {
        let request = try EmbeddingRequest(Array(#"{"model":"m","input":"a","encoding_format":"base64"}"#.utf8))
        #expect(request.encoding == .base64)
        for (fields, param) in [
            (#""input":"a","encoding_format":"int8""#, "encoding_format"),
            (#""input":"a","dimensions":8"#, "dimensions"),
            (#""encoding_format":"float""#, "input"),
        ] {
            let error = #expect(throws: RequestError.self) {
                try EmbeddingRequest(Array(#"{"model":"m",\#(fields)}"#.utf8))
            }
            #expect(error?.param == param)
        }
    }
}
