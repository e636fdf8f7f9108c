/// The vocabulary, its merges and the added tokens.
extension TokenizerDefinition {
    mutating func checkModel(_ model: JSONNode) throws(TokenizationError) {
        if let type = try model.optional("type"), try type.string() != "BPE" {
            throw type.unsupported("\"\(try type.string())\"", "BPE")
        }
        for key in ["dropout", "continuing_subword_prefix", "end_of_word_suffix"] {
            guard let node = try model.optional(key) else { continue }
            if case .string(let bytes) = node.value, bytes.isEmpty { continue }
            throw node.unsupported(node.value.kind, "null")
        }
        ignoresMerges = try model.flag("ignore_merges", absent: false)
    }

    mutating func readVocabulary(_ node: JSONNode) throws(TokenizationError) {
        guard case .object(let members) = node.value else {
            throw node.malformed("expected an object, found \(node.value.kind)")
        }
        vocabulary.reserveCapacity(members.count)
        for member in members {
            let place = JSONNode(value: member.value, place: .key(node.place, member.key))
            let id = try place.integer()
            try register(id, at: place)
            vocabulary[member.key] = Int32(id)
            if usesByteLevel {
                let bytes = ByteAlphabet.bytes(of: member.key) ?? member.key
                bytesOfToken[id] = bytes
                lengthOfToken[id] = bytes.count
            } else {
                bytesOfToken[id] = decoded(member.key)
                lengthOfToken[id] = CharacterSymbols.byte(of: member.key) == nil ? member.key.count : 1
            }
        }
    }

    /// What a token of a vocabulary of SentencePiece's kind stands for.
    private func decoded(_ spelling: [UInt8]) -> [UInt8] {
        var result = spelling
        for (pattern, content) in replacements {
            let step = Normalizer.replace(pattern, with: content)
            result = step.apply(result[...], isAtStart: false, keepsPlaces: false)?.bytes ?? result
        }
        if decodesBytes, let byte = CharacterSymbols.byte(of: result) { return [byte] }
        return result
    }

    private mutating func register(_ id: Int, at place: JSONNode) throws(TokenizationError) {
        guard (0..<Self.idLimit).contains(id) else {
            throw place.malformed("the id \(id) is outside 0..<\(Self.idLimit)")
        }
        while bytesOfToken.count <= id {
            bytesOfToken.append(nil)
            lengthOfToken.append(0)
        }
        guard bytesOfToken[id] == nil else { throw place.malformed("the id \(id) belongs to another token too") }
        bytesOfToken[id] = []
    }

    /// The tokens of single bytes or characters; every text must have some.
    mutating func readSymbols(_ model: JSONNode) throws(TokenizationError) {
        guard !usesByteLevel else {
            var tokens: [Int32] = []
            tokens.reserveCapacity(256)
            for byte in UInt8.min...UInt8.max {
                guard let token = vocabulary[ByteAlphabet.spelling(of: [byte])] else {
                    throw try model.required("vocab").malformed(
                        "byte \(byte) has no token; a byte-level vocabulary holds all 256")
                }
                tokens.append(token)
            }
            symbols = .bytes(tokens)
            return
        }
        if let node = try model.optional("unk_token") {
            guard let token = vocabulary[try node.bytes()] else { throw node.malformed("it is not in model.vocab") }
            unknown = token
            lengthOfToken[Int(token)] = 0
        }
        let characters = CharacterSymbols(
            vocabulary, fallsBackToBytes: try model.flag("byte_fallback", absent: false), unknown: unknown,
            fusesUnknown: try model.flag("fuse_unk", absent: false))
        guard unknown != nil || characters.bytes?.contains(-1) == false else {
            throw model.unsupported(
                "a model that leaves out unknown text", "an unk_token, or byte_fallback with all 256 byte tokens")
        }
        symbols = .characters(characters)
    }

    /// Reads the merges; those that give a control token are left out.
    ///
    /// The Python package never comes to use one: it takes control tokens out of the text before it merges.
    mutating func readMerges(_ node: JSONNode) throws(TokenizationError) {
        let specials = Set(addedTokens.filter(\.isSpecial).map(\.id))
        let entries = try node.elements()
        merges = MergeTable(capacity: entries.count)
        for (rank, entry) in entries.enumerated() {
            let (left, right) = try pair(entry)
            let result = try token(left + right, entry)
            let merge = MergeTable.merge(rank: rank, token: result)
            let (first, second) = (try token(left, entry), try token(right, entry))
            if !specials.contains(result) { merges.set(first, second, to: merge) }
        }
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

    mutating func readAddedTokens(_ node: JSONNode?) throws(TokenizationError) {
        guard let node else { return }
        let reachable = symbolTokens
        var contents: Set<[UInt8]> = []
        for entry in try node.elements() {
            let content = try entry.required("content").bytes()
            let identifier = try entry.required("id")
            let id = try identifier.integer()
            guard !content.isEmpty, contents.insert(content).inserted else {
                throw entry.malformed(content.isEmpty ? "the content is empty" : "this content stands twice")
            }
            if let known = vocabulary[content] {
                guard id == Int(known) else {
                    throw identifier.malformed("the id is \(id) here and \(known) in model.vocab")
                }
            } else {
                try register(id, at: identifier)
                lengthOfToken[id] = content.count
            }
            let isSpecial = try entry.flag("special", absent: false)
            if usesByteLevel || vocabulary[content] == nil || isSpecial { bytesOfToken[id] = content }
            if isSpecial, reachable.contains(Int32(id)), Int32(id) != unknown {
                throw entry.unsupported(
                    "a special token that ordinary text can produce", "special tokens other than single characters")
            }
            addedTokens.append(try addedToken(entry, Int32(id), content, isSpecial: isSpecial))
        }
    }

    private var symbolTokens: Set<Int32> {
        switch symbols {
        case .bytes(let tokens): Set(tokens)
        case .characters(let characters): Set(characters.all)
        }
    }

    private func addedToken(
        _ entry: JSONNode, _ id: Int32, _ content: [UInt8], isSpecial: Bool
    ) throws(TokenizationError) -> AddedToken {
        AddedToken(
            id: id, content: String(decoding: content, as: UTF8.self), isSpecial: isSpecial,
            isNormalized: try entry.flag("normalized", absent: !isSpecial),
            takesSpaceBefore: try entry.flag("lstrip", absent: false),
            takesSpaceAfter: try entry.flag("rstrip", absent: false),
            isSingleWord: try entry.flag("single_word", absent: false))
    }
}
