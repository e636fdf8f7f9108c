import ChatAPI
import TestSupport
import Testing

@Suite("Hostile JSON")
struct JSONHostileTests {
    @Test("nesting up to the limit is accepted and one level more refused", arguments: [1, 2, 64, 128])
    func limitsDepth(_ limit: Int) throws {
        let limits = JSONLimits(depth: limit)
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let core = open == "[" ? "" : "1"
            let fits = repeated(open, limit) + Array(core.utf8) + repeated(close, limit)
            _ = try JSONDocument(fits, limits: limits)
            let tooDeep = repeated(open, limit + 1) + Array(core.utf8) + repeated(close, limit + 1)
            let error = #expect(throws: JSONError.self) { try JSONDocument(tooDeep, limits: limits) }
            #expect(error?.reason == .tooDeep)
        }
    }

    @Test("a hundred thousand levels are refused by default, and read without recursion if they are allowed")
    func survivesDeepNesting() throws {
        for text in [repeated("[", 100_000), repeated("{\"a\":", 100_000)] {
            #expect(throws: JSONError.self) { try JSONDocument(text) }
        }
        let text = repeated("[", 100_000) + repeated("]", 100_000)
        let document = try JSONDocument(text, limits: JSONLimits(depth: 100_000))
        #expect(document.valueCount == 100_000)
    }

    @Test("siblings do not count as depth")
    func doesNotCountSiblings() throws {
        let text =
            Array("[".utf8) + Array(repeatElement(Array("[[]]".utf8), count: 500).joined(separator: ",".utf8))
            + Array("]".utf8)
        _ = try JSONDocument(text, limits: JSONLimits(depth: 3))
    }

    @Test("more values than the limit are refused")
    func limitsValues() throws {
        let text = Array("[0,0,0,0]".utf8)
        _ = try JSONDocument(text, limits: JSONLimits(values: 5))
        let error = #expect(throws: JSONError.self) { try JSONDocument(text, limits: JSONLimits(values: 4)) }
        #expect(error?.reason == .tooManyValues)
    }

    @Test("a string of ten million bytes is one value")
    func readsLongStrings() throws {
        let content = [UInt8](repeating: UInt8(ascii: "x"), count: 10_000_000)
        let document = try JSONDocument(Array("[\"".utf8) + content + Array("\"]".utf8))
        #expect(document.valueCount == 2)
        #expect(document.root.elements.first(where: { _ in true })?.string?.utf8?.count == content.count)
    }

    @Test("a request cut anywhere is refused as cut, and never crashes")
    func refusesTruncation() throws {
        let text = Fixtures.request
        _ = try JSONDocument(text)
        for length in 0..<text.count {
            let error = #expect(throws: JSONError.self) { try JSONDocument(Array(text[..<length])) }
            let cutsCharacter = text[length] & 0xC0 == 0x80
            #expect(error?.reason == (length == 0 ? .empty : cutsCharacter ? .invalidUTF8 : .unexpectedEnd))
        }
    }

    @Test(
        "an invalid byte anywhere in a request is refused", arguments: [0x00, 0x80, 0xC3, 0xED, 0xF8, 0xFF] as [UInt8])
    func refusesInvalidBytes(_ byte: UInt8) {
        for at in Fixtures.request.indices {
            var text = Fixtures.request
            text.insert(byte, at: at)
            #expect(throws: JSONError.self) { try JSONDocument(text) }
        }
    }

    @Test("random changes to a request never crash any reader")
    func survivesMutation() {
        let seed: UInt64 = 0xC4A7
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let interesting: [UInt8] = Array("{}[]\",:\\u0dD8e-.tfn \n".utf8) + [0, 0x80, 0xED, 0xF0, 0xFF]
        var accepted = 0
        for _ in 0..<20_000 {
            var text = Fixtures.request
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let at = Int.random(in: 0..<text.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: text[at] = interesting.randomElement(using: &random)!
                case 1: text.remove(at: at)
                default: text.insert(interesting.randomElement(using: &random)!, at: at)
                }
            }
            guard let request = try? ChatRequest(text) else { continue }
            accepted += 1
            for message in request.messages {
                for text in message.texts ?? [] { _ = text.string.utf8 }
            }
            _ = request.body(model: "m", includeUsage: true)
        }
        #expect(accepted > 0)
    }

    private func repeated(_ text: String, _ count: Int) -> [UInt8] {
        Array(repeatElement(Array(text.utf8), count: count).joined())
    }
}
