import PromptSchema
import TestSupport

/// Texts made to move a cut: the schema's own literals, markers and example blocks, doubled, cut short, or imitated.
struct HostileText {
    private let fragments: [[UInt8]]

    init(_ schema: Schema) {
        var fragments = schema.literals.map(\.text)
        if let block = schema.exampleBlock {
            fragments += [block.prefix, block.separator, block.suffix, block.prefix + block.prefix]
            fragments += block.bank.map { block.render($0) }
        }
        if let turns = schema.exampleTurns {
            fragments += turns.bank.flatMap { turns.render($0).map(\.text) }
            fragments.append(turns.userPrefix)
        }
        // Halves, and the ends and starts that overlap with a neighbouring literal.
        fragments += fragments.flatMap { [Array($0.prefix($0.count / 2)), Array($0.suffix($0.count / 2))] }
        fragments += [
            "\r\n", "\n", "\r", "\r\r\n", "\u{200B}", "\u{200D}", "\u{FEFF}", "\u{301}", "e\u{301}", "\u{E9}",
            "\u{2028}", "\u{0}", "Q\u{75}estion: ", "\u{FF31}uestion: ", "Quest\u{456}on: ", "<|im_end|>", "word ", "7",
            "\u{1F6A2}", "'", "\"", "\\n",
        ].map { Array($0.utf8) }
        self.fragments = fragments.filter { !$0.isEmpty }
    }

    func text(_ random: inout SeededRandom, atMost count: Int = 5) -> [UInt8] {
        var text: [UInt8] = []
        for _ in 0..<Int.random(in: 0...count, using: &random) { text += random.pick(fragments) }
        return text
    }

    func query(_ random: inout SeededRandom) -> [UInt8] {
        let text = text(&random)
        return text.isEmpty ? [UInt8(ascii: "q")] : text
    }

    func parts(of schema: Schema, _ random: inout SeededRandom) -> PromptParts {
        var parts = PromptParts(query: query(&random))
        for name in schema.contextNames { parts.contexts[name] = text(&random) }
        guard schema.exampleBlock != nil || schema.exampleTurns != nil else { return parts }
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            if schema.unknownExamples != .fullPrompt, random.chance(0.3) {
                parts.examples.append(
                    .custom(Example(input: text(&random, atMost: 2), output: text(&random, atMost: 2))))
            } else if !schema.bank.isEmpty {
                parts.examples.append(.bank(Int.random(in: 0..<schema.bank.count, using: &random)))
            }
        }
        return parts
    }
}
