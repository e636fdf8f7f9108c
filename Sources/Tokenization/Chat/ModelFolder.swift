import Foundation

/// The files of a model folder that say how conversations are rendered and where answers end.
struct ModelFolder {
    var path: String

    /// The texts of a folder's chat templates, and the file that holds them.
    struct Templates {
        var standard: String
        /// The one named `tool_use`, for conversations with tools.
        var forTools: String?
        var file: String
    }

    /// The chat templates: `chat_template.jinja`, else what `tokenizer_config.json` says.
    func chatTemplates() throws(TokenizationError) -> Templates {
        let file = path + "/chat_template.jinja"
        if let data = FileManager.default.contents(atPath: file) {
            guard let text = String(data: data, encoding: .utf8) else {
                throw .malformed(file: file, key: "the whole file", reason: "the text is not UTF-8")
            }
            return Templates(standard: text, file: file)
        }
        let config = path + "/tokenizer_config.json"
        guard let root = try json(config) else {
            throw .unreadable(file: config, reason: "neither it nor chat_template.jinja is in the model folder")
        }
        return try naming(config) { () throws(TokenizationError) in
            let node = try root.required("chat_template")
            guard case .array = node.value else { return Templates(standard: try node.string(), file: config) }
            var named: [String: String] = [:]
            for entry in try node.elements() {
                named[try entry.required("name").string()] = try entry.required("template").string()
            }
            guard let standard = named["default"] else { throw node.malformed("no template is named \"default\"") }
            return Templates(standard: standard, forTools: named["tool_use"], file: config)
        }
    }

    /// The texts of the tokens that `special_tokens_map.json` and `tokenizer_config.json` name, such as `bos_token`.
    func namedTokens() throws(TokenizationError) -> [String: String] {
        let names = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]
        var tokens: [String: String] = [:]
        for file in [path + "/special_tokens_map.json", path + "/tokenizer_config.json"] {
            guard let root = try json(file) else { continue }
            try naming(file) { () throws(TokenizationError) in
                for name in names {
                    guard let node = try root.optional(name) else { continue }
                    tokens[name] = try content(node)
                }
            }
        }
        return tokens
    }

    private func content(_ node: JSONNode) throws(TokenizationError) -> String {
        if case .object = node.value { return try node.required("content").string() }
        return try node.string()
    }

    /// The ids of end-of-text tokens that `generation_config.json` and `tokenizer_config.json` name.
    func endOfTextTokens(_ tokenizer: Tokenizer) throws(TokenizationError) -> [Int32] {
        var tokens: [Int32] = []
        let generation = path + "/generation_config.json"
        if let root = try json(generation) {
            tokens += try naming(generation) { () throws(TokenizationError) in try identifiers(root, tokenizer) }
        }
        let config = path + "/tokenizer_config.json"
        if let root = try json(config) {
            tokens += try naming(config) { () throws(TokenizationError) in try named(root, tokenizer) }
        }
        var seen: Set<Int32> = []
        return tokens.filter { seen.insert($0).inserted }
    }

    private func identifiers(_ root: JSONNode, _ tokenizer: Tokenizer) throws(TokenizationError) -> [Int32] {
        guard let node = try root.optional("eos_token_id") else { return [] }
        let nodes: [JSONNode]
        if case .array = node.value { nodes = try node.elements() } else { nodes = [node] }
        return try nodes.map { node throws(TokenizationError) in
            let id = try node.integer()
            guard (0..<tokenizer.vocabularySize).contains(id) else {
                throw node.malformed("no token has the id \(id)")
            }
            return Int32(id)
        }
    }

    private func named(_ root: JSONNode, _ tokenizer: Tokenizer) throws(TokenizationError) -> [Int32] {
        guard let node = try root.optional("eos_token") else { return [] }
        let content = try content(node)
        guard let id = tokenizer.id(of: content) else {
            throw node.malformed("the tokenizer has no token \"\(content)\"")
        }
        return [id]
    }

    private func json(_ file: String) throws(TokenizationError) -> JSONNode? {
        guard let data = FileManager.default.contents(atPath: file) else { return nil }
        return try naming(file) { () throws(TokenizationError) in
            JSONNode(value: try JSONParser.parse(Array(data)))
        }
    }

    private func naming<Result>(
        _ file: String, _ body: () throws(TokenizationError) -> Result
    ) throws(TokenizationError) -> Result {
        do {
            return try body()
        } catch {
            throw error.naming(file: file)
        }
    }
}
