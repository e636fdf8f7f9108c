import Foundation
import Gateway
import Server
import TestSupport
import Testing

@Suite("the request log", .timeLimit(.minutes(1)))
struct LogTests {
    @Test("a value can neither pose as a line nor talk to a terminal", arguments: LogLine.Format.allCases)
    func escaping(_ format: LogLine.Format) throws {
        let hostile = "a\r\nb\u{1B}[31m \"c\"=\\d\u{7F}\u{85}é\u{0}"
        var line = LogLine(format, level: "info", event: "x\ny")
        line.add("value", hostile)
        line.add("number", -120)
        line.add("time", milliseconds: .microseconds(1_234_567))
        line.add(field: "de\"tail\n", "all=well")
        line.add(field: "bare", "sk-1/2.3")
        let bytes = line.finished()
        #expect(bytes.last == 0x0A && bytes.dropLast().allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        let text = String(decoding: bytes, as: UTF8.self)
        guard format == .json else {
            #expect(
                text.contains(
                    #" value="a\x0d\x0ab\x1b[31m \"c\"=\\d\x7f\xc2\x85\xc3\xa9\x00" number=-120 time=1234.5"#))
            #expect(text.hasSuffix(#" de\"tail\x0a="all=well" bare=sk-1/2.3"# + "\n"))
            return
        }
        let object = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        #expect(object["value"] as? String == hostile)
        #expect(object["de\"tail\n"] as? String == "all=well" && object["bare"] as? String == "sk-1/2.3")
        #expect(object["number"] as? Int == -120 && object["time"] as? Double == 1234.5)
    }

    @Test("one line says what became of a request, without query, key or body")
    func lines() async throws {
        let pipe = Pipe()
        let writer = LogWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        let log = RequestLog(.json, to: writer)
        try await TestGateway.with(keys: ["sk-canary"], answer: { _ throws(BackendError) in .json("{}") }) { gateway in
            let connection = try RawConnection(port: gateway.port)
            let parent = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"
            try connection.send(
                request(
                    "POST", "/v1/chat/completions?secret=canary", "Authorization: Bearer sk-canary\r\n" + parent,
                    body: #"{"model":"m","messages":[{"role":"user","content":"canary"}]}"#))
            #expect(await connection.response().status == 200)
            try connection.send(request("GET", "/health/live"))
            _ = await connection.response()
            #expect(await eventually { gateway.records.all.count == 2 })
            for record in gateway.records.all { log.write(record) }
        }
        writer.flush()
        try pipe.fileHandleForWriting.close()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        let text = String(decoding: data, as: UTF8.self)
        #expect(!text.contains("canary") && text.split(separator: "\n").count == 1)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["trace_id"] as? String == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(object["path"] as? String == "/v1/chat/completions" && object["status"] as? Int == 200)
        #expect(object["arm"] as? String == "passthrough" && object["reason"] as? String == "unrecognized")
        #expect((object["upstream"] as? String)?.isEmpty == false && object["overhead_us"] as? Int != nil)
        #expect((object["request_id"] as? String)?.hasPrefix("req_") == true && object["total_ms"] as? Double != nil)
    }

    @Test("a log that nobody reads holds a bounded number of lines and counts the rest")
    func bounded() {
        let writer = LogWriter(descriptor: -1, limit: 1000)
        for _ in 0..<100 { writer.write([UInt8](repeating: 0x61, count: 100)) }
        #expect(writer.dropped >= 80)
    }
}
