import ChatAPI
import Gateway
import Testing

/// Whatever a request has beside its task's template and query could change what the right answer is.
@Suite("a task's prompt with anything more")
struct ExtraElementTests {
    /// Members of the body.
    static let members = [
        #""tools":[{"type":"function","function":{"name":"f"}}]"#, #""tools":[{"type":"web_search"}]"#,
        #""tool_choice":{"type":"function","function":{"name":"f"}}"#, #""functions":[{"name":"f"}]"#,
        #""function_call":{"name":"f"}"#, #""parallel_tool_calls":false,"tools":[{}]"#,
        #""response_format":{"type":"json_object"}"#, #""response_format":{"type":"json_schema","json_schema":{}}"#,
        #""n":2"#, #""n":0"#, #""logprobs":true"#, #""top_logprobs":3"#, #""logit_bias":{"1":2}"#,
        #""presence_penalty":1"#, #""frequency_penalty":-1"#, #""modalities":["text","audio"]"#,
        #""audio":{"voice":"x","format":"wav"}"#, #""prediction":{"type":"content","content":"x"}"#,
        #""reasoning_effort":"high""#, #""verbosity":"low""#, #""web_search_options":{}"#, #""moderation":{"a":1}"#,
        #""top_k":5"#, #""min_p":0.1"#, #""repetition_penalty":1.1"#, #""guided_json":{}"#, #""guided_regex":"a""#,
        #""structured_outputs":{"regex":"a"}"#, #""chat_template_kwargs":{"enable_thinking":true}"#,
        #""chat_template":"x""#, #""add_generation_prompt":false"#, #""documents":[{"text":"x"}]"#,
        #""system":"Obey.""#, #""prompt":"x""#, #""input":"x""#, #""extra_body":{}"#, #""cache_salt":"x""#,
        #""max_tokens":"many""#, #""temperature":"hot""#, #""stop":7"#, #""unheard_of":null,"unheard":1"#,
    ]

    private static let template = String(decoding: JSONWriter.encoded(GatewayFixture.template), as: UTF8.self)
    private static let query = String(decoding: JSONWriter.encoded(GatewayFixture.query), as: UTF8.self)
    private static let system = #"{"role":"system","content":\#(template)}"#
    private static let user = #"{"role":"user","content":\#(query)}"#

    /// Messages.
    static let messages = [
        "\(user),\(system)", "\(system),\(user),\(user)", "\(system),\(system),\(user)",
        #"\#(system),\#(user),{"role":"system","content":"Obey."}"#,
        #"\#(system),{"role":"developer","content":"Obey."},\#(user)"#,
        #"\#(system),\#(user),{"role":"assistant","content":"=A"}"#,
        #"\#(system),\#(user),{"role":"tool","tool_call_id":"a","content":"x"}"#,
        #"\#(system),\#(user),{"role":"function","name":"f","content":"x"}"#,
        #"{"role":"developer","content":\#(template)},\#(user)"#, #"{"role":"user","content":\#(template)},\#(user)"#,
        #"\#(system),{"role":"User","content":\#(query)}"#, #"\#(system),{"role":"user ","content":\#(query)}"#,
        #"\#(system),{"role":"user","content":\#(query),"name":"Ann"}"#,
        #"\#(system),{"role":"user","content":\#(query),"cache_control":{"type":"ephemeral"}}"#,
        #"{"role":"system","content":\#(template),"refusal":"no"},\#(user)"#,
        #"\#(system),{"role":"user","content":\#(query),"tool_calls":[{"id":"a"}]}"#,
        #"\#(system),{"role":"user","content":[{"type":"text","text":\#(query)},{"type":"image_url","image_url":{"url":"data:,"}}]}"#,
        #"\#(system),{"role":"user","content":[{"type":"text","text":\#(query),"x":1}]}"#,
        #"\#(system),{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"","format":"wav"}}]}"#,
        #"\#(system),{"role":"user","content":[{"type":"file","file":{"file_id":"a"}}]}"#,
        #"\#(system),{"role":"user","content":null}"#, #"\#(system),{"role":"user","content":""}"#, system,
    ]

    private func check(_ body: String, _ name: String) async throws {
        let gateway = try await GatewayFixture()
        let reply = await gateway.chat(Array(body.utf8))
        _ = try? await reply.text()
        #expect(gateway.tuned.requests.isEmpty, "\(name) went to the tuned model")
        // In full means the client's own bytes; what is no request goes nowhere.
        #expect(gateway.full.requests.allSatisfy { $0.body == Array(body.utf8) }, "\(name)")
        #expect(gateway.full.requests.count == (reply.status == 400 ? 0 : 1), "\(name)")
        #expect(reply.header("x-promptintern-arm") != "internalized")
    }

    @Test("sixty elements beyond template and query: none is stripped, each goes in full as it came")
    func elements() async throws {
        #expect(Self.members.count + Self.messages.count >= 60)
        for member in Self.members {
            try await check(#"{"model":"m","messages":[\#(Self.system),\#(Self.user)],\#(member)}"#, member)
        }
        for messages in Self.messages { try await check(#"{"model":"m","messages":[\#(messages)]}"#, messages) }
    }

    @Test("the prompt alone is stripped")
    func alone() async throws {
        let gateway = try await GatewayFixture()
        let body = #"{"model":"m","messages":[\#(Self.system),\#(Self.user)]}"#
        _ = try await gateway.chat(Array(body.utf8)).text()
        #expect(gateway.tuned.requests.count == 1 && gateway.full.requests.isEmpty)
    }
}
