/// The vocabulary, its merges and the added tokens.
extension TokenizerDefinition {
    mutating func checkModel(_ model: JSONNode) throws(TokenizationError) {
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

    mutating func readVocabulary(_ node: JSONNode) throws(TokenizationError) {
        guard case .object(let members) = node.value else {
            throw node.malformed("expected an object, found \(node.value.kind)")
        }
        vocabulary.reserveCapacity(members.count)
        for member in members {
            let place = JSONNode(value: member.value, place: .key(node.place, member.key))
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

    /// Reads the merges and answers the tokens that ordinary text can produce.
    mutating func readMerges(_ node: JSONNode) throws(TokenizationError) -> Set<Int32> {
        var reachable = Set(tokenOfByte)
        let entries = try node.elements()
        merges = MergeTable(capacity: entries.count)
        for (rank, entry) in entries.enumerated() {
            let (left, right) = try pair(entry)
            let result = try token(left + right, entry)
            merges.set(try token(left, entry), try token(right, entry), to: MergeTable.merge(rank: rank, token: result))
            reachable.insert(result)
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

    mutating func readAddedTokens(
        _ node: JSONNode?, reachable: Set<Int32>
    ) throws(TokenizationError) {
        guard let node else { return }
        var contents: Set<[UInt8]> = []
        for entry in try node.elements() {
            let content = try entry.required("content").bytes()
            let identifier = try entry.required("id")
            let id = try identifier.integer()
            guard !content.isEmpty, contents.insert(content).inserted else {
                throw entry.malformed(content.isEmpty ? "the content is empty" : "this content stands twice")
            }
            for key in ["single_word", "lstrip", "rstrip"] where try entry.flag(key, absent: false) {
                throw entry.unsupported("\(key) true", "\(key) false")
            }
            if let known = vocabulary[content] {
                guard id == Int(known) else {
                    throw identifier.malformed("the id is \(id) here and \(known) in model.vocab")
                }
                bytesOfToken[id] = content
            } else {
                try register(id, content, at: identifier)
            }
            let isSpecial = try entry.flag("special", absent: false)
            if isSpecial, reachable.contains(Int32(id)) {
                throw entry.unsupported(
                    "a special token that ordinary text can produce", "special tokens outside bytes and merges")
            }
            addedTokens.append(
                AddedToken(
                    id: Int32(id), content: String(decoding: content, as: UTF8.self), isSpecial: isSpecial,
                    isNormalized: try entry.flag("normalized", absent: !isSpecial)))
        }
    }
}
