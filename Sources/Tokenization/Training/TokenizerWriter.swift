/// Writes a byte-level BPE as a `tokenizer.json`, one entry a line, the same bytes for the same content.
struct TokenizerWriter {
    var specialTokens: [String]
    var pattern: SplitPattern
    var merges: [MergeList.Merge]

    /// The bytes of the file.
    func json() -> [UInt8] {
        var lines: [String] = []
        lines.append(#"{"#)
        lines.append(#"  "version": "1.0","#)
        lines.append(#"  "truncation": null,"#)
        lines.append(#"  "padding": null,"#)
        lines.append(#"  "added_tokens": ["# + joined(specialTokens.enumerated().map(addedToken)) + "],")
        lines.append(#"  "normalizer": null,"#)
        lines.append(#"  "pre_tokenizer": "# + preTokenizer + ",")
        lines.append(#"  "post_processor": null,"#)
        lines.append(#"  "decoder": "# + byteLevel(usesPattern: true) + ",")
        lines.append(#"  "model": {"#)
        lines.append(#"    "type": "BPE","#)
        for key in ["dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"] {
            lines.append("    \"\(key)\": null,")
        }
        for key in ["fuse_unk", "byte_fallback", "ignore_merges"] {
            lines.append("    \"\(key)\": false,")
        }
        lines.append(
            #"    "vocab": {"# + joined(vocabulary.enumerated().map { "\(quoted($0.element)): \($0.offset)" }) + "},")
        lines.append(#"    "merges": ["# + joined(merges.map(merge)) + "]")
        lines.append("  }")
        lines.append("}")
        return Array(lines.joined(separator: "\n").utf8) + [0x0A]
    }

    /// The spellings of all tokens in the order of their ids.
    private var vocabulary: [String] {
        var spellings = specialTokens
        spellings += (UInt8.min...UInt8.max).map { spelling([$0]) }
        var seen: Set<[UInt8]> = []
        for merge in merges where seen.insert(merge.left + merge.right).inserted {
            spellings.append(spelling(merge.left + merge.right))
        }
        return spellings
    }

    private func addedToken(_ id: Int, _ content: String) -> String {
        #"{"id": \#(id), "content": \#(quoted(content)), "single_word": false, "lstrip": false, "#
            + #""rstrip": false, "normalized": false, "special": true}"#
    }

    private var preTokenizer: String {
        if pattern == .gpt2 { return byteLevel(usesPattern: true) }
        return #"{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "#
            + quoted(pattern.rawValue)
            + #"}, "behavior": "Isolated", "invert": false}, "# + byteLevel(usesPattern: false) + "]}"
    }

    private func byteLevel(usesPattern: Bool) -> String {
        #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": \#(usesPattern)}"#
    }

    private func merge(_ merge: MergeList.Merge) -> String {
        "[\(quoted(spelling(merge.left))), \(quoted(spelling(merge.right)))]"
    }

    private func spelling(_ token: [UInt8]) -> String {
        String(decoding: ByteAlphabet.spelling(of: token), as: UTF8.self)
    }

    private func joined(_ entries: [String]) -> String {
        entries.isEmpty ? "" : "\n" + entries.map { "      " + $0 }.joined(separator: ",\n") + "\n    "
    }

    private func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
