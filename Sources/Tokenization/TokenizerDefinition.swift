/// What a `tokenizer.json` says, checked: ids are unique and in range, merges name known tokens, bytes are complete.
struct TokenizerDefinition: Sendable {
    /// Ids at or above this are refused: no vocabulary in use comes near it, and tables are sized by the largest id.
    static let idLimit = 1 << 22

    /// Vocabulary spellings (in the byte alphabet) and their ids.
    var vocabulary: [[UInt8]: Int32] = [:]
    /// The bytes every id stands for; nil where the file leaves an id out.
    var bytesOfToken: [[UInt8]?] = []
    /// The token of each single byte.
    var tokenOfByte: [Int32] = []
    var merges = MergeTable(capacity: 0)
    var addedTokens: [AddedToken] = []
    var pattern = SplitPattern.gpt2
    var composesCanonically = false
    /// Whether a word that is a token as a whole skips the merges.
    var ignoresMerges = false
    /// Ids that the post-processor puts before and after a text.
    var prefix: [Int32] = []
    var suffix: [Int32] = []

    init(json: [UInt8]) throws(TokenizationError) {
        let file = JSONNode(value: try JSONParser.parse(json), path: "")
        try refuseNonNull(in: file, "truncation", "null: long texts are the caller's decision")
        try refuseNonNull(in: file, "padding", "null: padding is the caller's decision")
        try readNormalizer(file.optional("normalizer"))
        try readPreTokenizer(file.required("pre_tokenizer"))
        try readDecoder(file.required("decoder"))
        let model = try file.required("model")
        try checkModel(model)
        try readVocabulary(model.required("vocab"))
        try readMerges(model.required("merges"))
        try readAddedTokens(file.optional("added_tokens"), reachable: reachableTokens(model.required("merges")))
        try readPostProcessor(file.optional("post_processor"))
    }

    private func refuseNonNull(
        in file: JSONNode, _ key: String, _ supported: String
    ) throws(TokenizationError) {
        if let node = try file.optional(key) { throw node.unsupported(node.value.kind, supported) }
    }
}

// MARK: - Text processing

extension TokenizerDefinition {
    private mutating func readNormalizer(_ node: JSONNode?) throws(TokenizationError) {
        guard let node else { return }
        let type = try node.required("type").string()
        guard type == "NFC" else { throw node.unsupported("\"\(type)\"", "null or NFC") }
        composesCanonically = true
    }

    private mutating func readPreTokenizer(_ node: JSONNode) throws(TokenizationError) {
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

    private func readDecoder(_ node: JSONNode) throws(TokenizationError) {
        let type = try node.required("type").string()
        guard type == "ByteLevel" else { throw node.unsupported("\"\(type)\"", "ByteLevel") }
    }

    private mutating func readPostProcessor(_ node: JSONNode?) throws(TokenizationError) {
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

// MARK: - Model

extension TokenizerDefinition {
    private mutating func checkModel(_ model: JSONNode) throws(TokenizationError) {
        if let type = try model.optional("type"), try type.string() != "BPE" {
            throw type.unsupported("\"\(try type.string())\"", "BPE")
        }
        for key in ["dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"] {
            guard let node = try model.optional(key) else { continue }
            if case .string(let bytes) = node.value, bytes.isEmpty { continue }
            throw node.unsupported(node.value.kind, "null")
        }
        for key in ["byte_fallback", "fuse_unk"] where try model.flag(key, absent: false) {
            throw model.unsupported("\(key) true", "\(key) false: a byte-level vocabulary has no unknown text")
        }
        ignoresMerges = try model.flag("ignore_merges", absent: false)
    }

    private mutating func readVocabulary(_ node: JSONNode) throws(TokenizationError) {
        guard case .object(let members) = node.value else {
            throw node.malformed("expected an object, found \(node.value.kind)")
        }
        vocabulary.reserveCapacity(members.count)
        for member in members {
            let place = JSONNode(
                value: member.value, path: node.path + "." + String(decoding: member.key, as: UTF8.self))
            let id = try place.integer()
            let bytes = ByteAlphabet.bytes(of: member.key) ?? member.key
            try register(id, bytes, at: place)
            vocabulary[member.key] = Int32(id)
        }
        tokenOfByte.reserveCapacity(256)
        for byte in UInt8.min...UInt8.max {
            guard let token = vocabulary[ByteAlphabet.spelling(of: [byte])] else {
                throw node.malformed("byte \(byte) has no token; a byte-level vocabulary holds all 256")
            }
            tokenOfByte.append(token)
        }
    }

    private mutating func register(_ id: Int, _ bytes: [UInt8], at place: JSONNode) throws(TokenizationError) {
        guard (0..<Self.idLimit).contains(id) else {
            throw place.malformed("the id \(id) is outside 0..<\(Self.idLimit)")
        }
        while bytesOfToken.count <= id { bytesOfToken.append(nil) }
        guard bytesOfToken[id] == nil else { throw place.malformed("the id \(id) belongs to another token too") }
        bytesOfToken[id] = bytes
    }

    private mutating func readMerges(_ node: JSONNode) throws(TokenizationError) {
        let entries = try node.elements()
        merges = MergeTable(capacity: entries.count)
        for (rank, entry) in entries.enumerated() {
            let (left, right) = try pair(entry)
            merges.set(
                try token(left, entry), try token(right, entry),
                to: MergeTable.merge(rank: rank, token: try token(left + right, entry)))
        }
    }

    private func reachableTokens(_ node: JSONNode) throws(TokenizationError) -> Set<Int32> {
        var reachable = Set(tokenOfByte)
        for entry in try node.elements() {
            let (left, right) = try pair(entry)
            reachable.insert(try token(left + right, entry))
        }
        return reachable
    }

    private func token(_ spelling: [UInt8], _ entry: JSONNode) throws(TokenizationError) -> Int32 {
        guard let token = vocabulary[spelling] else {
            throw entry.malformed("\"\(String(decoding: spelling, as: UTF8.self))\" is not in model.vocab")
        }
        return token
    }

    /// A merge in either form, `"a b"` or `["a", "b"]`.
    private func pair(_ entry: JSONNode) throws(TokenizationError) -> ([UInt8], [UInt8]) {
        let parts: [[UInt8]]
        if case .string(let text) = entry.value {
            parts = text.split(separator: 0x20, omittingEmptySubsequences: false).map { Array($0) }
        } else {
            parts = try entry.elements().map { node throws(TokenizationError) in try node.bytes() }
        }
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw entry.malformed("a merge is two tokens, \"a b\" or [\"a\", \"b\"]")
        }
        return (parts[0], parts[1])
    }

    private mutating func readAddedTokens(
        _ node: JSONNode?, reachable: Set<Int32>
    ) throws(TokenizationError) {
        guard let node else { return }
        var contents: Set<String> = []
        for entry in try node.elements() {
            let content = try entry.required("content").string()
            let identifier = try entry.required("id")
            let id = try identifier.integer()
            guard !content.isEmpty, contents.insert(content).inserted else {
                throw entry.malformed(content.isEmpty ? "the content is empty" : "this content stands twice")
            }
            for key in ["single_word", "lstrip", "rstrip"] where try entry.flag(key, absent: false) {
                throw entry.unsupported("\(key) true", "\(key) false")
            }
            if let known = vocabulary[Array(content.utf8)] {
                guard id == Int(known) else {
                    throw identifier.malformed("the id is \(id) here and \(known) in model.vocab")
                }
                bytesOfToken[id] = Array(content.utf8)
            } else {
                try register(id, Array(content.utf8), at: identifier)
            }
            let isSpecial = try entry.flag("special", absent: false)
            if isSpecial, reachable.contains(Int32(id)) {
                throw entry.unsupported(
                    "a special token that ordinary text can produce", "special tokens outside bytes and merges")
            }
            addedTokens.append(
                AddedToken(
                    id: Int32(id), content: content, isSpecial: isSpecial,
                    isNormalized: try entry.flag("normalized", absent: !isSpecial)))
        }
    }
}
