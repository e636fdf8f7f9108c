import Foundation

/// A response as it came over a `RawConnection`.
public struct RawResponse: Sendable {
    /// The status; 0 if not even a head came.
    public var status = 0
    /// The header fields, in order.
    public var headers: [(name: String, value: String)] = []
    /// The body without its framing.
    public var body: [UInt8] = []
    /// Whether the response came to its end.
    public var isWhole = false
    /// How many bytes of the connection it took.
    var end = 0

    /// The value of a field, whose name is compared without case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The response that begins these bytes; nil if it is not complete yet.
    init?(_ bytes: [UInt8], to method: String) {
        guard let head = Self.head(bytes) else { return nil }
        (status, headers) = (head.status, head.headers)
        isWhole = true
        if method == "HEAD" || status == 204 || status == 304 || status < 200 {
            end = head.end
        } else if let length = header("content-length").flatMap({ Int($0) }) {
            guard bytes.count - head.end >= length else { return nil }
            end = head.end + length
            body = Array(bytes[head.end..<end])
        } else {
            guard let whole = Self.chunks(bytes[head.end...]) else { return nil }
            (body, end) = whole
        }
    }

    /// What there is of a response that did not come to its end.
    init(broken bytes: [UInt8]) {
        guard let head = Self.head(bytes) else { return }
        (status, headers) = (head.status, head.headers)
        body = Array(bytes[head.end...])
    }

    private static func head(_ bytes: [UInt8]) -> (status: Int, headers: [(name: String, value: String)], end: Int)? {
        guard let end = Data(bytes).range(of: Data([13, 10, 13, 10]))?.lowerBound else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let headers = lines.dropFirst().map { line in
            let name = line.prefix { $0 != ":" }
            return (name: String(name), value: String(line.dropFirst(name.count + 1).drop { $0 == " " }))
        }
        return (status, headers, end + 4)
    }

    private static func chunks(_ bytes: ArraySlice<UInt8>) -> ([UInt8], Int)? {
        var body: [UInt8] = []
        var rest = bytes
        while let lineEnd = rest.firstIndex(of: 10) {
            let digits = String(decoding: rest[..<lineEnd].dropLast(), as: UTF8.self)
            guard let size = Int(digits, radix: 16) else { return nil }
            rest = rest[(lineEnd + 1)...]
            guard rest.count >= size + 2 else { return nil }
            body += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
            if size == 0 { return (body, rest.startIndex) }
        }
        return nil
    }
}
