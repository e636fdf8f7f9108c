import TestSupport
import Testing
import Tokenization

@testable import Backends

@Suite("Calls of tools in answers")
struct ToolCallParserTests {
    private typealias Event = ToolCallParser.Event

    /// All events, neighbouring texts joined, of an answer that comes in pieces.
    private func events(
        _ answer: String, _ format: ToolCallFormat, pieces: [Int], isInside: Bool = false, limit: Int? = nil
    ) -> [Event] {
        let schema =
            #"{"type":"object","properties":{"n":{"type":"integer"},"s":{"type":"string"},"o":{"type":["object","null"]},"l":{"anyOf":[{"type":"array"},{"type":"boolean"}]}}}"#
        let schemas = ["a": Array(schema.utf8), "b": Array(#"{"type":"object"}"#.utf8)]
        var parser = ToolCallParser(format, schemas: schemas, isInside: isInside, limit: limit)
        var found: [Event] = []
        var rest = Array(answer.unicodeScalars)[...]
        for count in pieces {
            var piece = ""
            for scalar in rest.prefix(count) { piece.unicodeScalars.append(scalar) }
            found += parser.push(piece)
            rest = rest.dropFirst(count)
        }
        var last = ""
        for scalar in rest { last.unicodeScalars.append(scalar) }
        found += parser.push(last) + parser.finish()
        return found.reduce(into: []) { joined, event in
            if case .text(let text) = event, case .text(let before)? = joined.last {
                joined[joined.count - 1] = .text(before + text)
            } else {
                joined.append(event)
            }
        }
    }

    private static let cases: [(String, ToolCallFormat, [Event])] = [
        (
            "I look.\n<tool_call>\n{\"name\": \"a\", \"arguments\": {\"x\": [1]}}\n</tool_call>", .hermes,
            [.text("I look."), .call(name: "a", arguments: #"{"x": [1]}"#)]
        ),
        (
            "<tool_call>{\"name\":\"a\",\"arguments\":{}}</tool_call>\n<tool_call>{\"name\":\"b\"}</tool_call>\n",
            .hermes, [.call(name: "a", arguments: "{}"), .call(name: "b", arguments: "{}")]
        ),
        (
            "<tool_call>{\"name\":\"a\",\"arguments\":{\"s\":\"</tool_call>\"}}</tool_call>", .hermes,
            [.call(name: "a", arguments: #"{"s":"</tool_call>"}"#)]
        ),
        ("Hermes uses <tool_call> tags.", .hermes, [.text("Hermes uses <tool_call> tags.")]),
        ("It ends in <tool_call>", .hermes, [.text("It ends in <tool_call>")]),
        (
            "<tool_call>{bad}</tool_call>\n<tool_call>{\"name\":\"a\"}</tool_call>", .hermes,
            [.text("<tool_call>{bad}</tool_call>"), .call(name: "a", arguments: "{}")]
        ),
        (
            "Tags: <tool_call> and <tool_call>{\"name\":\"a\"}</tool_call>", .hermes,
            [.text("Tags: <tool_call> and"), .call(name: "a", arguments: "{}")]
        ),
        (
            "<tool_call>{\"name\":\"a\",\"arguments\":{\"s\":\"<tool_call></tool_call>\"}}</tool_call>", .hermes,
            [.call(name: "a", arguments: #"{"s":"<tool_call></tool_call>"}"#)]
        ),
        ("{\"name\":\"Alice\",\"age\":3}", .llama3, [.text("{\"name\":\"Alice\",\"age\":3}")]),
        ("<tool_call>{\"name\":\"a\"}", .hermes, [.call(name: "a", arguments: "{}")]),
        ("<tool_call>{no}</tool_call>", .hermes, [.text("<tool_call>{no}</tool_call>")]),
        ("1 < 2 <tool", .hermes, [.text("1 < 2 <tool")]), ("日本 \n", .hermes, [.text("日本 \n")]),
        (
            "[TOOL_CALLS] [{\"name\": \"a\", \"arguments\": {\"x\": 1}}, {\"name\": \"b\", \"arguments\": {}}]",
            .mistral, [.call(name: "a", arguments: #"{"x": 1}"#), .call(name: "b", arguments: "{}")]
        ),
        ("[TOOL_CALLS] [1]", .mistral, [.text("[TOOL_CALLS] [1]")]), ("[1] [TOOL", .mistral, [.text("[1] [TOOL")]),
        ("{\"name\": \"a\", \"parameters\": {\"x\": 1}}", .llama3, [.call(name: "a", arguments: #"{"x": 1}"#)]),
        (
            "<|python_tag|>{\"name\": \"a\", \"parameters\": {\"x\": \";\"}}; {\"name\": \"b\"}", .llama3,
            [.call(name: "a", arguments: #"{"x": ";"}"#), .call(name: "b", arguments: "{}")]
        ),
        ("{\"x\": 1}", .llama3, [.text("{\"x\": 1}")]), ("Hello {", .llama3, [.text("Hello {")]),
        ("<|pyth", .llama3, [.text("<|pyth")]), ("", .hermes, []),
        ("{\"name\": \"a\", \"arguments\": \"{}\"}", .llama3, [.call(name: "a", arguments: "{}")]),
        (
            "Yes.\n<tool_call>\n<function=a>\n<parameter=n>\n12\n</parameter>\n<parameter=s>\nif a < \"b\":\n\n    12\n</parameter>\n"
                + "</function>\n</tool_call>", .qwen3Coder,
            [.text("Yes."), .call(name: "a", arguments: #"{"n": 12, "s": "if a < \"b\":\n\n    12"}"#)]
        ),
        (
            "<tool_call>\n<function=a>\n<parameter=o>\n{\"x\": [1]}\n</parameter>\n<parameter=l>\nTrue\n</parameter>\n<parameter=z>\n1\n"
                + "</parameter>\n</function>\n</tool_call>\n<tool_call>\n<function=b>\n</function>\n</tool_call>",
            .qwen3Coder,
            [
                .call(name: "a", arguments: #"{"o": {"x": [1]}, "l": true, "z": "1"}"#),
                .call(name: "b", arguments: "{}"),
            ]
        ),
        (
            "<tool_call>\n<function=a>\n<parameter=s>\n</parameter></tool_call>x\n</parameter>\n<parameter=n>\nmany\n</parameter>\n"
                + "</function>\n</tool_call>", .qwen3Coder,
            [.call(name: "a", arguments: #"{"s": "</parameter></tool_call>x", "n": "many"}"#)]
        ),
        (
            "<tool_call>\n<function=c>\n</function>\n</tool_call>", .qwen3Coder,
            [.text("<tool_call>\n<function=c>\n</function>\n</tool_call>")]
        ),
    ]

    @Test("an answer's calls and text are the same however it is cut into pieces")
    func pieces() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)
        for (answer, format, expected) in Self.cases {
            #expect(events(answer, format, pieces: []) == expected, "\(answer)")
            for _ in 0..<20 {
                let pieces = (0..<8).map { _ in Int.random(in: 0...9, using: &random) }
                #expect(events(answer, format, pieces: pieces) == expected, "\(answer), seed \(seed)")
            }
        }
    }

    @Test("an answer that begins inside a call needs no opening, and calls beyond the limit are dropped")
    func inside() {
        let call = #"{"name":"a","arguments":{}}"#
        #expect(events(call, .hermes, pieces: [3], isInside: true) == [.call(name: "a", arguments: "{}")])
        #expect(events("[\(call)]", .mistral, pieces: [3], isInside: true) == [.call(name: "a", arguments: "{}")])
        #expect(events("{\"na", .hermes, pieces: [3], isInside: true) == [.text("{\"na")])
        let two = "<tool_call>\(call)</tool_call><tool_call>\(call)</tool_call>"
        #expect(events(two, .hermes, pieces: [], limit: 1) == [.call(name: "a", arguments: "{}")])
    }
}
