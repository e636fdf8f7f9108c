/// A `multipart/form-data` body (RFC 7578).
struct MultipartForm {
    let boundary: String
    private var bytes: [UInt8] = []

    /// An empty form; the boundary must not occur in what is added.
    init(boundary: String) {
        self.boundary = boundary
    }

    /// A boundary that certainly does not occur in `content`.
    static func boundary(avoiding content: [UInt8]) -> String {
        while true {
            let candidate = "promptintern-" + String(UInt64.random(in: .min ... .max), radix: 16)
            if !content.contains(Array(candidate.utf8)) { return candidate }
        }
    }

    /// The value of the `Content-Type` header.
    var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    /// Adds a field of text.
    mutating func add(_ name: String, _ value: String) {
        part("form-data; name=\"\(name)\"", type: nil, Array(value.utf8))
    }

    /// Adds a file.
    mutating func add(_ name: String, file: String, type: String, _ content: [UInt8]) {
        part("form-data; name=\"\(name)\"; filename=\"\(file)\"", type: type, content)
    }

    /// The body, closed.
    var body: [UInt8] { bytes + Array("--\(boundary)--\r\n".utf8) }

    private mutating func part(_ disposition: String, type: String?, _ content: [UInt8]) {
        let type = type.map { "Content-Type: \($0)\r\n" } ?? ""
        bytes += Array("--\(boundary)\r\nContent-Disposition: \(disposition)\r\n\(type)\r\n".utf8)
        bytes += content
        bytes += Array("\r\n".utf8)
    }
}
