import ChatAPI
import Testing

@Suite("Chat messages")
struct ChatMessageTests {
    @Test(
        "a plain message is a role and text",
        arguments: [
            #"{"role":"user","content":"q"}"#, #"{"content":"","role":"developer"}"#,
            #"{"role":"user","content":[{"type":"text","text":"a"},{"text":"b","type":"text"}]}"#,
            #"{"role":"assistant","content":"a","refusal":null,"tool_calls":[],"annotations":[]}"#,
            #"{"role":"user","content":[{"type":"text","text":"a","prompt_cache_breakpoint":{"mode":"x"}}]}"#,
        ])
    func readsPlainMessages(_ json: String) throws {
        let request = try request(json)
        #expect(request.messages.count == 1)
        #expect(request.messages[0].isPlain)
        #expect(request.features.isEmpty)
    }

    @Test(
        "a message with more than a role and text is not plain, and says why",
        arguments: [
            (#"{"role":"user","content":null}"#, []), (#"{"role":"user"}"#, []),
            (#"{"role":"user","content":"a","name":"bob"}"#, []),
            (#"{"content":"a"}"#, [.malformed("messages.role")]),
            (#"{"role":1,"content":"a"}"#, [.malformed("messages.role")]),
            (#"{"role":"user","content":"a","name":1}"#, [.malformed("messages.name")]),
            (#"{"role":"user","content":"\ud800"}"#, [.unreadableText]),
            (#"{"role":"user","content":1}"#, [.nonTextContent]), (#"{"role":"user","content":{}}"#, [.nonTextContent]),
            (#"{"role":"user","content":["a"]}"#, [.nonTextContent]),
            (#"{"role":"user","content":[{"type":"text"}]}"#, [.nonTextContent]),
            (#"{"role":"user","content":[{"type":"text","text":1}]}"#, [.nonTextContent]),
            (#"{"role":"user","content":[{"text":"a"}]}"#, [.nonTextContent]),
            (
                #"{"role":"user","content":[{"type":"text","text":"a","cache_control":{}}]}"#,
                [.unknownField("messages.content.cache_control")]
            ),
            (#"{"role":"tool","content":"a","tool_call_id":"c"}"#, [.tools]),
            (#"{"role":"assistant","content":null,"tool_calls":[{"id":"c"}]}"#, [.tools]),
            (#"{"role":"assistant","content":"a","function_call":{"name":"f"}}"#, [.tools]),
            (#"{"role":"assistant","content":"a","audio":{"id":"x"}}"#, [.audio]),
            (#"{"role":"assistant","content":"a","refusal":"no"}"#, [.unknownField("messages.refusal")]),
            (#"{"role":"user","content":"a","weight":0}"#, [.unknownField("messages.weight")]),
            (#""hello""#, [.malformed("messages")]),
        ] as [(String, Set<Feature>)])
    func readsOtherMessages(_ json: String, features: Set<Feature>) throws {
        let request = try request(json)
        #expect(!request.messages[0].isPlain)
        #expect(request.features == features)
    }

    @Test("an image makes the content something other than text")
    func readsImages() throws {
        let request = try request(
            #"{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:"}}]}"#)
        #expect(request.features.contains(.nonTextContent))
        #expect(request.messages[0].texts == nil)
    }

    @Test("names, call ids and call presence are read")
    func readsDetails() throws {
        let request = try request(
            #"{"role":"tool","content":"a","name":"n","tool_call_id":"c"},{"role":"assistant","tool_calls":[{}]}"#)
        #expect(request.messages[0].name?.text == "n")
        #expect(request.messages[0].toolCallID?.text == "c")
        #expect(!request.messages[0].hasToolCalls)
        #expect(request.messages[1].hasToolCalls)
    }

    private func request(_ messages: String) throws -> ChatRequest {
        try ChatRequest(Array(#"{"model":"m","messages":[\#(messages)]}"#.utf8))
    }
}
