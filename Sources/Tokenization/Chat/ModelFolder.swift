import Foundation

/// The files of a model folder that say how conversations are rendered and where answers end.
struct ModelFolder {
    var path: String

    /// The template's text, and the file and key it stands in.
    func chatTemplate() throws(TokenizationError) -> (jinja: String, file: String, key: String) {
        let file = path + "/chat_template.jinja"
        if let data = FileManager.default.contents(atPath: file) {
            guard let text = String(data: data, encoding: .utf8) else {
                throw .malformed(file: file, key: "the whole file", reason: "the text is not UTF-8")
            }
            return (text, file, "the whole file")
        }
        let config = path + "/tokenizer_config.json"
        guard let root = try json(config) else {
            throw .unreadable(file: config, reason: "neither it nor chat_template.jinja is in the model folder")
        }
        return try naming(config) { () throws(TokenizationError) in
            let node = try root.required("chat_template")
            if case .array = node.value { return (try defaultTemplate(node), config, node.path) }
            return (try node.string(), config, node.path)
        }
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
        let content: String
        if case .object = node.value {
            content = try node.required("content").string()
        } else {
            content = try node.string()
        }
        guard let id = tokenizer.id(of: content) else {
            throw node.malformed("the tokenizer has no token \"\(content)\"")
        }
        return [id]
    }

    private func defaultTemplate(_ node: JSONNode) throws(TokenizationError) -> String {
        for entry in try node.elements() where try entry.required("name").string() == "default" {
            return try entry.required("template").string()
        }
        throw node.malformed("no template is named \"default\"")
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
