import Backends
import ChatAPI
import Engine
import Foundation
import Gateway
import TestSupport
import Testing
import Tokenization

@Suite("Tools on the embedded engine")
struct EngineToolTests {
    private static let tools =
        #","tools":[{"type":"function","function":{"name":"lookUp","parameters":{"type":"object","properties":"#
        + #"{"code":{"type":"string","pattern":"^[A-Z]{2}$"},"n":{"type":"integer","minimum":1,"maximum":9}},"#
        + #""required":["code","n"]}}},{"type":"function","function":{"name":"stop"}}]"#

    private static func template(_ shows: String) -> String {
        "{% if tools %}{{ tools[0].function.name }} \(shows)\n{% endif %}{% for m in messages %}<|im_start|>{{ m.role }}\n"
            + "{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    }

    private func backend(_ template: String, rendersTools: Bool = false) throws -> EngineBackend {
        let model = try TinyChatModel(maximumPositions: 1024)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tools-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(template.utf8).write(to: folder.appendingPathComponent("chat_template.jinja"))
        return EngineBackend(
            name: "engine", service: try model.service(), tokenizer: model.tokenizer,
            template: try ChatTemplate(modelFolder: folder.path, tokenizer: model.tokenizer), baseModel: "base",
            rendersTools: rendersTools)
    }

    private static let shows: [String] = [
        "<tool_call>{{ '{}' }}</tool_call>", "[TOOL_CALLS]", "<|python_tag|>",
    ]

    @Test("a demanded tool is called with arguments that meet its schema, in every format", arguments: shows)
    func demanded(shows: String) async throws {
        let backend = try backend(Self.template(shows))
        let choice = #","tool_choice":{"type":"function","function":{"name":"lookUp"}}"#
        let request = try TinyChatModel.request(extra: Self.tools + choice)
        let root = try JSONDocument(try await backend.reply(to: request).body.collect()).root
        let answer = try #require(root["choices"]?.elements.first { _ in true })
        #expect(answer["finish_reason"]?.string?.text == "tool_calls")
        let message = try #require(answer["message"])
        #expect(message["content"]?.isNull == true)
        let calls = message["tool_calls"]?.elements.map { $0 } ?? []
        #expect(calls.count == 1 && calls.first?["type"]?.string?.text == "function")
        #expect(calls.first?["id"]?.string?.text?.isEmpty == false)
        let function = try #require(calls.first?["function"])
        #expect(function["name"]?.string?.text == "lookUp")
        let text = try #require(function["arguments"]?.string?.text)
        let arguments = try JSONDocument(Array(text.utf8)).root
        #expect(arguments["code"]?.string?.text?.wholeMatch(of: #/[A-Z]{2}/#) != nil, "\(text)")
        #expect((1...9).contains(arguments["n"]?.int ?? 0), "\(text)")
    }

    @Test("a streamed call comes as its name, then its arguments, then the finish reason")
    func streamed() async throws {
        let backend = try backend(Self.template(Self.shows[0]))
        let request = try TinyChatModel.request(
            extra: Self.tools
                + #","tool_choice":{"type":"function","function":{"name":"lookUp"}},"stream":true"#)
        var parser = SSEParser()
        parser.append(try await backend.reply(to: request).body.collect())
        var name = ""
        var arguments = ""
        var ids: [String] = []
        var reasons: [String] = []
        while let event = try parser.next() {
            guard let data = event.data, !data.elementsEqual("[DONE]".utf8) else { continue }
            for choice in try JSONDocument(Array(data)).root["choices"]?.elements.map({ $0 }) ?? [] {
                #expect(choice["delta"]?["content"]?.string?.text?.isEmpty ?? true)
                for call in choice["delta"]?["tool_calls"]?.elements.map({ $0 }) ?? [] {
                    #expect(call["index"]?.int == 0)
                    if let id = call["id"]?.string?.text { ids.append(id) }
                    name += call["function"]?["name"]?.string?.text ?? ""
                    arguments += call["function"]?["arguments"]?.string?.text ?? ""
                }
                if let reason = choice["finish_reason"]?.string?.text { reasons.append(reason) }
            }
        }
        #expect(name == "lookUp" && ids.count == 1 && reasons == ["tool_calls"])
        #expect(try JSONDocument(Array(arguments.utf8)).root.kind == .object, "\(arguments)")
    }

    @Test("without a demand the model may answer in text, and with none it is not shown the tools")
    func text() async throws {
        let backend = try backend(Self.template(Self.shows[0]))
        for extra in [Self.tools, Self.tools + #","tool_choice":"none""#] {
            let request = try TinyChatModel.request(extra: extra + #","max_tokens":8"#)
            let answer = try ParsedAnswer(completion: try await backend.reply(to: request).body.collect())
            #expect(!answer.text.isEmpty && answer.finishReason != "tool_calls")
        }
    }

    @Test(
        "what cannot be honoured is a 400 that says what",
        arguments: [
            (#""tool_choice":{"type":"function","function":{"name":"x"}}"#, "tool_choice", "no function"),
            (#""tool_choice":"often""#, "tool_choice", "required"), (#""logprobs":true"#, "logprobs", "tools"),
            (#""functions":[{"name":"f"}]"#, "functions", "tools"),
        ])
    func refused(field: String, param: String, word: String) async throws {
        let backend = try backend(Self.template(Self.shows[0]))
        let error = await #expect(throws: BackendError.self) {
            _ = try await backend.reply(to: try TinyChatModel.request(extra: Self.tools + "," + field))
        }
        #expect(error?.answer.status == 400 && error?.answer.param == param)
        #expect(error?.answer.message.contains(word) == true, "\(error?.answer.message ?? "")")
    }

    @Test(
        "a template without tools, or whose calls nobody knows, is named",
        arguments: [
            ("", "no place for tools"), ("{% if tools %}{{ tools }}{% endif %}", "how calls are written"),
        ])
    func unknown(shows: String, words: String) async throws {
        let backend = try backend(
            shows + "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}")
        let error = await #expect(throws: BackendError.self) {
            _ = try await backend.reply(to: try TinyChatModel.request(extra: Self.tools))
        }
        #expect(error?.answer.status == 400 && error?.answer.message.contains(words) == true)
    }

    @Test("a schema that cannot be demanded is refused by its keyword")
    func schema() async throws {
        let backend = try backend(Self.template(Self.shows[0]))
        let tools =
            #","tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":"#
            + #"{"a":{"not":{}}}}}}],"tool_choice":"required""#
        let error = await #expect(throws: BackendError.self) {
            _ = try await backend.reply(to: try TinyChatModel.request(extra: tools))
        }
        #expect(error?.answer.status == 400 && error?.answer.param == "tools")
        #expect(error?.answer.message.contains("not") == true)
    }
}
