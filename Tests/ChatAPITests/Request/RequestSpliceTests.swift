import ChatAPI
import TestSupport
import Testing

@Suite("Splices of a request")
struct RequestSpliceTests {
    @Test("without a change the body is the client's own")
    func keepsBytes() throws {
        #expect(try ChatRequest(Fixtures.request).body() == Fixtures.request)
    }

    @Test("another model name replaces only the old one, escaped as JSON asks")
    func replacesModel() throws {
        let body = try edited(#"{ "messages":[] ,"model" : "old\u0041", "z":1.0}"#) { $0.body(model: "a\"\\\n/é") }
        #expect(body == #"{ "messages":[] ,"model" : "a\"\\\n/é", "z":1.0}"#)
    }

    @Test("the model of any request can be replaced, if it stands there once and is text")
    func replacesModelOfAnyRequest() throws {
        let document = { (text: String) in try JSONDocument(Array(text.utf8)) }
        let body = try document(#"{"input":[1,2.0], "model" :"a"}"#)
        #expect(body.model?.name == "a")
        #expect(body.replacingModel(with: "b/c") == Array(#"{"input":[1,2.0], "model" :"b/c"}"#.utf8))
        for text in ["[]", "{}", #"{"model":1}"#, #"{"model":"a","model":"b"}"#, #"{"x":{"model":"a"}}"#] {
            #expect(try document(text).replacingModel(with: "b") == nil)
        }
    }

    @Test(
        "usage is asked for wherever the option stands or is missing",
        arguments: [
            (#"{"model":"m","messages":[]}"#, #"{"model":"m","messages":[],"stream_options":{"include_usage":true}}"#),
            (
                #"{"model":"m","messages":[ ] , "a":1 }"#,
                #"{"model":"m","messages":[ ] , "a":1,"stream_options":{"include_usage":true} }"#
            ),
            (
                #"{"stream_options":null,"model":"m","messages":[]}"#,
                #"{"stream_options":{"include_usage":true},"model":"m","messages":[]}"#
            ),
            (
                #"{"stream_options":{ },"model":"m","messages":[]}"#,
                #"{"stream_options":{"include_usage":true },"model":"m","messages":[]}"#
            ),
            (
                #"{"stream_options":{"x":[1] },"model":"m","messages":[]}"#,
                #"{"stream_options":{"x":[1],"include_usage":true },"model":"m","messages":[]}"#
            ),
            (
                #"{"stream_options":{"include_usage" : false,"x":1},"model":"m","messages":[]}"#,
                #"{"stream_options":{"include_usage" : true,"x":1},"model":"m","messages":[]}"#
            ),
            (
                #"{"stream_options":{"include_usage":true},"model":"m","messages":[]}"#,
                #"{"stream_options":{"include_usage":true},"model":"m","messages":[]}"#
            ),
        ])
    func addsIncludeUsage(_ before: String, after: String) throws {
        #expect(try edited(before) { $0.body(includeUsage: true) } == after)
    }

    @Test("messages go with one comma each, and parts of texts go without re-encoding what stays")
    func keepsSelections() throws {
        let before = #"""
            {"model":"m","messages":[ {"role":"system","content":"drop"} , {"role":"user","content":"T:\u0041\n q\u00e9 end"}]}
            """#
        let after = #"""
            {"model":"m","messages":[ {"role":"user","content":"q\u00e9"}]}
            """#
        #expect(try edited(before) { $0.body(keeping: [MessageSelection(1, kept: [5..<8])]) } == after)
    }

    @Test("a part of which nothing stays is taken out, and the first stays empty if nothing stays at all")
    func keepsParts() throws {
        let before = #"""
            {"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"ab"}, {"type":"text","text":"cd"}]}]}
            """#
        let second = #"""
            {"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"d"}]}]}
            """#
        let none = #"""
            {"model":"m","messages":[{"role":"user","content":[{"type":"text","text":""}]}]}
            """#
        #expect(try edited(before) { $0.body(keeping: [MessageSelection(0, kept: [[], [1..<2]])]) } == second)
        #expect(try edited(before) { $0.body(keeping: [MessageSelection(0, kept: [[0..<0], []])]) } == none)
    }

    @Test("a selection that does not fit the request gives nothing")
    func refusesMisfits() throws {
        let request = try ChatRequest(Fixtures.request)
        for selection in [
            [MessageSelection(whole: 3)], [MessageSelection(whole: 1), MessageSelection(whole: 0)],
            [MessageSelection(whole: -1)], [MessageSelection(1, kept: [0..<1])], [MessageSelection(0, kept: [0..<999])],
            [MessageSelection(1, kept: [[0..<3], []])],
        ] {
            #expect(request.body(keeping: selection) == nil)
        }
        let emoji = Array("Rules:\n1. \"Be brief\".\n2. Use tab\té and ".utf8).count
        #expect(request.body(keeping: [MessageSelection(0, kept: [emoji..<emoji + 4])]) != nil)
        for cut in 1...3 {
            #expect(request.body(keeping: [MessageSelection(0, kept: [0..<emoji + cut])]) == nil)
        }
    }

    @Test("random selections give a request with exactly the chosen texts, and leave every other byte alone")
    func keepsRandomSelections() throws {
        let seed: UInt64 = 0x5B1C
        print("seed \(seed)")
        var json = RandomJSON(seed: seed)
        for _ in 0..<3_000 {
            let texts = (0..<Int.random(in: 1...4, using: &json.random)).map { _ in json.text(length: 20) }
            let messages = texts.map { #"{"role": "user" ,"content": "#.utf8 + json.quoted($0) + "}".utf8 }
            let head = Array(#"{"x": 1.0 ,"model":"m","messages": [ "#.utf8)
            let tail = Array(#"  ],"y":"\u0041"}"#.utf8)
            let request = try ChatRequest(head + messages.joined(separator: " , ".utf8) + tail)

            var selection: [MessageSelection] = []
            var expected: [[UInt8]] = []
            for (index, text) in texts.enumerated() where Bool.random(using: &json.random) {
                let borders =
                    text.unicodeScalars.indices.map { text.utf8.distance(from: text.startIndex, to: $0) }
                    + [text.utf8.count]
                let bounds = (0..<4).map { _ in borders.randomElement(using: &json.random)! }.sorted()
                let ranges = [bounds[0]..<bounds[1], bounds[2]..<bounds[3]]
                selection.append(MessageSelection(index, kept: ranges))
                expected.append(ranges.flatMap { Array(text.utf8)[$0] })
            }
            let body = try #require(request.body(keeping: selection))
            #expect(body.starts(with: head) && body.reversed().starts(with: tail.reversed()))
            let result = try ChatRequest(body)
            #expect(result.messages.map { $0.texts?.first?.string.utf8 } == expected)
        }
    }

    private func edited(_ body: String, _ edit: (ChatRequest) -> [UInt8]?) throws -> String {
        String(decoding: try #require(edit(try ChatRequest(Array(body.utf8)))), as: UTF8.self)
    }
}
