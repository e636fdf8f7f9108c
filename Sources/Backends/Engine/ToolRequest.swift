import ChatAPI
import Gateway
import Tokenization

/// The tools that a request offers a model, and whether one of them must be called.
struct ToolRequest: Sendable {
    struct Tool: Sendable {
        let name: String
        /// The JSON schema of its arguments.
        let schema: [UInt8]
    }

    let tools: [Tool]
    /// One of these must be called; nil: the model may answer in text.
    let demanded: [Tool]?
    /// Most calls of an answer; nil: any number.
    let limit: Int?

    /// Nil if the request offers no tools, or forbids their use.
    init?(_ request: ChatRequest) throws(BackendError) {
        let root = request.document.root
        let former: [(name: StaticString, instead: String)] = [
            ("functions", "tools"), ("function_call", "tool_choice"),
        ]
        for (name, instead) in former {
            guard let value = root[name], !value.isNull, value.string.map({ !($0 == "none") }) ?? true else { continue }
            throw Self.refused("\(name)", "it is not supported; send '\(instead)'", code: "unsupported_feature")
        }
        var tools: [Tool] = []
        for (index, value) in (root["tools"]?.elements.map { $0 } ?? []).enumerated() {
            guard let function = value["function"], let name = function["name"]?.string?.text, !name.isEmpty else {
                throw Self.refused("tools", "tools[\(index)].function.name is missing")
            }
            let schema = function["parameters"].flatMap { Self.limitsArguments($0) ? Array($0.rawBytes) : nil }
            tools.append(Tool(name: name, schema: schema ?? Array(#"{"type":"object"}"#.utf8)))
        }
        let choice = root["tool_choice"].flatMap { $0.isNull ? nil : $0 }
        guard let demanded = try Self.demanded(choice, tools) else { return nil }
        guard !tools.isEmpty else { return nil }
        self.tools = tools
        self.demanded = demanded.isEmpty ? nil : demanded
        limit = root["parallel_tool_calls"]?.bool == false ? 1 : nil
    }

    /// Whether a schema says anything of its arguments: an empty one would admit what is no object.
    private static func limitsArguments(_ schema: JSONValue) -> Bool {
        let words: Set<String> = ["type", "properties", "required", "$ref", "anyOf", "allOf", "const", "enum"]
        return schema.kind == .object && schema.members.contains { $0.key.text.map(words.contains) ?? false }
    }

    /// The tools of which one must be called; none if that is left to the model, nil if none may be.
    private static func demanded(_ choice: JSONValue?, _ tools: [Tool]) throws(BackendError) -> [Tool]? {
        guard let choice else { return [] }
        if let word = choice.string?.text {
            switch word {
            case "none": return nil
            case "auto": return []
            case "required":
                guard !tools.isEmpty else {
                    throw refused("tool_choice", "it demands a call, and there are no 'tools'")
                }
                return tools
            default: break
            }
        }
        guard choice["type"]?.string.map({ $0 == "function" }) ?? false,
            let name = choice["function"]?["name"]?.string?.text
        else {
            throw refused("tool_choice", "it must be none, auto, required, or {\"type\":\"function\",…} with a name")
        }
        guard let tool = tools.first(where: { $0.name == name }) else {
            throw refused("tool_choice", "it names no function of 'tools'")
        }
        return [tool]
    }

    private static func refused(_ param: String, _ what: String, code: String = "invalid_value") -> BackendError {
        EngineBackend.refused(.invalidRequest("'\(param)': \(what).", param: param, code: code))
    }

    /// What must follow the opening where a call is demanded: the call's object, or for Mistral a list of it.
    func grammar(_ format: ToolCallFormat) -> AnswerGrammar? {
        guard let demanded else { return nil }
        if format == .qwen3Coder { return .markupCalls(demanded.map { ($0.name, $0.schema) }) }
        let arguments = format == .llama3 ? "parameters" : "arguments"
        let (start, end) = format == .mistral ? ("[", "]") : ("", "")
        return .framed(
            demanded.map { tool in
                let name = String(decoding: JSONWriter.encoded(tool.name), as: UTF8.self)
                return (
                    prefix: start + #"{"name": \#(name), "\#(arguments)": "#, schema: tool.schema, suffix: "}" + end
                )
            })
    }
}
