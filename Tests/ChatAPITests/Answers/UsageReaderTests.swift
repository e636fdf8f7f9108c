import ChatAPI
import Testing

@Suite("Usage reader")
struct UsageReaderTests {
    @Test(
        "usage reads wherever a server puts it",
        arguments: [
            (
                #"{"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}"#,
                Usage(promptTokens: 9, completionTokens: 3)
            ),
            (
                #"{"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12,"prompt_tokens_details":"#
                    + #"{"audio_tokens":0,"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}},"id":"x"}"#,
                Usage(promptTokens: 9, completionTokens: 3, cachedTokens: 4, reasoningTokens: 2)
            ),
            (#"{"usage":{"prompt_tokens":9,"total_tokens":9}}"#, Usage(promptTokens: 9, completionTokens: 0)),
            (
                #"{"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":20,"prompt_tokens_details":null}}"#,
                Usage(promptTokens: 9, completionTokens: 3, totalTokens: 20)
            ),
            (
                #"{"type":"response.completed","response":{"usage":{"input_tokens":5,"output_tokens":6,"#
                    + #""input_tokens_details":{"cached_tokens":1},"output_tokens_details":{"reasoning_tokens":0}}}}"#,
                Usage(promptTokens: 5, completionTokens: 6, cachedTokens: 1, reasoningTokens: 0)
            ),
        ])
    func readsUsage(_ json: String, usage: Usage) {
        #expect(UsageReader(Array(json.utf8)).usage == usage)
    }

    @Test(
        "what is absent or odd reads as absent",
        arguments: [
            "", "x", "[]", "{}", #"{"usage":null}"#, #"{"usage":{}}"#, #"{"usage":{"prompt_tokens":"9"}}"#,
            #"{"usage":{"prompt_tokens":-1}}"#, #"{"usage":{"prompt_tokens":1.5}}"#, #"{"choices":{},"error":null}"#,
            #"{"usage":[1],"choices":[1,null,{"finish_reason":null}]}"#, #"{"error":{}}"#,
            #"{"choices":[{"finish_reason":""}]}"#, #"{"error":false}"#,
        ])
    func toleratesOddities(_ json: String) {
        let reader = UsageReader(Array(json.utf8))
        #expect(reader.usage == nil)
        #expect(reader.finishReason == nil)
        #expect(!reader.hasContent && !reader.hasError && !reader.isUsageOnly)
    }

    @Test("counts at the edge of 64 bits do not overflow")
    func survivesHugeCounts() {
        let json = #"{"usage":{"prompt_tokens":9223372036854775807,"completion_tokens":9223372036854775807}}"#
        #expect(UsageReader(Array(json.utf8)).usage == nil)
    }

    @Test(
        "content is text, reasoning, a refusal or a call, and not the role",
        arguments: [
            (#"{"choices":[{"delta":{"role":"assistant","content":"","refusal":null}}]}"#, false),
            (#"{"choices":[{"delta":{}}]}"#, false), (#"{"choices":[{"delta":{"content":"a"}}]}"#, true),
            (#"{"choices":[{"delta":{"content":null,"reasoning_content":"a"}}]}"#, true),
            (#"{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"#, true),
            (#"{"choices":[{"delta":{"refusal":"no"}}]}"#, true), (#"{"choices":[{"text":"a"}]}"#, true),
            (#"{"choices":[{"text":""}]}"#, false), (#"{"choices":[{"message":{"content":"a"}}]}"#, true),
            (#"{"type":"response.output_text.delta","delta":"a"}"#, true), (#"{"choices":[]}"#, false),
        ])
    func findsContent(_ json: String, hasContent: Bool) {
        #expect(UsageReader(Array(json.utf8)).hasContent == hasContent)
    }

    @Test("a chunk is usage-only if its list of choices is there and empty, and it has usage")
    func findsUsageOnly() {
        let usage = #""usage":{"prompt_tokens":1,"completion_tokens":1}"#
        #expect(UsageReader(Array(#"{"choices":[],\#(usage)}"#.utf8)).isUsageOnly)
        #expect(UsageReader(Array(#"{\#(usage),"choices":[]}"#.utf8)).isUsageOnly)
        #expect(!UsageReader(Array(#"{\#(usage)}"#.utf8)).isUsageOnly)
        #expect(!UsageReader(Array(#"{"choices":[],"usage":null}"#.utf8)).isUsageOnly)
        #expect(!UsageReader(Array(#"{"choices":[{"delta":{}}],\#(usage)}"#.utf8)).isUsageOnly)
    }
}
