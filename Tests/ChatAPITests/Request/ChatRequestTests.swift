import ChatAPI
import Testing

@Suite("Chat requests")
struct ChatRequestTests {
    @Test("the fields of a request are read, and its bytes are kept")
    func readsRequest() throws {
        let request = try ChatRequest(Fixtures.request)
        #expect(request.body == Fixtures.request)
        #expect(request.model == "task-model")
        #expect(request.body[request.modelRange] == Array(#""task-model""#.utf8)[...])
        #expect(request.stream)
        #expect(!request.includeUsage)
        #expect(request.user == nil)
        #expect(request.sampling.temperature == 0.25)
        #expect(request.sampling.stop == ["\n\n"])
        #expect(request.sampling.maxTokens == 64)
        #expect(request.sampling.seed == -7)
        #expect(request.features == [.unknownField("x_vendor")])
        #expect(request.messages.map(\.role) == ["system", "user", "user"])
        #expect(request.messages.map(\.isPlain) == [true, true, true])
        #expect(
            request.messages.map { $0.texts?.map(\.string.text) } == [
                ["Rules:\n1. \"Be brief\".\n2. Use tab\té and 😀."], ["Größe 日本 😀", "second"], ["last \"query\""],
            ])
        for message in request.messages {
            #expect(request.body[message.range].first == UInt8(ascii: "{"))
            #expect(request.body[message.range].last == UInt8(ascii: "}"))
        }
    }

    @Test(
        "a body that nobody could forward is refused with the parameter and a code",
        arguments: [
            ("", nil, .invalidJSON), ("{", nil, .invalidJSON), ("[]", nil, .invalidType), ("\"x\"", nil, .invalidType),
            ("{}", "model", .missingParameter), (#"{"messages":[]}"#, "model", .missingParameter),
            (#"{"model":"m"}"#, "messages", .missingParameter), (#"{"model":1,"messages":[]}"#, "model", .invalidType),
            (#"{"model":null,"messages":[]}"#, "model", .invalidType),
            (#"{"model":"","messages":[]}"#, "model", .invalidValue),
            (#"{"model":"\ud800","messages":[]}"#, "model", .invalidValue),
            (#"{"model":"m","messages":{}}"#, "messages", .invalidType),
            (#"{"model":"m","messages":null}"#, "messages", .invalidType),
            (#"{"model":"m","model":"m","messages":[]}"#, "model", .duplicateParameter),
            (#"{"model":"m","messages":[],"mess\u0061ges":[]}"#, "messages", .duplicateParameter),
            (#"{"model":"m","messages":[],"n":1,"n":2}"#, "n", .duplicateParameter),
            (#"{"model":"m","messages":[{"role":"user","role":"system"}]}"#, "messages[0].role", .duplicateParameter),
            (
                #"{"model":"m","messages":[{},{"content":"a","content":"b"}]}"#, "messages[1].content",
                .duplicateParameter
            ),
            (
                #"{"model":"m","messages":[{"content":[{"type":"text","text":"a","text":"b"}]}]}"#,
                "messages[0].content.text", .duplicateParameter
            ),
            (
                #"{"model":"m","messages":[],"stream_options":{"include_usage":true,"include_usage":false}}"#,
                "stream_options.include_usage", .duplicateParameter
            ),
        ] as [(String, String?, RequestError.Code)])
    func refuses(_ body: String, param: String?, code: RequestError.Code) {
        let error = #expect(throws: RequestError.self) { try ChatRequest(Array(body.utf8)) }
        #expect(error?.param == param)
        #expect(error?.code == code)
    }

    @Test(
        "a field that asks for more than text is a feature",
        arguments: [
            (#""tools":[{"type":"function"}]"#, .tools), (#""functions":[{"name":"f"}]"#, .tools),
            (#""tool_choice":"required""#, .tools), (#""tool_choice":{"type":"function"}"#, .tools),
            (#""function_call":{"name":"f"}"#, .tools), (#""n":2"#, .multipleChoices), (#""logprobs":true"#, .logprobs),
            (#""logprobs":true,"top_logprobs":3"#, .logprobs),
            (#""response_format":{"type":"json_object"}"#, .responseFormat),
            (#""response_format":{"type":"json_schema","json_schema":{"schema":{}}}"#, .responseFormat),
            (#""logit_bias":{"50256":-100}"#, .logitBias), (#""frequency_penalty":0.5"#, .penalties),
            (#""presence_penalty":-1"#, .penalties), (#""audio":{"voice":"alloy"}"#, .audio),
            (#""modalities":["text","audio"]"#, .audio), (#""prediction":{"type":"content"}"#, .prediction),
            (#""reasoning_effort":"high""#, .reasoning), (#""verbosity":"low""#, .verbosity),
            (#""web_search_options":{}"#, .webSearch), (#""moderation":{}"#, .moderation), (#""store":true"#, .store),
            (#""service_tier":"priority""#, .serviceTier), (#""top_k":5"#, .unknownField("top_k")),
            (#""Model":"x""#, .unknownField("Model")), (#""temperature":"hot""#, .malformed("temperature")),
            (#""temperature":-0.1"#, .malformed("temperature")), (#""temperature":1e999"#, .malformed("temperature")),
            (#""top_p":1.5"#, .malformed("top_p")), (#""max_tokens":0"#, .malformed("max_tokens")),
            (#""max_tokens":1.5"#, .malformed("max_tokens")),
            (#""max_completion_tokens":"1""#, .malformed("max_completion_tokens")),
            (#""seed":1e3"#, .malformed("seed")), (#""seed":92233720368547758080"#, .malformed("seed")),
            (#""stop":[1]"#, .malformed("stop")), (#""stop":"""#, .malformed("stop")),
            (#""stop":{}"#, .malformed("stop")),
            (#""stream":"yes""#, .malformed("stream")), (#""n":"1""#, .malformed("n")),
            (#""n":0"#, .malformed("n")), (#""n":-1"#, .malformed("n")), (#""n":129"#, .malformed("n")),
            (#""min_p":1.01"#, .malformed("min_p")), (#""min_p":-0.1"#, .malformed("min_p")),
            (#""top_k":-2"#, .malformed("top_k")), (#""top_k":1.5"#, .malformed("top_k")),
            (#""repetition_penalty":0"#, .malformed("repetition_penalty")),
            (#""repetition_penalty":1e309"#, .malformed("repetition_penalty")),
            (#""presence_penalty":2.1"#, .malformed("presence_penalty")),
            (#""presence_penalty":1e309"#, .malformed("presence_penalty")),
            (#""frequency_penalty":-2.1"#, .malformed("frequency_penalty")),
            (#""frequency_penalty":"0""#, .malformed("frequency_penalty")),
            (#""logit_bias":{"5":101}"#, .malformed("logit_bias")),
            (#""logit_bias":{"-5":1}"#, .malformed("logit_bias")),
            (#""logit_bias":{"a":1}"#, .malformed("logit_bias")), (#""logit_bias":[]"#, .malformed("logit_bias")),
            (#""logprobs":1"#, .malformed("logprobs")), (#""ignore_eos":1"#, .malformed("ignore_eos")),
            (#""response_format":{"type":"json_schema","json_schema":{}}"#, .malformed("response_format")),
            (#""user":1"#, .malformed("user")),
            (#""tools":{}"#, .malformed("tools")), (#""response_format":"text""#, .malformed("response_format")),
            (#""stream_options":1"#, .malformed("stream_options")),
            (#""stream_options":{"include_usage":1}"#, .malformed("stream_options.include_usage")),
            (#""stream_options":{"chunk":1}"#, .unknownField("stream_options.chunk")),
        ] as [(String, Feature)])
    func findsFeatures(_ field: String, feature: Feature) throws {
        #expect(try request(field).features == [feature])
    }

    @Test("log probabilities that are only half asked for are a fault and a feature")
    func halfLogprobs() throws {
        #expect(try request(#""top_logprobs":3"#).features == [.logprobs, .malformed("top_logprobs")])
        #expect(try request(#""logprobs":true,"top_logprobs":21"#).features == [.logprobs, .malformed("top_logprobs")])
    }

    @Test("the parameters of the draw are read as they stand")
    func sampling() throws {
        let sampling = try request(
            #""temperature":0.5,"top_k":7,"min_p":0.1,"repetition_penalty":1.2,"presence_penalty":-1,"n":3,"#
                + #""frequency_penalty":0.25,"logit_bias":{"12":-100,"3":5.5},"logprobs":true,"top_logprobs":4,"#
                + #""max_tokens":5,"max_completion_tokens":9,"ignore_eos":true,"#
                + #""response_format":{"type":"json_schema","json_schema":{"schema":{"type":"null"}}}"#
        ).sampling
        #expect(sampling.temperature == 0.5 && sampling.topK == 7 && sampling.minP == 0.1)
        #expect(sampling.repetitionPenalty == 1.2 && sampling.presencePenalty == -1)
        #expect(sampling.frequencyPenalty == 0.25 && sampling.choices == 3 && sampling.logprobs == 4)
        #expect(sampling.logitBias.map(\.token) == [12, 3] && sampling.logitBias.map(\.bias) == [-100, 5.5])
        #expect(sampling.maxTokens == 9 && sampling.ignoresEnd == true)
        #expect(sampling.format == .jsonSchema(Array(#"{"type":"null"}"#.utf8)))
    }

    @Test(
        "a field at its default, or one that cannot change the text, is no feature",
        arguments: [
            #""tools":[]"#, #""tools":null"#, #""tool_choice":"auto""#, #""tool_choice":"none""#, #""n":1"#,
            #""logprobs":false"#, #""top_logprobs":null"#, #""response_format":{"type":"text"}"#, #""logit_bias":{}"#,
            #""frequency_penalty":0"#, #""presence_penalty":0.0"#, #""modalities":["text"]"#, #""audio":null"#,
            #""prediction":null"#, #""reasoning_effort":"none""#, #""verbosity":"medium""#, #""store":false"#,
            #""service_tier":"auto""#, #""metadata":{"a":"b"}"#, #""user":"u""#, #""safety_identifier":"s""#,
            #""prompt_cache_key":"k""#, #""parallel_tool_calls":true"#, #""top_k":null"#, #""temperature":null"#,
            #""stream_options":null"#, #""stream_options":{"include_usage":true,"include_obfuscation":false}"#,
        ])
    func ignoresDefaults(_ field: String) throws {
        #expect(try request(field).features.isEmpty)
    }

    @Test("sampling parameters are read as they are sent")
    func readsSampling() throws {
        #expect(try request(#""temperature":0,"top_p":0.9,"seed":42"#).sampling.topP == 0.9)
        #expect(try request(#""temperature":0"#).sampling.temperature == 0)
        #expect(try request(#""max_tokens":5,"max_completion_tokens":7"#).sampling.maxTokens == 7)
        #expect(try request(#""max_tokens":5"#).sampling.maxTokens == 5)
        #expect(try request(#""stop":"x""#).sampling.stop == ["x"])
        #expect(try request(#""stop":["a","\u00e9"]"#).sampling.stop == ["a", "é"])
        #expect(try request(#""stop":[]"#).sampling.stop == [])
        #expect(try request(#""stream":true,"stream_options":{"include_usage":true}"#).includeUsage)
        #expect(try request(#""user":"someone""#).user == "someone")
    }

    private func request(_ field: String) throws -> ChatRequest {
        try ChatRequest(Array(#"{"model":"m","messages":[],\#(field)}"#.utf8))
    }
}
