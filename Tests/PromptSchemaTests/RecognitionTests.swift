import PromptSchema
import Testing

@Suite("recognition")
struct RecognitionTests {
    private func full(_ query: String = "Where lies Alma?", examples: [Int] = [0, 2]) throws -> [PromptMessage] {
        try Fixtures.houseBook().render(PromptParts(query: query, examples: examples.map { .bank($0) }))
    }

    @Test("a house-book prompt gives template, examples and query with their bytes")
    func houseBook() throws {
        let schema = try Fixtures.houseBook()
        let messages = try full()
        let prompt = try #require(schema.recognize(messages).prompt)
        #expect(prompt.taskID == "formulas")
        #expect(prompt.fingerprint == schema.fingerprint)
        #expect(prompt.segments.map(\.kind) == [.template, .examples, .examples, .template, .query])
        #expect(prompt.segments.map(\.example) == [nil, 0, 2, nil, nil])
        #expect(prompt.segments.map(\.kept) == [false, false, false, false, true])
        #expect(prompt.removedByteCount == messages[0].text.count)
        #expect(prompt.byteCount(of: .query) == 16)
        let stripped = strip(prompt, from: messages)
        #expect(stripped.messages.map(\.role) == [.user])
        #expect(stripped.messages.map(\.source) == [1])
        #expect(stripped.messages.map(\.ranges) == [[0..<16]])
        #expect(stripped.query == Fixtures.bytes("Where lies Alma?"))
    }

    @Test("a prompt without examples is recognized too")
    func noExamples() throws {
        let messages = try full(examples: [])
        #expect(try Fixtures.houseBook().recognize(messages).prompt?.segments.count == 3)
    }

    @Test("each changed template byte is drift at exactly that byte", arguments: 0..<3)
    func everyByte(_ examples: Int) throws {
        let schema = try Fixtures.houseBook()
        let original = try full(examples: Array(0..<examples))
        let prompt = try #require(schema.recognize(original).prompt)
        for segment in prompt.segments where segment.kind == .template {
            for offset in segment.range {
                var messages = original
                messages[0].text[offset] ^= 0x01
                #expect(
                    schema.recognize(messages).reason == .drift(task: "formulas", message: 0, offset: offset),
                    "offset \(offset)")
            }
        }
    }

    @Test("a byte too many or too few anywhere in the template is never recognized")
    func insertionsAndDeletions() throws {
        let schema = try Fixtures.houseBook()
        let original = try full(examples: [1])
        for offset in 0...original[0].text.count {
            var longer = original
            longer[0].text.insert(UInt8(ascii: "~"), at: offset)
            #expect(["drift", "unknown_example"].contains(schema.recognize(longer).reason?.code), "insert \(offset)")
            guard offset < original[0].text.count else { continue }
            var shorter = original
            shorter[0].text.remove(at: offset)
            #expect(["drift", "unknown_example"].contains(schema.recognize(shorter).reason?.code), "remove \(offset)")
        }
    }

    @Test("an example that the bank does not hold sends the request in full, and says where it is")
    func unknownExample() throws {
        var messages = try full(examples: [0])
        let offset = Fixtures.template.utf8.count
        messages[0].text.replaceSubrange((offset + 10)..<(offset + 13), with: Fixtures.bytes("Why"))
        #expect(
            try Fixtures.houseBook().recognize(messages).reason
                == .unknownExample(task: "formulas", message: 0, offset: offset))
    }

    @Test(
        "extra, missing and reordered messages are not recognized",
        arguments: [
            "extra user turn", "extra system", "missing query", "system after user", "assistant turn", "developer role",
            "nothing",
        ])
    func messageLists(_ what: String) throws {
        let schema = try Fixtures.houseBook()
        let full = try full()
        var messages = full
        switch what {
        case "extra user turn": messages.append(Fixtures.user("And Bruno?"))
        case "extra system": messages.append(Fixtures.system("Obey."))
        case "missing query": messages.removeLast()
        case "system after user": messages.reverse()
        case "assistant turn": messages += [Fixtures.assistant("=1"), Fixtures.user("more")]
        case "developer role": messages[0].role = .developer
        default: messages = []
        }
        let code = try #require(schema.recognize(messages).reason?.code)
        #expect(code == (what == "system after user" || what == "nothing" ? "no_schema" : "messages"))
        #expect(SchemaIndex([schema]).recognize(messages) == schema.recognize(messages))
    }

    @Test("limits are told apart from drift")
    func limits() throws {
        let schema = try Fixtures.houseBook(maximumBytes: 10, maximumExamples: 1)
        let unlimited = try Fixtures.houseBook()
        let long = try unlimited.render(PromptParts(query: "12345678901"))
        #expect(
            schema.recognize(long).reason
                == .limit(task: "formulas", what: "its query has 11 bytes and the limit is 10"))
        let many = try unlimited.render(PromptParts(query: "1", examples: [.bank(0), .bank(1)]))
        #expect(
            schema.recognize(many).reason == .limit(task: "formulas", what: "it has 2 examples and the limit is 1"))
        var empty = long
        empty[1].text = []
        #expect(schema.recognize(empty).reason == .limit(task: "formulas", what: "its query is empty"))
        #expect(schema.recognize(try unlimited.render(PromptParts(query: "1234567890"))).prompt != nil)
    }

    @Test(
        "a query that could end the context elsewhere is ambiguous, and nothing is stripped",
        arguments: [
            ("notes", "a\nQuestion: b"), ("x\nQuestion: y", "q"),
        ])
    func ambiguousSlots(context: String, query: String) throws {
        let schema = try Fixtures.retrieval()
        let messages = try schema.render(PromptParts(query: query, contexts: ["notes": Fixtures.bytes(context)]))
        #expect(schema.recognize(messages).reason == .ambiguous(task: "retrieval"))
    }

    @Test("a guardrail marked keep stays in the stripped prompt, context and query with it")
    func keep() throws {
        let schema = try Fixtures.retrieval()
        let messages = try schema.render(PromptParts(query: "Who?", contexts: ["notes": Fixtures.bytes("N")]))
        let stripped = strip(try #require(schema.recognize(messages).prompt), from: messages)
        #expect(
            stripped.messages.map { String(decoding: $0.text, as: UTF8.self) } == [
                "Never give legal advice.\n", "NWho?",
            ])
        #expect(stripped.messages.map(\.role) == [.system, .user])
        #expect(stripped.messages[1].ranges == [7..<8, 19..<23])
    }

    @Test("canonically equal text is not the template")
    func canonicalEquivalence() throws {
        let schema = try Schema(
            id: "cafe",
            messages: [MessagePattern(role: .user, parts: [.template("Order at the caf\u{E9}: "), .query()])])
        #expect(schema.recognize([Fixtures.user("Order at the caf\u{E9}: tea")]).prompt != nil)
        let decomposed = schema.recognize([Fixtures.user("Order at the cafe\u{301}: tea")])
        #expect(decomposed.reason == .drift(task: "cafe", message: 0, offset: 16))
    }

    @Test("a combining mark at the start of the query stays with the query")
    func combiningMark() throws {
        let schema = try Schema(
            id: "mark", messages: [MessagePattern(role: .user, parts: [.template("Say: e"), .query()])])
        let messages = [Fixtures.user("Say: e\u{301}t\u{200B}\u{FEFF}")]
        let stripped = strip(try #require(schema.recognize(messages).prompt), from: messages)
        #expect(stripped.query == Fixtures.bytes("\u{301}t\u{200B}\u{FEFF}"))
    }

    @Test("line endings may differ as a whole message, unless the schema is exact")
    func lineEndings() throws {
        var messages = try full()
        messages[0].text = messages[0].text.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] }
        #expect(try Fixtures.houseBook().recognize(messages).prompt != nil)
        let exact = try Fixtures.houseBook(normalizeLineEndings: false)
        #expect(exact.recognize(messages).reason?.code == "drift")
        let first = try #require(messages[0].text.firstIndex(of: 0x0D))
        messages[0].text.remove(at: first)
        #expect(try Fixtures.houseBook().recognize(messages).reason?.code == "drift")
    }

    @Test("a carriage return between a slot and a literal could belong to either, so it is refused")
    func carriageReturn() throws {
        let schema = try Schema(
            id: "tail", messages: [MessagePattern(role: .user, parts: [.query(), .template("\nFormula:")])])
        let messages = try schema.render(PromptParts(query: "Sum?\r"))
        #expect(schema.recognize(messages).reason == .ambiguous(task: "tail"))
        // Where the template has line endings elsewhere in the message, they tell which form it is in.
        let single = try Fixtures.singleMessage()
        let told = try single.render(PromptParts(query: "Sum?\r"))
        #expect(strip(try #require(single.recognize(told).prompt), from: told).query == Fixtures.bytes("Sum?\r"))
    }

    @Test("a query made of the task's own examples and markers is taken whole")
    func queryOfMarkers() throws {
        let schema = try Fixtures.singleMessage()
        let block = String(decoding: Fixtures.block().render(Fixtures.bank[0]), as: UTF8.self)
        for query in [
            block, "Now:\n" + block + "Now:\nx", "x\nFormula:", "\nFormula:\nFormula:", "Translate to a formula.\n\n",
        ] {
            let messages = try schema.render(PromptParts(query: query, examples: [.bank(1)]))
            let prompt = try #require(schema.recognize(messages).prompt)
            #expect(strip(prompt, from: messages).query == Fixtures.bytes(query))
        }
    }
}
