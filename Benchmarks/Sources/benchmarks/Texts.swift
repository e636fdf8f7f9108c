/// Bodies and texts to read, the same in every run.
enum Texts {
    /// What a text is made of, and so how hard it is to read.
    enum Kind: String, CaseIterable {
        /// English prose on one line.
        case plain
        /// Prose in lines with quotations, so that every 20 bytes or so have an escape.
        case escapes
        /// German and French: a character beyond ASCII every few bytes.
        case latin
        /// Japanese: hardly any ASCII.
        case cjk
    }

    /// JSON string content, escapes and all, of at least so many bytes.
    static func content(_ kind: Kind, bytes: Int) -> String {
        let phrase =
            switch kind {
            case .plain: "The quick brown fox jumps over the lazy dog and then some more words follow it. "
            case .escapes: #"The quick brown fox jumps over the lazy dog, \"so to say\".\n- item one of a list\n"#
            case .latin: "Größe und Länge; où est-ce que ça naïve "
            case .cjk: "日本語の文章はこのように続きます。"
            }
        return String(repeating: phrase, count: bytes / phrase.utf8.count + 1)
    }

    /// A chat request whose system message is about so long.
    static func chat(_ kind: Kind, bytes: Int) -> [UInt8] {
        let head =
            #"{"model":"gpt-4o-mini","stream":true,"temperature":0,"max_tokens":100,"messages":[{"role":"system","content":""#
        let tail = #""},{"role":"user","content":"Which of these are open?"}]}"#
        return Array((head + content(kind, bytes: max(0, bytes - head.utf8.count - tail.utf8.count)) + tail).utf8)
    }

    /// A chat request with so many tool definitions: many small values.
    static func tools(_ count: Int) -> [UInt8] {
        let tool =
            #"{"type":"function","function":{"name":"lookup","description":"Looks a customer up by number and returns"#
            + #" the open orders.","parameters":{"type":"object","properties":{"number":{"type":"integer","minimum":1},"#
            + #""country":{"type":"string","enum":["de","fr","it"]}},"required":["number"]}}}"#
        let tools = Array(repeating: tool, count: count).joined(separator: ",")
        return Array(#"{"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[\#(tools)]}"#.utf8)
    }

    /// A chunk of a streamed answer, as an event.
    static let chunk = Array(
        (#"data: {"id":"chatcmpl-9Xa8","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o-mini","#
            + #""system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"#
            + #""finish_reason":null}]}"# + "\n\n").utf8)

    /// An answer that is sent whole, whose text is about so long.
    static func answer(_ kind: Kind, bytes: Int) -> [UInt8] {
        let usage = #"{"prompt_tokens":1200,"completion_tokens":200,"total_tokens":1400}"#
        let text = content(kind, bytes: bytes)
        return Array(
            (#"{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"#
                + #""\#(text)"},"finish_reason":"stop"}],"usage":\#(usage)}"#).utf8)
    }

    /// An answer with embeddings as numbers.
    static func embeddings(_ count: Int) -> [UInt8] {
        let vector = (0..<1536).map { "-0.0\(10_000_000 + $0 * 7919)" }.joined(separator: ",")
        let data = (0..<count).map { #"{"object":"embedding","index":\#($0),"embedding":[\#(vector)]}"# }
        return Array(
            #"{"object":"list","data":[\#(data.joined(separator: ","))],"usage":{"prompt_tokens":8,"total_tokens":8}}"#
                .utf8)
    }
}
