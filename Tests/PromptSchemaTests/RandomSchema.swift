import PromptSchema
import TestSupport

/// Small schemas over small alphabets, in which literals overlap, repeat and contain each other.
enum RandomSchema {
    static func make(_ random: inout SeededRandom) -> Schema {
        while true {
            do throws(SchemaError) {
                return try attempt(&random)
            } catch {
                continue
            }
        }
    }

    private static func word(_ random: inout SeededRandom, _ lengths: ClosedRange<Int> = 1...4) -> [UInt8] {
        let alphabet = Array("ab\n".utf8)
        return (0..<Int.random(in: lengths, using: &random)).map { _ in random.pick(alphabet) }
    }

    private static func attempt(_ random: inout SeededRandom) throws(SchemaError) -> Schema {
        let query = Int.random(in: 0...2, using: &random)
        var usesExamples = random.chance(0.5)
        let policy = random.pick(UnknownExamplePolicy.allCases)
        var messages: [MessagePattern] = []
        if random.chance(0.5) {
            var parts: [Part] = [.template(word(&random, 2...6), keep: random.chance(0.2))]
            if usesExamples, random.chance(0.5) {
                parts += [.examples(block(&random)), .template(word(&random), keep: false)]
                usesExamples = false
            }
            messages.append(MessagePattern(role: .system, parts: parts))
        }
        var parts: [Part] = []
        for slot in 0...query {
            if slot > 0 || random.chance(0.7) { parts.append(.template(word(&random), keep: random.chance(0.2))) }
            if slot < query, usesExamples {
                parts.append(.examples(block(&random)))
                usesExamples = false
            } else {
                parts.append(slot == query ? .query() : .context(Slot("c\(slot)")))
            }
        }
        if random.chance(0.5) { parts.append(.template(word(&random), keep: false)) }
        messages.append(MessagePattern(role: .user, parts: parts))
        var turns: ExampleTurns?
        if random.chance(0.1) {
            turns = ExampleTurns(
                position: messages.count - 1, userPrefix: word(&random, 0...1), userSuffix: word(&random, 0...1),
                assistantPrefix: word(&random, 0...1), bank: bank(&random))
        }
        return try Schema(
            id: "random", messages: messages, exampleTurns: turns, unknownExamples: policy,
            normalizeLineEndings: random.chance(0.7))
    }

    private static func bank(_ random: inout SeededRandom) -> [Example] {
        (0..<Int.random(in: 0...4, using: &random)).map { _ in
            Example(input: word(&random, 0...2), output: word(&random, 0...2))
        }
    }

    private static func block(_ random: inout SeededRandom) -> ExampleBlock {
        ExampleBlock(
            prefix: word(&random, 0...2), separator: word(&random, 1...2), suffix: word(&random, 0...2),
            bank: bank(&random))
    }
}
