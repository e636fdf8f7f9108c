import ChatAPI
import Foundation
import TestSupport
import Testing

@Suite("Answers the gateway makes itself")
struct CompletionEncoderTests {
    private let encoder = CompletionEncoder(id: "chatcmpl-1", created: 1_700_000_000, model: "my \"model\"")
    private let usage = Usage(promptTokens: 7, completionTokens: 2)

    @Test("a whole answer has every required key with its value", arguments: FinishReason.allCases)
    func writesCompletion(_ reason: FinishReason) throws {
        let object = try object(encoder.completion("a\n\"é😀\u{1}", finishReason: reason, usage: usage))
        #expect(object["id"] as? String == "chatcmpl-1")
        #expect(object["object"] as? String == "chat.completion")
        #expect(object["created"] as? Int == 1_700_000_000)
        #expect(object["model"] as? String == "my \"model\"")
        let choice = try #require((object["choices"] as? [[String: Any]])?.first)
        #expect(choice["index"] as? Int == 0)
        #expect(choice["finish_reason"] as? String == reason.rawValue)
        #expect(choice["logprobs"] is NSNull)
        let message = try #require(choice["message"] as? [String: Any])
        #expect(message["role"] as? String == "assistant")
        #expect(message["content"] as? String == "a\n\"é😀\u{1}")
        #expect(message["refusal"] is NSNull)
        let counts = try #require(object["usage"] as? [String: Any])
        #expect(counts["prompt_tokens"] as? Int == 7)
        #expect(counts["completion_tokens"] as? Int == 2)
        #expect(counts["total_tokens"] as? Int == 9)
    }

    @Test(
        "a stream starts with the role, has one finish reason, and usage only where it was asked for",
        arguments: [true, false])
    func writesStream(_ includeUsage: Bool) throws {
        var stream = encoder.stream(includeUsage: includeUsage)
        let pieces = ["", "Grö", "ße\n", "\"😀\""]
        let bytes = pieces.flatMap { stream.text($0) } + stream.finish(.length, usage: usage)
        #expect(stream.start().isEmpty && stream.text("late").isEmpty && stream.finish(.stop, usage: usage).isEmpty)

        let events = try events(bytes)
        #expect(events.last == "[DONE]")
        let chunks = try events.dropLast().map { try object(Array($0.utf8)) }
        #expect(Set(chunks.map { "\($0["id"] ?? 0) \($0["created"] ?? 0) \($0["model"] ?? 0)" }).count == 1)
        #expect(chunks.allSatisfy { $0["object"] as? String == "chat.completion.chunk" })
        #expect(chunks.count == (includeUsage ? 6 : 5))

        let answers = includeUsage ? Array(chunks.dropLast()) : chunks
        let choices = try answers.map { try #require(($0["choices"] as? [[String: Any]])?.first) }
        let deltas = choices.map { $0["delta"] as? [String: Any] ?? [:] }
        #expect(deltas[0]["role"] as? String == "assistant")
        #expect(deltas.dropFirst().allSatisfy { $0["role"] == nil })
        #expect(deltas.compactMap { $0["content"] as? String }.joined() == pieces.joined())
        #expect(choices.compactMap { $0["finish_reason"] as? String } == ["length"])
        #expect(choices.last?["finish_reason"] as? String == "length")
        #expect(choices.allSatisfy { $0["finish_reason"] != nil && $0["logprobs"] is NSNull })
        #expect(answers.allSatisfy { includeUsage ? $0["usage"] is NSNull : $0["usage"] == nil })
        if includeUsage {
            #expect((chunks.last?["choices"] as? [Any])?.isEmpty == true)
            #expect((chunks.last?["usage"] as? [String: Any])?["total_tokens"] as? Int == 9)
        }
    }

    @Test("an empty answer is a stream with role, finish reason and end")
    func writesEmptyStream() throws {
        var stream = encoder.stream(includeUsage: false)
        #expect(try events(stream.finish(.stop, usage: usage)).count == 3)
    }

    @Test("what the encoder writes, the observers read")
    func agreesWithObservers() {
        var stream = encoder.stream(includeUsage: true)
        var observer = StreamObserver()
        observer.observe(stream.start())
        #expect(!observer.sawContent)
        observer.observe(stream.text("a"))
        #expect(observer.sawContent)
        observer.observe(stream.finish(.stop, usage: usage))
        #expect(observer.sawDone && observer.finishReason == "stop")
        #expect(observer.usage?.totalTokens == 9)
        var response = ResponseObserver()
        response.observe(encoder.completion("a", finishReason: .stop, usage: usage))
        #expect(response.isComplete && response.finishReason == "stop" && response.usage?.promptTokens == 7)
    }

    @Test("the model list and a single model have the keys of the API")
    func writesModels() throws {
        let model = ModelList.Model(id: "m/1", created: 5, ownedBy: "me")
        let list = try object(ModelList([model, ModelList.Model(id: "n", created: 6, ownedBy: "you")]).body)
        #expect(list["object"] as? String == "list")
        let data = try #require(list["data"] as? [[String: Any]])
        #expect(data.map { $0["id"] as? String } == ["m/1", "n"])
        let single = try object(model.body)
        #expect(single["object"] as? String == "model")
        #expect(single["created"] as? Int == 5)
        #expect(single["owned_by"] as? String == "me")
        #expect(Set(data[0].keys) == Set(single.keys))
        #expect((try object(ModelList([]).body)["data"] as? [Any])?.isEmpty == true)
    }

    private func object(_ bytes: [UInt8]) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    private func events(_ bytes: [UInt8]) throws -> [String] {
        var parser = SSEParser()
        parser.append(bytes)
        var events: [String] = []
        while let event = try parser.next() { events.append(String(decoding: event.data ?? [], as: UTF8.self)) }
        #expect(parser.finish() == nil)
        return events
    }
}
