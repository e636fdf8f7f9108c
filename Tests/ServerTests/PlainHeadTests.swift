import Gateway
import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestSupport
import Testing

@testable import Server

@Suite("plain request heads")
struct PlainHeadTests {
    private func read(_ text: String) -> PlainHead? { PlainHead(Array(text.utf8).span) }

    @Test("a head as clients write it is read: names as they are, values without the blanks around them")
    func usual() throws {
        let text =
            "POST /v1/chat/completions?a=b HTTP/1.1\r\nHost: a:80\r\nAUTHORIZATION:  Bearer k\t\r\nX-Empty:\r\n"
            + "Content-Length: 12\r\nConnection: Keep-Alive\r\n\r\n"
        let plain = try #require(read(text + "{\"model\":0}\n"))
        #expect(plain.head.method == "POST")
        #expect(plain.head.target == "/v1/chat/completions?a=b")
        #expect(plain.head.fields.map(\.name) == ["Host", "AUTHORIZATION", "X-Empty", "Content-Length", "Connection"])
        #expect(plain.head.fields.map(\.value) == ["a:80", "Bearer k", "", "12", "Keep-Alive"])
        #expect(plain.length == text.utf8.count)
        #expect(plain.bodyLength == 12)
    }

    @Test(
        "a head that could be read in two ways, or changes the connection, is left to the library's parser",
        arguments: [
            "GET /v1/models HTTP/1.1\r\nHost: a\r\n",
            "GET /v1/models HTTP/1.1\nHost: a\n\n",
            "GET /v1/models HTTP/1.1\r\nHost: a\n\r\n",
            "GET /v1/models HTTP/1.0\r\nHost: a\r\n\r\n",
            "GET  /v1/models HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET http://a/v1/models HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /v1/models#a HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /v1/m\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n",
            "DELETE /v1/models HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /v1/models HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET /v1/models HTTP/1.1\r\n Host: a\r\n\r\n",
            "GET /v1/models HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
            "GET /v1/models HTTP/1.1\r\n: a\r\n\r\n",
            "GET /v1/models HTTP/1.1\r\nHost\r\n\r\n",
            "GET /v1/models HTTP/1.1\r\nHost: a\r\nX: \u{1}\r\n\r\n",
            "GET /v1/models HTTP/1.1\r\nHost: a\r\nX: \u{e9}\r\n\r\n",
            "GET /v1/models HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\t\r\n\r\n",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5 \r\n\r\n",
            "GET /v1/models HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\t\r\n\r\n",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1234567890123456\r\n\r\n",
            "POST /v1/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
            "GET /v1/models HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "GET /v1/models HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, te\r\n\r\n",
            "GET /v1/models HTTP/1.1\r\nHost: a\r\nProxy-Connection: keep-alive\r\n\r\n",
            "GET /v1/models HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n",
        ])
    func left(text: String) {
        #expect(read(text) == nil)
    }

    @Test("a head of more than 16 KiB, or with more than 64 fields, is left to the parser, which knows the limits")
    func limits() {
        let filler = String(repeating: "a", count: 16 << 10)
        #expect(read("GET /v1/models HTTP/1.1\r\nHost: a\r\nX: \(filler)\r\n\r\n") == nil)
        let fields = String(repeating: "X: a\r\n", count: 64)
        #expect(read("GET /v1/models HTTP/1.1\r\n\(fields)\r\n") != nil)
        #expect(read("GET /v1/models HTTP/1.1\r\nHost: a\r\n\(fields)\r\n") == nil)
    }

    /// What the library's parser makes of a request's first bytes; nil if it refuses them or wants more.
    private func parsed(_ bytes: [UInt8]) throws -> (head: RequestHead, body: Int)? {
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(HTTPRequestDecoder()))
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        do { try channel.writeInbound(ByteBuffer(bytes: bytes)) } catch { return nil }
        guard case .head(let head)? = try channel.readInbound(as: HTTPServerRequestPart.self) else { return nil }
        var body = 0
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            if case .body(let part) = part { body += part.readableBytes }
            if case .end = part { return (RequestHead(head), body) }
        }
        return nil
    }

    @Test(
        "whatever is read as a plain head, changed at random in up to three places, the library reads in the same way")
    func agreement() throws {
        let seed = UInt64.random(in: 0...(.max))
        print("plain heads: seed \(seed)")
        var random = SeededRandom(seed: seed)
        func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
        let pieces = [
            "Host: a", "Content-Length: 3", "Content-Length: 0", "content-length: 3", "Connection: keep-alive",
            "Accept: */*", "X-A:", "X-B: \t b ", "x-c:d\t", "Transfer-Encoding: chunked", "Connection: close",
            "Upgrade: websocket", "Expect: 100-continue", "Cookie: a=b; c=d", "Content-Length: 03",
        ]
        let bytes: [UInt8] = Array("\r\n :\t/#?,;aZ0-_\0".utf8) + [0x7F, 0x80, 0xFF]
        var count = 0
        for _ in 0..<6000 {
            var text = Array("\(below(2) == 0 ? "POST" : "GET") /v1/a?b=c HTTP/1.1\r\n".utf8)
            for _ in 0..<below(6) { text += Array("\(pieces[below(pieces.count)])\r\n".utf8) }
            text += Array("\r\nabcGET / HTTP/1.1\r\n\r\n".utf8)
            for _ in 0..<below(4) {
                let place = below(text.count)
                switch below(3) {
                case 0: text[place] = bytes[below(bytes.count)]
                case 1: text.insert(bytes[below(bytes.count)], at: place)
                default: text.remove(at: place)
                }
            }
            guard let plain = PlainHead(text.span), plain.length + plain.bodyLength <= text.count else { continue }
            count += 1
            // The request alone: what stands behind it is the next one's.
            let request = Array(text[..<(plain.length + plain.bodyLength)])
            let (head, body) = try #require(
                try parsed(request), "seed \(seed): \(String(decoding: request, as: UTF8.self))")
            #expect(head.method == plain.head.method)
            #expect(head.target == plain.head.target)
            #expect(!head.isHTTP10)
            #expect(head.fields.map(\.name) == plain.head.fields.map(\.name))
            #expect(head.fields.map(\.value) == plain.head.fields.map(\.value))
            #expect(body == plain.bodyLength)
        }
        // Enough of them are plain for this to say something.
        #expect(count > 500)
    }
}
