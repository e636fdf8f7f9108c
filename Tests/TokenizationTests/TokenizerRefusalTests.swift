import Foundation
import TestSupport
import Testing
import Tokenization

struct TokenizerRefusalTests {
    /// A change to a valid file, and the start of the key that the error must name.
    struct Change: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var key: String
        var isMalformed = false
        var apply: @Sendable (inout [String: Any]) -> Void

        init(
            _ name: String, _ key: String, malformed: Bool = false,
            _ apply: @escaping @Sendable (inout [String: Any]) -> Void
        ) {
            testDescription = name
            self.key = key
            isMalformed = malformed
            self.apply = apply
        }

        static func model(
            _ name: String, _ key: String, malformed: Bool = false, _ member: String,
            _ value: @escaping @Sendable () -> Any
        ) -> Change {
            Change(name, key, malformed: malformed) { file in
                var model = file["model"] as? [String: Any] ?? [:]
                model[member] = value()
                file["model"] = model
            }
        }

        static func vocabulary(
            _ name: String, _ key: String, _ change: @escaping @Sendable (inout [String: Any]) -> Void
        ) -> Change {
            Change(name, key, malformed: true) { file in
                var model = file["model"] as? [String: Any] ?? [:]
                var vocabulary = model["vocab"] as? [String: Any] ?? [:]
                change(&vocabulary)
                model["vocab"] = vocabulary
                file["model"] = model
            }
        }

        static func token(
            _ name: String, _ key: String, malformed: Bool = false, _ change: [String: any Sendable]
        ) -> Change {
            Change(name, key, malformed: malformed) { file in
                var tokens = file["added_tokens"] as? [[String: Any]] ?? []
                tokens[1].merge(change) { $1 }
                file["added_tokens"] = tokens
            }
        }
    }

    static let changes: [Change] = [
        Change("truncation", "truncation") { $0["truncation"] = ["max_length": 3] },
        Change("padding", "padding") { $0["padding"] = ["pad_id": 3] },
        Change("another normalizer", "normalizer") { $0["normalizer"] = ["type": "Nmt"] },
        Change("an expression to replace", "normalizer.pattern") {
            $0["normalizer"] = ["type": "Replace", "pattern": ["Regex": " +"], "content": ""]
        },
        Change("an empty text to replace", "normalizer.pattern.String", malformed: true) {
            $0["normalizer"] = ["type": "Replace", "pattern": ["String": ""], "content": ""]
        },
        Change("no pre-tokenizer, but a byte-level decoder", "decoder") { $0["pre_tokenizer"] = NSNull() },
        Change("another pre-tokenizer", "pre_tokenizer") { $0["pre_tokenizer"] = ["type": "BertPreTokenizer"] },
        Change("another decoder than the pre-tokenizer's", "decoder") {
            $0["decoder"] = ["type": "Metaspace", "replacement": "_"]
        },
        Change("ByteLevel twice", "pre_tokenizer.pretokenizers[1]") {
            let step = ["type": "ByteLevel", "add_prefix_space": false] as [String: Any]
            $0["pre_tokenizer"] = ["type": "Sequence", "pretokenizers": [step, step]] as [String: Any]
        },
        Change("a prefix space for each word", "pre_tokenizer.pretokenizers[1].add_prefix_space") {
            $0["pre_tokenizer"] =
                [
                    "type": "Sequence",
                    "pretokenizers": [
                        ["type": "Digits"] as [String: Any], ["type": "ByteLevel", "add_prefix_space": true],
                    ],
                ] as [String: Any]
        },
        Change("Metaspace after another step", "pre_tokenizer.pretokenizers[1]") {
            $0["pre_tokenizer"] =
                [
                    "type": "Sequence",
                    "pretokenizers": [["type": "Digits"], ["type": "Metaspace", "replacement": "_"]],
                ] as [String: Any]
        },
        Change("an unknown prepend scheme", "pre_tokenizer") {
            $0["pre_tokenizer"] = ["type": "Metaspace", "replacement": "_", "prepend_scheme": "last"]
        },
        split(
            "a look behind", "pre_tokenizer.pretokenizers[0].pattern.Regex", malformed: true,
            ["pattern": ["Regex": "(?<=a)b"]]),
        split(
            "a script", "pre_tokenizer.pretokenizers[0].pattern.Regex", malformed: true,
            ["pattern": ["Regex": "\\p{Han}+"]]),
        split(
            "an empty match", "pre_tokenizer.pretokenizers[0].pattern.Regex", malformed: true,
            ["pattern": ["Regex": "a*"]]),
        split(
            "a back reference", "pre_tokenizer.pretokenizers[0].pattern.Regex", malformed: true,
            ["pattern": ["Regex": "(a)\\1"]]),
        split(
            "an open class", "pre_tokenizer.pretokenizers[0].pattern.Regex", malformed: true,
            ["pattern": ["Regex": "[a"]]),
        split(
            "an expression too large", "pre_tokenizer.pretokenizers[0].pattern.Regex", malformed: true,
            ["pattern": ["Regex": "((a|b){500}c){500}"]]),
        split(
            "removed gaps", "pre_tokenizer.pretokenizers[0].behavior",
            ["pattern": ["Regex": "\\w+"], "behavior": "Removed", "invert": true]),
        split("another behavior", "pre_tokenizer.pretokenizers[0].behavior", ["behavior": "Removed"]),
        split(
            "an empty literal", "pre_tokenizer.pretokenizers[0].pattern.String", malformed: true,
            ["pattern": ["String": ""]]),
        Change("no decoder", "the whole file", malformed: true) { $0["decoder"] = NSNull() },
        Change("another decoder", "decoder") { $0["decoder"] = ["type": "WordPiece"] },
        Change("another post-processor", "post_processor") { $0["post_processor"] = ["type": "BertProcessing"] },
        Change("a template without text", "post_processor") {
            $0["post_processor"] = [
                "type": "TemplateProcessing", "single": [] as [Any], "special_tokens": [:] as [String: Any],
            ]
        },
        Change("a template with an unknown id", "post_processor.special_tokens.x.ids[0]", malformed: true) {
            $0["post_processor"] = [
                "type": "TemplateProcessing", "single": [["SpecialToken": ["id": "x"]]],
                "special_tokens": ["x": ["ids": [99_999]]],
            ]
        },
        .model("another model", "model.type", "type") { "Unigram" },
        .model("dropout", "model.dropout", "dropout") { 0.1 },
        .model("a subword prefix", "model.continuing_subword_prefix", "continuing_subword_prefix") { "##" },
        .model("a word suffix", "model.end_of_word_suffix", "end_of_word_suffix") { "</w>" },
        .model("no vocabulary", "model", malformed: true, "vocab") { NSNull() },
        .model("a list for a vocabulary", "model.vocab", malformed: true, "vocab") { ["a", "b"] },
        .model("a merge of unknown tokens", "model.merges[0]", malformed: true, "merges") { [["QQ", "ZZ"]] },
        .model("a merge of three", "model.merges[0]", malformed: true, "merges") { ["a b c"] },
        .model("a merge of nothing", "model.merges[0]", malformed: true, "merges") { [["", "a"]] },
        .model("a number for a merge", "model.merges[0]", malformed: true, "merges") { [7] },
        .vocabulary("an id used twice", "model.vocab") { $0["brandnew"] = 5 },
        .vocabulary("a negative id", "model.vocab.brandnew") { $0["brandnew"] = -1 },
        .vocabulary("an enormous id", "model.vocab.brandnew") { $0["brandnew"] = 1 << 40 },
        .vocabulary("an id beyond 64 bits", "model.vocab.brandnew") { $0["brandnew"] = 1e30 },
        .vocabulary("a missing byte", "model.vocab") { $0["a"] = nil },
        .token("an added id in use", "added_tokens[1].id", malformed: true, ["id": 3]),
        .token("an enormous added id", "added_tokens[1].id", malformed: true, ["id": 1 << 50]),
        .token("an added text twice", "added_tokens[1]", malformed: true, ["content": "<|endoftext|>"]),
        .token("an empty added text", "added_tokens[1]", malformed: true, ["content": ""]),
        .token("no content", "added_tokens[1]", malformed: true, ["content": NSNull()]),
        Change("a control token that is a character of text", "added_tokens[0]") { file in
            let model = file["model"] as? [String: Any]
            let id = (model?["vocab"] as? [String: Int])?["a"] ?? 0
            file["added_tokens"] = [["id": id, "content": "a", "special": true] as [String: Any]]
        },
    ]

    static func split(
        _ name: String, _ key: String, malformed: Bool = false, _ change: [String: any Sendable]
    ) -> Change {
        Change(name, key, malformed: malformed) { file in
            var sequence = file["pre_tokenizer"] as? [String: Any] ?? [:]
            var steps = sequence["pretokenizers"] as? [[String: Any]] ?? []
            steps[0].merge(change) { $1 }
            sequence["pretokenizers"] = steps
            file["pre_tokenizer"] = sequence
        }
    }

    @Test("what would change the meaning, or contradicts the format, is refused by its key", arguments: changes)
    func refused(change: Change) throws {
        let data = Data(try Fixtures.bytes("gpt2-digit-pairs.tokenizer.json"))
        var file = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(throws: Never.self) { try Tokenizer(json: Array(JSONSerialization.data(withJSONObject: file))) }
        change.apply(&file)
        let changed = try JSONSerialization.data(withJSONObject: file)
        let error = try #require(throws: TokenizationError.self) { try Tokenizer(json: Array(changed)) }
        switch error {
        case .malformed(_, let key, _): #expect(change.isMalformed && key.hasPrefix(change.key), "\(error)")
        case .unsupported(_, let key, _, let supported):
            #expect(!change.isMalformed && key == change.key && !supported.isEmpty, "\(error)")
        default: Issue.record("\(error)")
        }
    }

    @Test(
        "text that is not strict JSON is refused with its place",
        arguments: [
            "", "{", "[1,]", "{\"a\":1,\"a\":2}", "nul", "01", "1.", "1e", "-", "\"\\ud800\"", "\"\\x\"", "\"\u{1}\"",
            "{} {}", "{\"a\" 1}", "\"abc", "[1 2]", "\"\\u12\"", String(repeating: "[", count: 100_000),
        ])
    func notJSON(text: String) throws {
        let error = try #require(throws: TokenizationError.self) { try Tokenizer(json: Array(text.utf8)) }
        guard case .malformed(_, let key, let reason) = error else { throw error }
        #expect(key.hasPrefix("byte ") && reason.hasPrefix("invalid JSON"))
    }

    @Test("a damaged file gives an error or a working tokenizer, never a crash")
    func damaged() throws {
        let file = try Fixtures.bytes("llama3.tokenizer.json")
        let seed: UInt64 = 41
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        var refused = 0
        for _ in 0..<400 {
            var damaged = file
            for _ in 0..<Int.random(in: 1..<4, using: &random) {
                let place = Int.random(in: 0..<damaged.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: damaged[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: damaged[place] = Array("0123456789,:\"[]{}".utf8).randomElement(using: &random) ?? 0
                default: damaged.removeSubrange(place..<min(place + 3, damaged.count))
                }
            }
            do {
                let text = Array("any text <|im_end|>".utf8)
                let tokenizer = try Tokenizer(json: damaged)
                #expect(tokenizer.decode(tokenizer.encode(text)) == text)
            } catch {
                refused += 1
                #expect(!error.description.isEmpty)
            }
        }
        #expect(refused > 100)
    }

    @Test("a missing file is named, and errors of a file name the file")
    func names() throws {
        let missing = try #require(throws: TokenizationError.self) {
            try Tokenizer(contentsOf: "/nowhere/tokenizer.json")
        }
        #expect(missing.description.contains("/nowhere/tokenizer.json"))
        let error = try #require(throws: TokenizationError.self) {
            try Tokenizer(contentsOf: Fixtures.path("strings.json"))
        }
        #expect(error.description.contains("strings.json"))
    }
}
