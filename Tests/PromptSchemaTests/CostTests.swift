import Foundation
import PromptSchema
import Testing

/// Costs as ratios of processor time of this thread, the shortest of several runs: a busy machine does not decide.
@Suite("what recognition costs", .serialized)
struct CostTests {
    private func processorTime() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private func shortest(_ work: () -> Void) -> Double {
        let times = (0..<5).map { _ in
            let start = processorTime()
            work()
            return processorTime() - start
        }
        return times.min() ?? 0
    }

    @Test(
        "four times the text costs about four times as much, however it is made",
        arguments: ["\nQuestion: ", "\nQuestion", "\n", "Question: a\nFormula: b\n\nNow:\n", "x"])
    func linear(_ fragment: String) throws {
        let retrieval = try Fixtures.retrieval()
        let single = try Fixtures.singleMessage(policy: .strip)
        func cost(_ bytes: Int) throws -> Double {
            let filler = Array(String(repeating: fragment, count: bytes / fragment.utf8.count).utf8)
            let notes = [
                Fixtures.system("Answer from the notes.\nNever give legal advice.\n"),
                PromptMessage(role: .user, text: Fixtures.bytes("Notes:\n") + filler),
            ]
            let examples = [
                PromptMessage(
                    role: .user,
                    text: Fixtures.bytes("Translate to a formula.\n\n") + filler + Fixtures.bytes("\nFormula:"))
            ]
            return shortest {
                _ = retrieval.recognize(notes)
                _ = single.recognize(examples)
            }
        }
        let small = try cost(16 << 10)
        let large = try cost(64 << 10)
        print("\(fragment.debugDescription): 16 KiB \(small) s, 64 KiB \(large) s")
        #expect(large < small * 10)
    }

    @Test("a thousand schemas cost about what one costs")
    func manySchemas() throws {
        let template = String(repeating: "You are the assistant of a desk. Answer briefly and politely. ", count: 60)
        let schemas = try (0..<1000).map { number in
            try Schema(
                id: "task-\(number)",
                messages: [
                    MessagePattern(role: .system, parts: [.template("Desk \(number).\n" + template)]),
                    MessagePattern(role: .user, parts: [.query()]),
                ])
        }
        let request = try schemas[500].render(PromptParts(query: "q"))
        let one = SchemaIndex([schemas[500]])
        let all = SchemaIndex(schemas)
        #expect(all.recognize(request) == one.recognize(request))
        let single = shortest { for _ in 0..<200 { _ = one.recognize(request) } }
        let thousand = shortest { for _ in 0..<200 { _ = all.recognize(request) } }
        print("one \(single / 200) s, a thousand \(thousand / 200) s")
        #expect(thousand < single * 10)
    }
}
