/// The decoder and the post-processor: what happens after the merges.
extension TokenizerDefinition {
    mutating func readDecoder(_ node: JSONNode) throws(TokenizationError) {
        let type = try node.required("type").string()
        guard !usesByteLevel else {
            if type != "ByteLevel" { throw node.unsupported("\"\(type)\"", "ByteLevel, as the pre-tokenizer") }
            return
        }
        switch type {
        case "Metaspace":
            replacements.append((try node.required("replacement").bytes(), [0x20]))
            leadingSpace.isFirstTokenBare = try prependScheme(node) != "never"
        case "Sequence":
            var isFused = false
            for step in try node.required("decoders").elements() { try readDecoderStep(step, isFused: &isFused) }
        default:
            var isFused = false
            try readDecoderStep(node, isFused: &isFused)
        }
        for (pattern, _) in replacements where pattern.isEmpty { throw node.malformed("a pattern is empty") }
    }

    private mutating func readDecoderStep(_ node: JSONNode, isFused: inout Bool) throws(TokenizationError) {
        switch try node.required("type").string() {
        case "Replace" where !isFused && !decodesBytes:
            replacements.append((try literal(try node.required("pattern")), try node.required("content").bytes()))
        case "ByteFallback" where !isFused: decodesBytes = true
        case "Fuse": isFused = true
        case "Strip" where isFused:
            guard try node.required("content").bytes() == [0x20], try node.required("stop").integer() == 0 else {
                throw node.unsupported("this Strip", "spaces at the beginning only")
            }
            leadingSpace.dropped = max(0, try node.required("start").integer())
        case let type:
            throw node.unsupported(
                "\"\(type)\"",
                "ByteLevel after its pre-tokenizer, Metaspace, or Replace, ByteFallback, Fuse, Strip in order")
        }
    }

    mutating func readPostProcessor(_ node: JSONNode) throws(TokenizationError) {
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
