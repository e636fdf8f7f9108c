import ChatAPI
import HTTPTypes
import HummingbirdCore
import NIOCore

/// Reads a request's body into one array.
enum RequestBytes {
    /// The whole body, or the error to answer with.
    ///
    /// A body that is announced as too large is refused before any of it is read; one that turns out to be is refused at
    /// the first byte over the limit. A client that waits for permission to send (`Expect: 100-continue`) gets it only if
    /// its body will be read.
    @concurrent
    static func read(
        _ request: Request, upTo limit: Int, permitting writer: borrowing ResponseWriter
    ) async throws -> Result<[UInt8], APIError> {
        var announced = 0
        if let text = request.headers[.contentLength] {
            guard let length = Int(text), length >= 0 else {
                return .failure(.invalidRequest("The Content-Length is not a number. Send the body's length in bytes."))
            }
            guard length <= limit else { return .failure(.bodyTooLarge(limit: limit)) }
            announced = length
        }
        if request.headers[.expect]?.lowercased() == "100-continue" {
            try await writer.writeInformationalHead(HTTPResponse(status: .continue))
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(announced)
        for try await buffer in request.body {
            guard buffer.readableBytes <= limit - bytes.count else { return .failure(.bodyTooLarge(limit: limit)) }
            bytes.append(contentsOf: buffer.readableBytesView)
        }
        return .success(bytes)
    }
}
