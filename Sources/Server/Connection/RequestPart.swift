import NIOCore
import NIOHTTP1

/// What the reading of a request brings.
enum RequestPart {
    case head(RequestHead)
    case body(ByteBuffer)
    case end

    /// What the library's parser, or HTTP/2, brought.
    init(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head): self = .head(RequestHead(head))
        case .body(let bytes): self = .body(bytes)
        case .end: self = .end
        }
    }
}

extension RequestHead {
    /// What the parser, or HTTP/2, made of a head.
    init(_ head: HTTPRequestHead) {
        self.init(
            method: head.method.rawValue, target: head.uri, isHTTP10: head.version == .http1_0,
            fields: head.headers.map { ($0.name, Self.trimmed($0.value)) })
    }
}
