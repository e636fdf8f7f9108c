/// The normalizers and the pre-tokenizers: what happens to text before the merges.
extension TokenizerDefinition {
    mutating func readNormalizer(_ node: JSONNode) throws(TokenizationError) {
        switch try node.required("type").string() {
        case "NFC": normalizers.append(.compose(.canonical))
        case "NFKC": normalizers.append(.compose(.compatibility))
        case "Lowercase": normalizers.append(.lowercase)
        case "Strip":
            normalizers.append(
                .strip(
                    left: try node.flag("strip_left", absent: true), right: try node.flag("strip_right", absent: true)))
        case "Prepend": normalizers.append(.prepend(try node.required("prepend").bytes()))
        case "Replace":
            let pattern = try literal(try node.required("pattern"))
            normalizers.append(.replace(pattern, with: try node.required("content").bytes()))
        case "Sequence":
            for step in try node.required("normalizers").elements() { try readNormalizer(step) }
        case let type:
            throw node.unsupported(
                "\"\(type)\"", "null, NFC, NFKC, Lowercase, Strip, Prepend, Replace, or Sequence of these")
        }
    }

    /// The text of a pattern that is no regular expression.
    func literal(_ node: JSONNode) throws(TokenizationError) -> [UInt8] {
        guard let text = try node.optional("String") else {
            throw node.unsupported("a regular expression", "{\"String\": …}")
        }
        let bytes = try text.bytes()
        guard !bytes.isEmpty else { throw text.malformed("the pattern is empty") }
        return bytes
    }

    mutating func readPreTokenizer(_ node: JSONNode) throws(TokenizationError) {
        switch try node.required("type").string() {
        case "ByteLevel": try readByteLevel(node)
        case "Metaspace": try readMetaspace(node)
        case "Split": try readSplit(node)
        case "Digits":
            let isIndividual = try node.flag("individual_digits", absent: false)
            steps.append(SplitStep(pattern: .numeral, behavior: isIndividual ? .isolated : .contiguous))
        case "Punctuation":
            steps.append(SplitStep(pattern: .punctuation, behavior: try behavior(node)))
        case "Sequence":
            for step in try node.required("pretokenizers").elements() { try readPreTokenizer(step) }
        case let type:
            throw node.unsupported(
                "\"\(type)\"", "null, ByteLevel, Metaspace, Split, Digits, Punctuation, or Sequence of these")
        }
    }

    private mutating func readByteLevel(_ node: JSONNode) throws(TokenizationError) {
        guard !usesByteLevel else { throw node.unsupported("a second ByteLevel", "one ByteLevel") }
        usesByteLevel = true
        let space = try node.required("add_prefix_space")
        if try space.bool() {
            guard steps.isEmpty else { throw space.unsupported("true after another step", "false") }
            wordNormalizers.append(.prependUnlessThere([0x20], onlyAtStart: false))
        }
        if try node.flag("use_regex", absent: true) { addWords(.gpt2) }
    }

    private mutating func addWords(_ words: SplitPattern) {
        steps.append(SplitStep(pattern: .words(WordScanner(pattern: words))))
        pattern = words
    }

    private mutating func readMetaspace(_ node: JSONNode) throws(TokenizationError) {
        guard steps.isEmpty, wordNormalizers.isEmpty else {
            throw node.unsupported("Metaspace after another step", "Metaspace as the first step")
        }
        let sign = try node.required("replacement").bytes()
        guard !sign.isEmpty else { throw node.malformed("the replacement is empty") }
        wordNormalizers.append(.replace([0x20], with: sign))
        switch try prependScheme(node) {
        case "always": wordNormalizers.append(.prependUnlessThere(sign, onlyAtStart: false))
        case "first": wordNormalizers.append(.prependUnlessThere(sign, onlyAtStart: true))
        case "never": break
        case let scheme: throw node.unsupported("prepend_scheme \"\(scheme)\"", "always, first, never")
        }
        if try node.flag("split", absent: true) {
            steps.append(SplitStep(pattern: .literal(sign), behavior: .mergedWithNext))
        }
    }

    /// The scheme, or what the older `add_prefix_space` says.
    func prependScheme(_ node: JSONNode) throws(TokenizationError) -> String {
        if let scheme = try node.optional("prepend_scheme") { return try scheme.string() }
        return try node.flag("add_prefix_space", absent: true) ? "always" : "never"
    }

    private mutating func readSplit(_ node: JSONNode) throws(TokenizationError) {
        let isInverted = try node.flag("invert", absent: false)
        let pattern = try node.required("pattern")
        guard let expression = try pattern.optional("Regex") else {
            steps.append(
                SplitStep(
                    pattern: .literal(try literal(pattern)), behavior: try behavior(node), isInverted: isInverted))
            return
        }
        guard let words = SplitPattern(rawValue: try expression.string()) else {
            return try readSplit(expression, node, isInverted: isInverted)
        }
        // These expressions leave nothing between their matches.
        let place = try node.required("behavior")
        let behavior = try place.string()
        guard behavior == "Isolated" || behavior == "Removed" && isInverted else {
            throw place.unsupported("\"\(behavior)\"", "\"Isolated\", or \"Removed\" with invert")
        }
        addWords(words)
    }

    /// An expression that is none of those with a scanner of their own.
    private mutating func readSplit(
        _ expression: JSONNode, _ node: JSONNode, isInverted: Bool
    ) throws(TokenizationError) {
        let text = try expression.string()
        let compiled: SplitExpression
        do throws(SplitParser.Fault) {
            compiled = try SplitExpression(text)
        } catch {
            throw expression.malformed("at character \(error.offset): \(error.reason)")
        }
        if let place = try node.optional("behavior"), try place.string() == "Removed" {
            // Only what lies between the matches would be removed; here that is nothing.
            guard isInverted, compiled.coversEverything else {
                throw place.unsupported("\"Removed\"", "it with invert and an expression that covers every text")
            }
            return steps.append(SplitStep(pattern: .expression(compiled)))
        }
        steps.append(
            SplitStep(pattern: .expression(compiled), behavior: try behavior(node), isInverted: isInverted))
    }

    private func behavior(_ node: JSONNode) throws(TokenizationError) -> SplitStep.Behavior {
        guard let place = try node.optional("behavior") else { return .isolated }
        let name = try place.string()
        guard let behavior = SplitStep.Behavior(rawValue: name) else {
            let supported = SplitStep.Behavior.allCases.map(\.rawValue).joined(separator: ", ")
            throw place.unsupported("\"\(name)\"", supported)
        }
        return behavior
    }
}
