/// A token of an answer with its log probability, as the API tells it.
public struct TokenLogprob: Hashable, Sendable {
    /// One token.
    public struct Candidate: Hashable, Sendable {
        /// The token's bytes; they need not be UTF-8 on their own.
        public let bytes: [UInt8]
        /// Its natural log probability; nil where there is none, as for the first token of a prompt.
        public let logprob: Double?

        /// Describes a token.
        public init(bytes: [UInt8], logprob: Double?) {
            self.bytes = bytes
            self.logprob = logprob
        }

        /// The bytes as text, with U+FFFD where they are none.
        var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    /// The token.
    public let token: Candidate
    /// The likeliest tokens, the likeliest first.
    public let top: [Candidate]

    /// Describes a token and its alternatives.
    public init(token: Candidate, top: [Candidate]) {
        self.token = token
        self.top = top
    }

    /// Writes the entry of a chat completion's `logprobs.content`.
    func write(to json: inout JSONWriter) {
        json.object { json in
            Self.write(token, to: &json)
            json.array("top_logprobs") { json in
                for candidate in top { json.object { Self.write(candidate, to: &$0) } }
            }
        }
    }

    private static func write(_ candidate: Candidate, to json: inout JSONWriter) {
        json.member("token", candidate.text)
        json.member("logprob", candidate.logprob)
        json.array("bytes") { json in
            for byte in candidate.bytes { json.int(Int(byte)) }
        }
    }

    /// Writes a chat choice's `logprobs`: null unless log probabilities were asked for.
    static func write(chat entries: [TokenLogprob]?, to json: inout JSONWriter) {
        json.key("logprobs")
        guard let entries else { return json.null() }
        json.object { json in
            json.array("content") { json in
                for entry in entries { entry.write(to: &json) }
            }
            json.member("refusal", nil as String?)
        }
    }

    /// Writes a completion choice's `logprobs`; `offset` is the number of characters of text before the first entry.
    static func write(completion entries: [TokenLogprob]?, offset: Int, to json: inout JSONWriter) {
        json.key("logprobs")
        guard let entries else { return json.null() }
        json.object { json in
            json.array("tokens") { json in
                for entry in entries { json.string(entry.token.text) }
            }
            json.array("token_logprobs") { json in
                for entry in entries { json.double(entry.token.logprob) }
            }
            json.array("top_logprobs") { json in
                for entry in entries {
                    guard entry.token.logprob != nil else {
                        json.null()
                        continue
                    }
                    json.object { json in
                        var written: Set<String> = []
                        for candidate in entry.top + [entry.token] where written.insert(candidate.text).inserted {
                            json.member(candidate.text, candidate.logprob)
                        }
                    }
                }
            }
            json.array("text_offset") { json in
                var offset = offset
                for entry in entries {
                    json.int(offset)
                    offset += entry.token.text.unicodeScalars.count
                }
            }
        }
    }
}
