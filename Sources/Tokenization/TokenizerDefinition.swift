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
        let file = JSONNode(value: try JSONParser.parse(json))
        try refuseNonNull(in: file, "truncation", "null: long texts are the caller's decision")
        try refuseNonNull(in: file, "padding", "null: padding is the caller's decision")
        try readNormalizer(file.optional("normalizer"))
        try readPreTokenizer(file.required("pre_tokenizer"))
        try readDecoder(file.required("decoder"))
        let model = try file.required("model")
        try checkModel(model)
        try readVocabulary(model.required("vocab"))
        let reachable = try readMerges(model.required("merges"))
        try readAddedTokens(file.optional("added_tokens"), reachable: reachable)
        try readPostProcessor(file.optional("post_processor"))
    }

    private func refuseNonNull(
        in file: JSONNode, _ key: String, _ supported: String
    ) throws(TokenizationError) {
        if let node = try file.optional(key) { throw node.unsupported(node.value.kind, supported) }
    }
}
