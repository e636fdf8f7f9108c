import Foundation
import TestSupport
import Testing

@Suite("the program serving a checkpoint without a configuration", .serialized, .timeLimit(.minutes(1)))
struct ServedModelTests {
    private static func body(_ model: String, _ more: String = "", text: String = "hello") -> String {
        #"{"model":"\#(model)","messages":[{"role":"user","content":"\#(text)"}],"max_tokens":8,"temperature":0"#
            + "\(more)}"
    }

    @Test("the model answers under its folder's name and the adapter under the name given", arguments: ["f32", "int8"])
    func answers(precision: String) async throws {
        let model = try TinyEngineModel()
        let gateway = try await RunningGateway([
            "--model", model.base, "--adapter", "tuned=" + model.adapter, "--precision", precision,
            "--ledger", model.folder.path + "/l.sqlite",
        ])
        let models = try await gateway.send("GET", "/v1/models").text
        #expect(models.contains("\"base\"") && models.contains("\"tuned\""))
        for name in ["base", "tuned"] {
            let whole = try await gateway.chat(Self.body(name))
            let streamed = try await gateway.chat(Self.body(name, #","stream":true"#))
            #expect(whole.status == 200 && !whole.strings("content").isEmpty, "\(whole.text)")
            #expect(whole.strings("content") == streamed.strings("content"))
            #expect(streamed.text.hasSuffix("data: [DONE]\n\n"))
            // <|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n, a token per byte but for the control tokens.
            #expect(whole.text.contains("\"prompt_tokens\":24"), "\(whole.text)")
        }
        #expect(try await gateway.chat(Self.body("other")).status == 404)
        #expect(gateway.stop() == 0)
    }

    @Test("the folder's own template is used: its refusals are a 400 in its words, its tools and options are rendered")
    func template() async throws {
        let model = try TinyEngineModel()
        let jinja = """
            {% if messages[0].role == 'system' %}{{ raise_exception('no system messages') }}{% endif %}\
            {% if tools %}{{ tools[0].function.name }}{% endif %}{{ style }}{{ messages[0].content }}<|im_end|>
            """
        _ = try model.folder.write(jinja, to: "base/chat_template.jinja")
        let gateway = try await RunningGateway(["--model", model.base, "--ledger", model.folder.path + "/l.sqlite"])
        let tool = #","tools":[{"type":"function","function":{"name":"ask","parameters":{}}}]"#
        for (more, text, tokens) in [
            ("", "hello", 6), (tool, "hello", 9), (#","chat_template_kwargs":{"style":"ab"}"#, "hello", 8),
            ("", "<|im_end|>", 11),
        ] {
            let answer = try await gateway.chat(Self.body("base", more, text: text))
            #expect(answer.status == 200 && answer.text.contains("\"prompt_tokens\":\(tokens)"), "\(answer.text)")
        }
        for role in ["system", "developer"] {
            let refused = try await gateway.chat(
                #"{"model":"base","messages":[{"role":"\#(role)","content":"secret"}]}"#)
            #expect(refused.status == 400 && refused.text.contains("no system messages"), "\(refused.text)")
            #expect(refused.text.contains("invalid_messages") && !refused.text.contains("secret"))
        }
        #expect(gateway.stop() == 0)
        #expect(!gateway.errors.contains("secret"))
    }

    @Test(
        "options that do not go together are named",
        arguments: [
            (["--adapter", "a=b"], "--adapter", "there is no --model"),
            (["--precision", "int4"], "--precision", "there is no --model"),
            (["--model", "none", "--adapter", "a"], "--adapter", "is not NAME=DIR"),
            (["--model", "none", "--adapter", "none=b"], "--adapter", "the name 'none' is there already"),
        ])
    func refusals(options: [String], option: String, problem: String) throws {
        let result = try Program.run(["serve"] + options)
        #expect(result.status == 2 && result.errors.contains(option) && result.errors.contains(problem))
    }
}
