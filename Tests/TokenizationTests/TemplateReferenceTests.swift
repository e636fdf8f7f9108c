import Foundation
import Testing
import Tokenization

/// Templates and programs with what the Python package `jinja2` renders of them, stored by `Tools/template_reference.py`.
///
/// `TEMPLATE_CASES` names another folder that the same script wrote, with more of them.
struct TemplateReferenceTests {
    static let names = [
        "chatml", "gemma", "llama2", "llama3", "llama31", "macros", "mistral-v1", "mistral-v3", "qwen25", "qwen3",
        "zephyr",
    ]

    private struct Rendering: Decodable {
        var text: String?
        var refusal: String?
        var error: String?
    }

    private struct Conversations: Decodable {
        var contexts: [String]
        var expected: [String: [Rendering]]
    }

    private struct Programs: Decodable {
        var context: String
        var templates: [String]
        var expected: [Rendering]
    }

    private static let folder = ProcessInfo.processInfo.environment["TEMPLATE_CASES"] ?? Fixtures.path("Templates")
    /// The moment of the stored values.
    private static let now = Date(timeIntervalSince1970: 1_732_147_200)

    private func value<Value: Decodable>(_ file: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(contentsOf: URL(fileURLWithPath: Self.folder + "/" + file)))
    }

    /// What the program makes of a context, the text of a JSON object.
    private func render(_ template: String, _ context: String) throws -> [UInt8] {
        guard case .object(let members) = try TemplateValue(json: Array(context.utf8)) else { return [] }
        var conversation = ChatConversation(messages: [])
        var addsPrompt = false
        var tokens: [String: String] = [:]
        for member in members {
            let key = String(decoding: member.key, as: UTF8.self)
            switch (key, member.value) {
            case ("messages", .list(let messages)): conversation.messages = messages.map(message)
            case ("tools", .list(let tools)): conversation.tools = tools
            case ("tools", _), ("documents", _): break
            case ("add_generation_prompt", let value): addsPrompt = value == .bool(true)
            case (_, .text(let text)) where key.hasSuffix("_token"): tokens[key] = String(decoding: text, as: UTF8.self)
            default: conversation.options.append(member)
            }
        }
        return try TemplateProgram(template, tokens: tokens).text(
            conversation, addGenerationPrompt: addsPrompt, now: Self.now)
    }

    private func message(_ value: TemplateValue) -> ChatConversation.Message {
        var message = ChatConversation.Message(role: "", text: nil)
        guard case .object(let members) = value else { return message }
        for member in members {
            switch (String(decoding: member.key, as: UTF8.self), member.value) {
            case ("role", .text(let role)): message.role = String(decoding: role, as: UTF8.self)
            case ("content", .text(let text)): message.text = text
            case ("content", _): break
            default: message.fields.append(member)
            }
        }
        return message
    }

    @Test("conversations are rendered as the Python package renders them, or refused like there", arguments: names)
    func conversations(name: String) throws {
        let template = String(decoding: try Fixtures.bytes("Templates/\(name).jinja"), as: UTF8.self)
        let cases: Conversations = try value("conversations.json")
        let expected = try #require(cases.expected[name])
        #expect(expected.count >= 14 && expected.count == cases.contexts.count && expected.contains { $0.text != nil })
        for (index, context) in cases.contexts.enumerated() {
            do {
                let text = try render(template, context)
                #expect(Array((expected[index].text ?? "none").utf8) == text, "conversation \(index)")
            } catch TokenizationError.refusedByTemplate(let message) {
                // The words of the request are left out.
                let parts = message.split(separator: "…", omittingEmptySubsequences: false)
                let refusal = try #require(expected[index].refusal, "conversation \(index): \(message)")
                #expect(refusal.hasPrefix(parts[0]) && refusal.hasSuffix(parts[parts.count - 1]))
            } catch {
                #expect(expected[index].error != nil, "conversation \(index): \(error)")
            }
        }
    }

    @Test("random programs give the text that the Python package gives")
    func programs() throws {
        let cases: Programs = try value("programs.json")
        #expect(cases.templates.count >= 250)
        var differing = 0
        for (index, template) in cases.templates.enumerated() {
            let text = try? render(template, cases.context)
            guard let expected = cases.expected[index].text else { continue }
            guard text != Array(expected.utf8) else { continue }
            differing += 1
            print("program \(index) differs: \(template)")
        }
        print("\(cases.templates.count) programs, \(differing) differ")
        // Python's package works constants out before it runs a program: slices of constants that are no sequence are
        // undefined there and errors elsewhere. Here they are errors.
        #expect(differing * 50 <= cases.templates.count)
    }

    @Test(
        "a template that would never end, or grow without end, is ended",
        arguments: [
            "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}x{% endfor %}{% endfor %}{% endfor %}",
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "{{ 'x' * 999999999999 }}", "{{ range(99999999) }}", "{{ [1] * 9999999999 }}", "{{ 10 ** 999 }}",
            "{% set ns = namespace(t='x') %}{% for a in range(99) %}{% set ns.t = ns.t + ns.t %}{% endfor %}",
            "{{ 'xy'.replace('', 'z' * 60000000) }}", "{{ 'x' | indent(99999999999) }}",
            "{% for x in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}",
        ])
    func limits(template: String) throws {
        let error = try #require(throws: TokenizationError.self) { try render(template, "{}") }
        guard case .rendering(let line, let reason) = error else { throw error }
        #expect(line == 1 && !reason.isEmpty)
    }

    @Test(
        "a template that nests without end is refused",
        arguments: [
            "{{ " + String(repeating: "(", count: 9999), "{{ " + String(repeating: "not ", count: 9999),
            String(repeating: "{% if x %}", count: 9999), "{{ " + String(repeating: "-", count: 9999),
        ])
    func nesting(template: String) {
        #expect(throws: TokenizationError.self) { try TemplateProgram(template) }
    }

    @Test(
        "nothing but the inputs can be reached",
        arguments: [
            "{{ ''.__class__.__mro__ }}", "{{ messages.append(1) }}", "{{ self }}x{{ self.__init__ }}",
            "{{ open('/etc/passwd') }}",
            "{{ dict.mro() }}", "{{ namespace.__init__.__globals__ }}", "{% set messages.x = 1 %}",
        ])
    func sandbox(template: String) throws {
        let text = (try? render(template, "{\"messages\": []}")) ?? Array("refused".utf8)
        #expect(["", "x", "refused"].contains(String(decoding: text, as: UTF8.self)))
    }

    @Test("a damaged template is refused or rendered, never a crash")
    func damaged() throws {
        let seed: UInt64 = 91
        print("seed \(seed)")
        var texts = RandomText(seed: seed)
        let source = try Fixtures.bytes("Templates/qwen3.jinja")
        let context = #"{"messages": [{"role": "user", "content": "a"}], "add_generation_prompt": true}"#
        var refused = 0
        for _ in 0..<300 {
            var damaged = source
            for _ in 0..<texts.integer(in: 1..<5) {
                let place = texts.integer(in: 0..<damaged.count)
                let signs = Array("{}%#()[]'\"|.-\n ".utf8)
                if texts.integer(in: 0..<2) == 0 {
                    damaged[place] = signs[texts.integer(in: 0..<signs.count)]
                } else {
                    damaged.removeSubrange(place..<min(place + 4, damaged.count))
                }
            }
            do { _ = try render(String(decoding: damaged, as: UTF8.self), context) } catch { refused += 1 }
        }
        #expect(refused > 100)
    }
}
