import ChatAPI
import Gateway

/// How large a request's head may be, whichever protocol brings it.
enum HeaderLimits {
    /// The bytes of all names and values.
    static let bytes = 64 << 10
    /// How many fields.
    static let fields = 256
}

extension RequestHead {
    /// Whether it is over the limits. The parser of HTTP/1 does not let such a head pass, that of HTTP/2 does.
    var isTooLarge: Bool {
        if fields.count > HeaderLimits.fields { return true }
        let bytes = fields.reduce(target.utf8.count) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        return bytes > HeaderLimits.bytes
    }
}

extension APIError {
    /// 431: a request's head is over the limits.
    static let headerTooLarge = APIError(
        status: 431, message: "The header block is over 64 KiB or 256 fields.", type: "invalid_request_error",
        code: "header_too_large")
}
