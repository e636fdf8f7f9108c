import Gateway
import NIOCore
import NIOHTTP1

/// A request's first line and fields.
struct RequestHead {
    let method: String
    /// The request target as it stands there.
    let target: String
    let isHTTP10: Bool
    /// In their order, names as they were written, values without the blanks around them.
    let fields: HeaderFields
}

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
    init(_ head: HTTPRequestHead) {
        self.init(
            method: head.method.rawValue, target: head.uri, isHTTP10: head.version == .http1_0,
            fields: head.headers.map { ($0.name, Self.trimmed($0.value)) })
    }

    /// The value without the blanks around it.
    static func trimmed(_ value: String) -> String {
        func isBlank(_ byte: UInt8?) -> Bool { byte == 0x20 || byte == 0x09 }
        guard isBlank(value.utf8.first) || isBlank(value.utf8.last) else { return value }
        var bytes = value.utf8[...]
        while isBlank(bytes.first) { bytes = bytes.dropFirst() }
        while isBlank(bytes.last) { bytes = bytes.dropLast() }
        return String(bytes) ?? ""
    }
}
