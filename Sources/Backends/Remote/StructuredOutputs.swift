import ChatAPI
import Gateway
import Grammar
public import PromptSchema

/// How a server is told what an answer must be.
public enum StructuredOutputs: String, Sendable, Hashable, CaseIterable {
    /// `response_format` of the OpenAI API: JSON schemas only.
    case responseFormat = "response_format"
    /// vLLM's `structured_outputs`.
    case vllm
    /// llama.cpp's `json_schema`, and `grammar` in its own notation.
    case llamaCpp = "llama_cpp"

    /// The request fields that hold answers to a form; nil if the server has none for it.
    public func fields(for form: AnswerForm) -> [Field]? {
        switch (self, form) {
        case (.responseFormat, .jsonSchema(let schema)):
            [
                Field(
                    "response_format", #"{"type":"json_schema","json_schema":{"name":"answer","strict":true,"schema":"#,
                    schema, "}}")
            ]
        case (.responseFormat, .regularExpression): nil
        case (.vllm, .jsonSchema(let schema)): [Field("structured_outputs", #"{"json":"#, schema, "}")]
        case (.vllm, .regularExpression(let expression)):
            [Field("structured_outputs", #"{"regex":"#, JSONWriter.encoded(expression), "}")]
        case (.llamaCpp, .jsonSchema(let schema)): [Field("json_schema", "", schema, "")]
        case (.llamaCpp, .regularExpression(let expression)):
            (try? GBNF.grammar(ofRegularExpression: expression)).map {
                [Field("grammar", "", JSONWriter.encoded($0), "")]
            }
        }
    }

    /// A member of a request's body.
    public struct Field: Sendable, Hashable {
        /// The key.
        public let name: String
        /// The JSON text.
        public let value: [UInt8]

        init(_ name: String, _ before: String, _ value: [UInt8], _ after: String) {
            self.name = name
            self.value = Array(before.utf8) + value + Array(after.utf8)
        }
    }

    /// A chat's body with the fields that hold its answer to its form.
    ///
    /// A request that says itself what its answer must be is left as it is.
    func body(of request: BackendRequest) -> [UInt8] {
        guard let chat = request.chat, let form = chat.answer.form, let fields = fields(for: form) else {
            return request.body
        }
        let own = Self.names + fields.map(\.name)
        let members = chat.request.document.root.members
        guard !members.contains(where: { !$0.value.isNull && own.contains($0.key.text ?? "") }) else {
            return request.body
        }
        return fields.reduce(request.body) { $0.adding(member: $1.name, $1.value) }
    }

    private static let names = ["response_format", "tools", "json_schema", "grammar", "structured_outputs"]
}
