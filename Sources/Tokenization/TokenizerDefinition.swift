/// What a `tokenizer.json` says, checked: ids are unique and in range, merges name known tokens, no text lacks tokens.
struct TokenizerDefinition: Sendable {
    /// Ids at or above this are refused: no vocabulary in use comes near it, and tables are sized by the largest id.
    static let idLimit = 1 << 22

    /// Vocabulary spellings and their ids; a byte-level vocabulary spells in the byte alphabet.
    var vocabulary: [[UInt8]: Int32] = [:]
    /// The bytes every id stands for; nil where the file leaves an id out.
    var bytesOfToken: [[UInt8]?] = []
    /// How many bytes of normalized text each id covers; 0 where that depends on the text.
    var lengthOfToken: [Int] = []
    var symbols = SymbolTable.bytes([])
    var merges = MergeTable(capacity: 0)
    var addedTokens: [AddedToken] = []
    /// What happens to text before added tokens of the normalized kind are looked for.
    var normalizers: [Normalizer] = []
    /// What happens to the text between added tokens before it is cut into words.
    var wordNormalizers: [Normalizer] = []
    /// How text is cut into words; with no step it is one word.
    var steps: [SplitStep] = []
    /// The published expression among the steps, if there is one.
    var pattern: SplitPattern?
    var usesByteLevel = false
    /// Whether a word that is a token as a whole skips the merges.
    var ignoresMerges = false
    var unknown: Int32?
    /// What the decoder puts in place of texts inside a token.
    var replacements: [(pattern: [UInt8], content: [UInt8])] = []
    var decodesBytes = false
    var leadingSpace = LeadingSpace()
    /// Ids that the post-processor puts before and after a text.
    var prefix: [Int32] = []
    var suffix: [Int32] = []

    init(json: [UInt8]) throws(TokenizationError) {
        let file = JSONNode(value: try JSONParser.parse(json))
        try refuseNonNull(in: file, "truncation", "null: long texts are the caller's decision")
        try refuseNonNull(in: file, "padding", "null: padding is the caller's decision")
        if let normalizer = try file.optional("normalizer") { try readNormalizer(normalizer) }
        if let preTokenizer = try file.optional("pre_tokenizer") { try readPreTokenizer(preTokenizer) }
        try readDecoder(file.required("decoder"))
        let model = try file.required("model")
        try checkModel(model)
        try readVocabulary(model.required("vocab"))
        try readSymbols(model)
        try readAddedTokens(file.optional("added_tokens"))
        try readMerges(model.required("merges"))
        if let processor = try file.optional("post_processor") { try readPostProcessor(processor) }
    }

    private func refuseNonNull(
        in file: JSONNode, _ key: String, _ supported: String
    ) throws(TokenizationError) {
        if let node = try file.optional(key) { throw node.unsupported(node.value.kind, supported) }
    }
}
