/// The parts of the file around the model: what happens to text before and after the merges.
extension TokenizerDefinition {
    mutating func readNormalizer(_ node: JSONNode?) throws(TokenizationError) {
        guard let node else { return }
        let type = try node.required("type").string()
        guard type == "NFC" else { throw node.unsupported("\"\(type)\"", "null or NFC") }
        composesCanonically = true
    }

    mutating func readPreTokenizer(_ node: JSONNode) throws(TokenizationError) {
        let supported = "ByteLevel, or Sequence of Split and ByteLevel"
        switch try node.required("type").string() {
        case "ByteLevel":
            try checkByteLevel(node, usesPattern: true)
            pattern = .gpt2
        case "Sequence":
            let steps = try node.required("pretokenizers").elements()
            guard steps.count == 2 else { throw node.unsupported("a sequence of \(steps.count) steps", supported) }
            try readSplit(steps[0])
            let type = try steps[1].required("type").string()
            guard type == "ByteLevel" else { throw steps[1].unsupported("\"\(type)\"", "ByteLevel") }
            try checkByteLevel(steps[1], usesPattern: false)
        case let type:
            throw node.unsupported("\"\(type)\"", supported)
        }
    }

    private func checkByteLevel(_ node: JSONNode, usesPattern: Bool) throws(TokenizationError) {
        let space = try node.required("add_prefix_space")
        if try space.bool() { throw space.unsupported("true", "false") }
        let found = try node.flag("use_regex", absent: true)
        if found != usesPattern {
            let place = usesPattern ? "alone" : "after Split"
            throw node.unsupported("use_regex \(found)", "use_regex \(usesPattern) when ByteLevel stands \(place)")
        }
    }

    private mutating func readSplit(_ node: JSONNode) throws(TokenizationError) {
        let type = try node.required("type").string()
        guard type == "Split" else { throw node.unsupported("\"\(type)\"", "Split") }
        let behavior = try node.required("behavior")
        guard try behavior.string() == "Isolated" else {
            throw behavior.unsupported("\"\(try behavior.string())\"", "\"Isolated\"")
        }
        if try node.flag("invert", absent: false) { throw node.unsupported("invert true", "invert false") }
        let expression = try node.required("pattern").required("Regex")
        guard let known = SplitPattern(rawValue: try expression.string()) else {
            throw expression.unsupported(
                "this expression",
                "the split expressions of GPT-2, Llama 3 and Qwen 2, and GPT-2's with digit pairs, character by character"
            )
        }
        pattern = known
    }

    func readDecoder(_ node: JSONNode) throws(TokenizationError) {
        let type = try node.required("type").string()
        guard type == "ByteLevel" else { throw node.unsupported("\"\(type)\"", "ByteLevel") }
    }

    mutating func readPostProcessor(_ node: JSONNode?) throws(TokenizationError) {
        guard let node else { return }
        switch try node.required("type").string() {
        case "ByteLevel": return
        case "TemplateProcessing": try readTemplate(node)
        case "Sequence":
            for step in try node.required("processors").elements() { try readPostProcessor(step) }
        case let type:
            throw node.unsupported("\"\(type)\"", "null, ByteLevel, TemplateProcessing, or Sequence of these")
        }
    }

    /// The pieces of the single-text template; special tokens go before or after the one text `A`.
    private mutating func readTemplate(_ node: JSONNode) throws(TokenizationError) {
        guard prefix.isEmpty, suffix.isEmpty else { throw node.unsupported("a second template", "one template") }
        let specials = try node.required("special_tokens")
        var texts = 0
        for piece in try node.required("single").elements() {
            if try piece.optional("Sequence") != nil {
                texts += 1
            } else {
                let name = try piece.required("SpecialToken").required("id").string()
                for id in try specials.required(name).required("ids").elements() {
                    let known = try knownID(id)
                    if texts == 0 { prefix.append(known) } else { suffix.append(known) }
                }
            }
        }
        guard texts == 1 else { throw node.unsupported("a template with \(texts) texts", "exactly one text, A") }
    }

    private func knownID(_ node: JSONNode) throws(TokenizationError) -> Int32 {
        let id = try node.integer()
        guard bytesOfToken.indices.contains(id), bytesOfToken[id] != nil else {
            throw node.malformed("no token has the id \(id)")
        }
        return Int32(id)
    }
}
