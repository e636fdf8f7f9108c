import Testing

@testable import Server

@Suite("The bytes of a reply's head")
struct ReplyBytesTests {
    private func head(
        _ status: Int, _ fields: [(name: String, value: String)], _ framing: ReplyBytes.Framing
    ) -> String {
        var bytes: [UInt8] = []
        ReplyBytes.write(
            ReplyHead(status: status, fields: fields, framing: framing, closes: false, keepsAlive: false, date: "D"),
            into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        "a field that would end its line is left out, and the others stay",
        arguments: ["x\r\ny: z", "x\ny", "x\r", "\n", "x\0", "\r\n"])
    func lineEnds(value: String) {
        let text = head(200, [("a", "1"), ("b", value), ("c", "3")], .length(7))
        #expect(text == "HTTP/1.1 200 OK\r\na: 1\r\nc: 3\r\ndate: D\r\ncontent-length: 7\r\n\r\n")
        #expect(
            head(200, [(value, "1")], .chunked) == "HTTP/1.1 200 OK\r\ndate: D\r\ntransfer-encoding: chunked\r\n\r\n")
    }

    @Test("an answer without a body has the length that it tells, unless its status has none")
    func lengths() {
        #expect(
            head(200, [("content-length", "12")], .none) == "HTTP/1.1 200 OK\r\ndate: D\r\ncontent-length: 12\r\n\r\n")
        #expect(head(404, [], .none) == "HTTP/1.1 404 Not Found\r\ndate: D\r\ncontent-length: 0\r\n\r\n")
        #expect(head(204, [("content-length", "0")], .none) == "HTTP/1.1 204 No Content\r\ndate: D\r\n\r\n")
        #expect(head(304, [], .none) == "HTTP/1.1 304 Not Modified\r\ndate: D\r\n\r\n")
        let told = head(304, [("content-length", "5")], .none)
        #expect(told == "HTTP/1.1 304 Not Modified\r\ndate: D\r\ncontent-length: 5\r\n\r\n")
        #expect(head(200, [("content-length", "1 2")], .none) == "HTTP/1.1 200 OK\r\ndate: D\r\n\r\n")
    }

    @Test("numbers are written as the standard library writes them", arguments: [0, 7, 10, 255, 4096, -31, .max, .min])
    func numbers(number: Int) {
        var bytes: [UInt8] = []
        bytes.append(decimal: number)
        bytes.append(UInt8(ascii: " "))
        bytes.append(hexadecimal: number.magnitude)
        #expect(String(decoding: bytes, as: UTF8.self) == "\(number) " + String(number.magnitude, radix: 16))
    }
}
