import TestSupport
import Testing

@testable import Transport

@Suite("The response reader, without I/O")
struct ResponseReaderTests {
    /// What a response led to, pieces joined where `joined`.
    struct Outcome: Equatable {
        var status: Int?
        var fields: [String] = []
        var body: [UInt8] = []
        var isOver = false
        var keepsAlive = false
        var fault: TransportError.Code?
    }

    static func read(_ parts: [ArraySlice<UInt8>], isHead: Bool = false, ends: Bool = true) -> Outcome {
        var reader = ResponseReader(TransportLimits(), isHead: isHead)
        var outcome = Outcome()
        let handle = { (event: ResponseReader.Event) in
            switch event {
            case .head(let head):
                outcome.status = head.status
                outcome.fields = head.headers.map { "\($0.name)=\($0.value)" }
            case .piece(let bytes):
                #expect(!bytes.isEmpty)
                outcome.body += bytes
            case .end: outcome.isOver = true
            }
        }
        do throws(ResponseReader.Fault) {
            for part in parts {
                try reader.take(part.span, handle)
            }
            if ends, !outcome.isOver { try reader.connectionEnded(handle) }
        } catch {
            outcome.fault = error.code
        }
        outcome.keepsAlive = reader.keepsAlive
        return outcome
    }

    @Test(
        "a line that is too long is refused, whether it comes whole or in pieces",
        arguments: ["HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"])
    func longLine(start: String) {
        let bytes = Array((start + String(repeating: "a", count: TransportLimits().headerBytes) + "\r\n\r\n").utf8)
        #expect(Self.read([bytes[...]]).fault == .tooManyHeaders)
        #expect(Self.read([bytes[..<1000], bytes[1000...]]).fault == .tooManyHeaders)
    }

    static let answers: [(text: String, isHead: Bool, outcome: Outcome)] = [
        (
            "HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 3\r\n\r\nabc", false,
            Outcome(
                status: 200, fields: ["A=1", "Content-Length=3"], body: [97, 98, 99], isOver: true, keepsAlive: true)
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc", false,
            Outcome(status: 200, fields: ["Content-Length=3"], body: [97, 98, 99], isOver: true)
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc", false,
            Outcome(status: 200, fields: ["Content-Length=1"], body: [97], isOver: true)
        ),
        (
            "HTTP/1.1 103 Early\r\nB: 2\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2;x=\"y\"\r\nab\r\n1 \r\nc\r\n0\r\nT: 1\r\n\r\n",
            false, Outcome(status: 200, body: [97, 98, 99], isOver: true, keepsAlive: true)
        ),
        ("HTTP/1.0 200 OK\r\n\r\nabc", false, Outcome(status: 200, body: [97, 98, 99], isOver: true)),
        ("HTTP/1.1 204 No Content\r\n\r\n", false, Outcome(status: 204, isOver: true, keepsAlive: true)),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true,
            Outcome(status: 200, fields: ["Content-Length=5"], isOver: true, keepsAlive: true)
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", false,
            Outcome(status: 200, fields: ["Content-Length=5"], body: [97, 98, 99], keepsAlive: true, fault: .earlyEnd)
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", false,
            Outcome(status: 200, body: [97, 98, 99], keepsAlive: true, fault: .earlyEnd)
        ),
        ("HTTP/1.1 200 OK\r\nContent-", false, Outcome(fault: .reset)),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", false,
            Outcome(keepsAlive: true, fault: .protocolViolation)
        ),
        ("SSH-2.0-OpenSSH\r\n", false, Outcome(fault: .protocolViolation)),
    ]

    @Test("a response is read the same however its bytes are split", arguments: answers.indices)
    func splits(index: Int) {
        let (text, isHead, outcome) = Self.answers[index]
        let bytes = [UInt8](text.utf8)
        #expect(Self.read([bytes[...]], isHead: isHead) == outcome)
        #expect(Self.read(bytes.indices.map { bytes[$0...$0] }, isHead: isHead).withoutReuse == outcome.withoutReuse)
        for first in bytes.indices {
            let parts = [bytes[..<first], bytes[first...]].filter { !$0.isEmpty }
            #expect(Self.read(parts, isHead: isHead).withoutReuse == outcome.withoutReuse)
        }
    }

    @Test(
        "a chunk that does not fit its size, or a size that is none, is refused",
        arguments: ["zz\r\n", "\r\n", "-1\r\n", "1 2\r\nabc", "2\r\nabc\r\n", "fffffffffffffffff\r\n", "0x1\r\na\r\n"])
    func badChunk(text: String) {
        let bytes = [UInt8]("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(text)".utf8)
        #expect(Self.read([bytes[...]]).fault == .protocolViolation || text == "1 2\r\nabc")
    }

    @Test("random bytes behind a sound beginning neither crash the reader nor hang it")
    func noise() {
        let seed: UInt64 = 20_241_121
        print("ResponseReader, seed \(seed)")
        var random = SeededRandom(seed: seed)
        let alphabet = [UInt8]("HTTP/1.1 200\r\n:;0aF\0chunkedContent-Length".utf8) + [0xFF]
        for _ in 0..<3000 {
            var bytes = [UInt8](Self.answers.randomElement(using: &random)!.text.utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] = alphabet.randomElement(using: &random)!
            }
            let cut = Int.random(in: 0...bytes.count, using: &random)
            let whole = Self.read([bytes[...]])
            #expect(
                Self.read([bytes[..<cut], bytes[cut...]].filter { !$0.isEmpty }).withoutReuse == whole.withoutReuse)
        }
    }
}

extension ResponseReaderTests.Outcome {
    /// Bytes behind the end are seen only by a read that also brings the end or comes later.
    var withoutReuse: Self {
        var copy = self
        copy.keepsAlive = false
        return copy
    }
}
