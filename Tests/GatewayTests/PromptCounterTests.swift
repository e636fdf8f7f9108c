import ChatAPI
import Experimentation
import Ledger
import PromptSchema
import TestSupport
import Testing
import Tokenization

@testable import Gateway

@Suite("Tokens of prompts by segment kind")
struct PromptCounterTests {
    private static func counter() throws -> PromptCounter {
        let text = "You translate questions of the Harbour Desk into one spreadsheet formula. Alma = QX7 How long"
        let json = try BPETrainer(
            vocabularySize: 320, specialTokens: ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
        ).train([Array(text.utf8), Array(text.utf8)])
        let tokenizer = try Tokenizer(json: json)
        return PromptCounter(tokenizer: tokenizer, template: try ChatTemplate(tokenizer: tokenizer))
    }

    private func schema() throws -> Schema {
        let block = ExampleBlock(
            prefix: Array("Question: ".utf8), separator: Array("\nFormula: ".utf8), suffix: Array("\n\n".utf8),
            bank: [
                Example(input: "How long is Alma?", output: "=LEN(QX7)"), Example(input: "Fees?", output: "=SUM(5)"),
            ])
        return try Schema(
            id: "formulas",
            messages: [
                MessagePattern(role: .system, parts: [.template("Rules of the desk.\n"), .examples(block)]),
                MessagePattern(
                    role: .user,
                    parts: [.template("About: "), .context(Slot("profile")), .template("\nQuestion: "), .query()]),
            ])
    }

    @Test("a developer's message is counted as the system message that the model gets for it")
    func developer() throws {
        let counter = try Self.counter()
        let text = Array("Rules of the desk.".utf8)
        func count(_ role: Role) -> SegmentTokens {
            counter.count([
                CountedMessage(role: role, text: text, stretches: [.init(kind: .template, range: 0..<text.count)]),
                CountedMessage(role: .user, text: Array("How long?".utf8)),
            ])
        }
        #expect(count(.developer) == count(.system))
        #expect(count(.developer) != count(.assistant))
    }

    @Test("the kinds add up to exactly what the model processes, in full and stripped")
    func sums() throws {
        let counter = try Self.counter()
        let schema = try schema()
        let task = GatewayTask(
            schema: schema, full: .init(backend: "full"), tuned: .init(backend: "tuned", model: "m"),
            manifest: GatewayFixture.matching, counter: counter, initialMode: .on)
        let registry = try TaskRegistry([task])
        var random = SeededRandom(seed: 99)
        for number in 0..<300 {
            let query = RandomQuery.make(using: &random)
            let parts = PromptParts(
                query: query, examples: [.bank(0), .bank(1)].shuffled(using: &random),
                contexts: ["profile": RandomQuery.make(using: &random)])
            let messages = try schema.render(parts)
            let request = try ChatRequest(RandomQuery.body(messages))
            let decided = DecidedRequest(
                registry.recognize(request), flags: Flags(modes: ["formulas": .on]), bypass: false,
                stickyKey: StickyKey(header: nil, user: nil, apiKey: nil, requestID: "r"), tuned: nil)
            guard decided.decision.arm == .internalized, let stripped = decided.stripped else { continue }
            #expect(decided.source == .counted)
            #expect(decided.full.total == (try Self.processed(messages, counter)), "case \(number), seed 99")
            let kept = try schema.renderStripped(parts)
            #expect(stripped.messages == kept)
            #expect(RequestMessages(try ChatRequest(stripped.body))?.messages == kept, "case \(number), seed 99")
            #expect(stripped.tokens.total == (try Self.processed(kept, counter)), "case \(number), seed 99")
            #expect(stripped.tokens.template == 0 && stripped.tokens.examples == 0)
            #expect(decided.full.template > 0 && decided.full.examples > 0)
        }
    }

    private static func processed(_ messages: [PromptMessage], _ counter: PromptCounter) throws -> Int {
        try ChatTemplate(tokenizer: counter.tokenizer).encode(
            messages: messages.map { ($0.role.rawValue, $0.text) }, addGenerationPrompt: true
        ).ids.count
    }

    @Test("the estimate without a tokenizer is a quarter of the bytes of each kind, rounded up")
    func estimate() {
        let text = Array("0123456789".utf8)
        let tokens = PromptCounter.estimate([
            CountedMessage(
                role: .user, text: text,
                stretches: [.init(kind: .template, range: 0..<5), .init(kind: .query, range: 5..<9)])
        ])
        #expect(tokens == SegmentTokens(template: 2, query: 1, other: 1))
    }
}

/// Queries of printable and other characters, and the request bodies that hold them.
enum RandomQuery {
    private static let pieces = ["Alma", " ", "\u{E9}", "\u{1F600}", "\n", "Bruno ", "?", "<|im_end|>", "12", "日本"]

    static func make(using random: inout SeededRandom) -> [UInt8] {
        let count = Int.random(in: 1...12, using: &random)
        return Array((0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined().utf8)
    }

    static func body(_ messages: [PromptMessage]) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("model", "m")
            json.array("messages") { json in
                for message in messages {
                    json.object { json in
                        json.member("role", message.role.rawValue)
                        json.member("content", String(decoding: message.text, as: UTF8.self))
                    }
                }
            }
        }
        return json.bytes
    }
}
