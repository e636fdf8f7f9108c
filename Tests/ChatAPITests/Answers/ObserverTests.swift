import ChatAPI
import TestSupport
import Testing

@Suite("Observers of an answer")
struct ObserverTests {
    private static let usage = Usage(promptTokens: 9, completionTokens: 3, cachedTokens: 4, reasoningTokens: 0)
    private static let usageText =
        #"{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":4},"#
        + #""completion_tokens_details":{"reasoning_tokens":0}}"#

    @Test(
        "an answer's usage and finish reason are found for every split and every place of the usage", arguments: 0..<4)
    func readsAnswerForEverySplit(_ place: Int) {
        var members = [
            #""id":"}{[,\"usage\":{\"prompt_tokens\":1}""#,
            #""choices":[{"index":0,"message":{"content":"\"usage\":{\\","finish_reason":"no","usage":{"prompt_tokens":7}},"#
                + #""finish_reason" : "stop"},{"finish_reason":"length"}]"#,
            #""x":[[],{"error":{"a":1},"choices":[{"finish_reason":"x"}]}]"#,
        ]
        members.insert(#""usage" : \#(Self.usageText) "#, at: place)
        let text = Array("{ \(members.joined(separator: " ,\n")) }".utf8)
        for cut in 0...text.count {
            var observer = ResponseObserver()
            observer.observe(Array(text[..<cut]))
            #expect(observer.isComplete == (cut == text.count))
            observer.observe(Array(text[cut...]))
            #expect(observer.usage == Self.usage)
            #expect(observer.finishReason == "stop")
            #expect(!observer.sawError)
            #expect(observer.isComplete)
        }
        var byteWise = ResponseObserver()
        for byte in text { byteWise.observe([byte]) }
        #expect(byteWise.usage == Self.usage && byteWise.finishReason == "stop")
    }

    @Test("the cursor over pieces finds in random documents what the whole document has")
    func agreesWithDocument() throws {
        let seed: UInt64 = 0x0B5E
        print("seed \(seed)")
        var json = RandomJSON(seed: seed)
        var found = 0
        for _ in 0..<2_000 {
            var members = (0..<3).map { _ in json.quoted(json.text()) + ":".utf8 + json.write(json.tree()) }
            let hasUsage = Bool.random(using: &json.random)
            if hasUsage {
                found += 1
                members.insert(
                    Array(#""usage":\#(Self.usageText)"#.utf8), at: Int.random(in: 0...3, using: &json.random))
            }
            let text = Array("{".utf8) + members.joined(separator: ",".utf8) + Array("}".utf8)
            var observer = ResponseObserver()
            var at = 0
            while at < text.count {
                let end = min(text.count, at + Int.random(in: 1...40, using: &json.random))
                observer.observe(Array(text[at..<end]))
                at = end
            }
            #expect(observer.usage == (hasUsage ? Self.usage : nil))
            #expect(observer.isComplete)
        }
        #expect(found > 500)
    }

    @Test("an error body is seen as one")
    func seesErrors() {
        var observer = ResponseObserver()
        observer.observe(APIError.overloaded().body)
        #expect(observer.sawError && observer.usage == nil && observer.isComplete)
        var plain = ResponseObserver()
        plain.observe(Array(#"{"error":null,"usage":null}"#.utf8))
        #expect(!plain.sawError && plain.usage == nil)
    }

    @Test("bytes that are no answer say nothing and never crash")
    func survivesNoise() {
        let seed: UInt64 = 0x0B5F
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let alphabet = Array(#"{}[]",:\ usage"usage":{"prompt_tokens":1}"#.utf8) + [0, 0xFF]
        for _ in 0..<3_000 {
            var response = ResponseObserver()
            var stream = StreamObserver()
            for _ in 0..<4 {
                let piece = (0..<30).map { _ in alphabet.randomElement(using: &random)! }
                response.observe(piece)
                stream.observe(Array("data: ".utf8) + piece + Array("\n\n".utf8))
            }
        }
        var deep = ResponseObserver()
        deep.observe([UInt8](repeating: UInt8(ascii: "["), count: 200_000))
        deep.observe([UInt8](repeating: UInt8(ascii: "}"), count: 300_000))
        #expect(deep.usage == nil)
        var huge = ResponseObserver()
        huge.observe(Array(#"{"usage":""#.utf8) + [UInt8](repeating: 0x78, count: 1_000_000) + Array(#""}"#.utf8))
        #expect(huge.usage == nil && huge.isComplete)
    }

    @Test("a stream's facts are the same for every split")
    func readsStreamForEverySplit() {
        for cut in 0...Self.stream.count {
            var observer = StreamObserver()
            observer.observe(Array(Self.stream[..<cut]))
            observer.observe(Array(Self.stream[cut...]))
            #expect(observer.usage == Self.usage)
            #expect(observer.finishReason == "stop")
            #expect(observer.sawContent && observer.sawDone && !observer.sawError)
        }
    }

    @Test("each event of a stream is told apart, and the usage chunk can be left out")
    func classifiesEvents() throws {
        var observer = StreamObserver()
        observer.append(Self.stream)
        var kinds: [StreamObserver.Event.Kind] = []
        var shown: [UInt8] = []
        while let event = try observer.next() {
            kinds.append(event.kind)
            if event.kind != .usageOnly { shown += event.raw }
            #expect(observer.sawContent == kinds.contains(.content))
        }
        #expect(kinds == [.comment, .comment, .other, .content, .content, .other, .usageOnly, .done])
        let text = String(decoding: Self.stream, as: UTF8.self)
        let chunk = "data: {\"choices\":[],\"usage\":\(Self.usageText)}\n\n"
        #expect(String(decoding: shown, as: UTF8.self) == text.replacing(chunk, with: ""))
    }

    @Test("an error event and a cut stream are told")
    func seesBrokenStreams() {
        var failed = StreamObserver()
        failed.observe(APIError.upstreamUnavailable().event)
        #expect(failed.sawError && !failed.sawDone)
        var cut = StreamObserver()
        cut.observe(Array("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\nda".utf8))
        #expect(cut.sawContent && !cut.sawDone)
        #expect(cut.finish()?.raw.count == 2)
        var unended = StreamObserver()
        unended.observe(Array("data: [DONE]".utf8))
        #expect(!unended.sawDone)
        #expect(unended.finish()?.kind == .done)
    }

    @Test("a line beyond the limit stops the reading and keeps what was read")
    func stopsAtLimit() {
        var observer = StreamObserver(lineLimit: 300)
        observer.observe(Self.stream)
        observer.observe([UInt8](repeating: 0x78, count: 400))
        observer.observe(Self.stream)
        #expect(observer.failure == .lineTooLong(limit: 300))
        #expect(observer.usage == Self.usage)
        #expect(throws: SSEError.self) { try observer.next() }
    }

    private static let stream = Array(
        (": wait\n\n"
            + #"data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#
            + "\n\n"
            + #"data:{"choices":[{"index":0,"delta":{"content":"Grö"},"finish_reason":null}]}"# + "\r\n\r\n"
            + #"data: {"choices":[{"index":0,"delta":{"content":"ße"}}]}"# + "\n\n"
            + #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"# + "\n\n"
            + "data: {\"choices\":[],\"usage\":\(usageText)}\n\n" + "data: [DONE]\n\n").utf8)
}
