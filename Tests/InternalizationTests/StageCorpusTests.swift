import PromptSchema
import Testing
import Tokenization
import Tuning

@testable import Internalization

@Suite("Stage corpora")
struct StageCorpusTests {
    private func corpora() throws -> (SmallTask, [StageCorpus]) {
        let task = try SmallTask()
        let retriever = ExampleRetriever(bank: task.rows)
        let stages = try RemovalCurve.linear.stages(count: 4, examples: 4)
        let corpora = try stages.map {
            try StageCorpus(
                stage: $0, rows: task.rows, encoder: task.encoder, compressor: RuleCompressor(), retriever: retriever)
        }
        return (task, corpora)
    }

    @Test("answers are the same in every stage, and prompts only get shorter")
    func answers() throws {
        let (_, corpora) = try corpora()
        for corpus in corpora.dropFirst() {
            #expect(corpus.examples.map(\.answer) == corpora[0].examples.map(\.answer))
        }
        let means = corpora.map(\.meanPromptTokens)
        #expect(zip(means, means.dropFirst()).allSatisfy { $0 > $1 })
        #expect(Set(corpora.map(\.digest)).count == 4)
    }

    @Test("the last stage is exactly what stripping leaves; the first is the full prompt")
    func ends() throws {
        let (task, corpora) = try corpora()
        for (row, example) in zip(task.rows, corpora[3].examples) {
            let stripped = try task.encoder.schema.renderStripped(PromptParts(query: row.query))
            #expect(stripped.count == 1 && stripped[0].text == Array(row.query.utf8))
            let ids = try task.encoder.template.encode(
                messages: stripped.map { ($0.role.rawValue, $0.text) }, addGenerationPrompt: true)
            #expect(example.prompt == ids.ids)
        }
        let first = String(decoding: task.encoder.tokenizer.decode(corpora[0].examples[0].prompt), as: UTF8.self)
        for literal in task.encoder.schema.literals {
            #expect(first.contains(String(decoding: literal.text, as: UTF8.self)))
        }
    }

    @Test("losses count on the answer and its end only; a packed batch has every token once")
    func packing() throws {
        let (_, corpora) = try corpora()
        for corpus in corpora {
            let chosen = Array(corpus.examples.prefix(8))
            let packed = PackedSequence(packing: chosen)
            #expect(packed.weights.reduce(0, +) == Float(chosen.reduce(0) { $0 + $1.answer.count }))
            for (segment, example) in zip(packed.segments, chosen) {
                let tokens = packed.tokens.prefix(packed.prefix) + packed.tokens[segment]
                #expect(Array(tokens) == example.prompt + example.answer)
                let predicted = segment.filter { packed.weights[$0] != 0 }.map { packed.targets[$0] }
                #expect(predicted == example.answer)
            }
            #expect(chosen.allSatisfy { packed.prefix < $0.prompt.count })
        }
        #expect(PackedSequence(packing: corpora[0].examples).prefix > 50)
    }
}
