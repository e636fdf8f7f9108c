import ChatAPI
import TestSupport
import Testing

/// What a stream says, without how its bytes were cut.
private struct Said: Equatable {
    var data: String?
    var name: String?
    var id: String?
    var isComplete = true

    init(_ data: String?, name: String? = nil, id: String? = nil, isComplete: Bool = true) {
        self.data = data
        self.name = name
        self.id = id
        self.isComplete = isComplete
    }

    init(_ event: SSEEvent) {
        self.init(
            event.data.map { String(decoding: $0, as: UTF8.self) }, name: event.name, id: event.id,
            isComplete: event.isComplete)
    }
}

@Suite("Server-sent events")
struct SSEParserTests {
    @Test(
        "fields, line ends and comments read as the standard says",
        arguments: [
            ("data: a\n\n", [Said("a")]), ("data:a\n\n", [Said("a")]), ("data:  a\n\n", [Said(" a")]),
            ("data\n\n", [Said("")]), ("data:\n\n", [Said("")]), ("data: a\ndata: b\n\n", [Said("a\nb")]),
            ("data: a\ndata\ndata:c\n\n", [Said("a\n\nc")]), ("data: a\r\n\r\ndata: b\r\r", [Said("a"), Said("b")]),
            ("event: x\ndata: a\nid: 7\nretry: 9\n\n", [Said("a", name: "x", id: "7")]),
            ("event: x\nevent: y\ndata: a\n\n", [Said("a", name: "y")]), ("id: a\u{0}b\ndata: c\n\n", [Said("c")]),
            ("\u{FEFF}data: a\n\n", [Said("a")]), ("\u{FEFF}\u{FEFF}data: a\n\n", [Said(nil)]),
            (": ping\n\ndata: a\n\n", [Said(nil), Said(nil), Said("a")]),
            (": ping\ndata: a\n\n", [Said(nil), Said("a")]), ("data: a\n: in between\ndata: b\n\n", [Said("a\nb")]),
            ("event: x\n\ndata: a\n\n", [Said(nil, name: "x"), Said("a")]), ("foo: bar\n\n", [Said(nil)]),
            ("Data: a\n\n", [Said(nil)]), (" data: a\n\n", [Said(nil)]), ("\n\n", [Said(nil), Said(nil)]),
            ("data: a", [Said("a", isComplete: false)]), ("data: a\n", [Said("a", isComplete: false)]),
            ("data: a\n\n: end", [Said("a"), Said(nil, isComplete: false)]),
            ("data: a\nda", [Said("a", isComplete: false)]), ("data: Größe 😀\n\n", [Said("Größe 😀")]), ("", []),
        ] as [(String, [Said])])
    private func reads(_ stream: String, events: [Said]) throws {
        #expect(try parse([Array(stream.utf8)]).map(Said.init) == events)
    }

    @Test("a stream cut in two anywhere gives the same events, and all of its bytes")
    func readsEverySplit() throws {
        for stream in Self.streams {
            let whole = try parse([stream]).map(Said.init)
            for cut in 0...stream.count {
                let events = try parse([Array(stream[..<cut]), Array(stream[cut...])])
                #expect(events.map(Said.init) == whole)
                #expect(Array(events.map(\.raw).joined()) == stream)
            }
        }
    }

    @Test("a stream cut at random gives the same events, and all of its bytes")
    func readsRandomSplits() throws {
        let seed: UInt64 = 0x55E5
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        for stream in Self.streams {
            let whole = try parse([stream]).map(Said.init)
            for round in 0..<300 {
                var pieces: [[UInt8]] = []
                var at = 0
                while at < stream.count {
                    let end = round == 0 ? at + 1 : min(stream.count, at + Int.random(in: 0...12, using: &random))
                    pieces.append(Array(stream[at..<end]))
                    at = end
                }
                let events = try parse(pieces)
                #expect(events.map(Said.init) == whole)
                #expect(Array(events.map(\.raw).joined()) == stream)
            }
        }
    }

    @Test(
        "an event is there as soon as its last byte is",
        arguments: ["data: a\n\n", "data: a\r\n\r\n", "data: a\r\r", ": c\n"])
    func doesNotHoldBack(_ text: String) throws {
        var parser = SSEParser()
        let bytes = Array(text.utf8)
        for byte in bytes.dropLast() {
            parser.append([byte])
            if !text.contains("\r\n") { #expect(try parser.next() == nil) }
        }
        var last = try parser.next()
        parser.append([bytes[bytes.count - 1]])
        last = try parser.next() ?? last
        #expect(last != nil)
    }

    @Test("random bytes never crash the parser and come out as they went in")
    func survivesNoise() throws {
        let seed: UInt64 = 0x0153
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let alphabet: [UInt8] = Array("data:event:id: \n\n\r\r:".utf8) + [0, 0xEF, 0xBB, 0xBF, 0xFF]
        for _ in 0..<3_000 {
            let pieces = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                (0..<Int.random(in: 0...20, using: &random)).map { _ in alphabet.randomElement(using: &random)! }
            }
            let events = try parse(pieces)
            #expect(Array(events.map(\.raw).joined()) == Array(pieces.joined()))
        }
    }

    @Test("a line or an event beyond its limit is refused however it is cut", arguments: [1, 3, 7, 1000])
    func limitsLength(_ step: Int) {
        let long = Array("data: 12345\n\n".utf8)
        let many = Array("data: 1\ndata: 2\ndata: 3\n\n".utf8)
        #expect(failure(long, step, SSEParser(lineLimit: 11)) == nil)
        #expect(failure(long, step, SSEParser(lineLimit: 10)) == .lineTooLong(limit: 10))
        #expect(failure(many, step, SSEParser(eventLimit: 24)) == nil)
        #expect(failure(many, step, SSEParser(eventLimit: 20)) == .eventTooLong(limit: 20))
    }

    @Test("an event of many long lines passes in pieces")
    func readsLongEvents() throws {
        let line = Array("data: ".utf8) + [UInt8](repeating: 0x78, count: 500_000) + Array("\n".utf8)
        let stream = Array(repeatElement(line, count: 4).joined()) + Array("\n".utf8)
        let pieces = stride(from: 0, to: stream.count, by: 16_384).map {
            Array(stream[$0..<min(stream.count, $0 + 16_384)])
        }
        let events = try parse(pieces)
        #expect(events.count == 1)
        #expect(events[0].data?.count == 2_000_003)
    }

    @Test("what the writer writes, the parser reads back")
    func readsWriter() throws {
        for data in ["", "a", "a\nb", "\n", "a\r\nb\rc\n", ": x", " lead"] {
            let events = try parse([SSEWriter.event(data: Array(data.utf8), name: "n")])
            let normalised = data.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
            #expect(events.map(Said.init) == [Said(normalised, name: "n")])
        }
        #expect(SSEWriter.done == Array("data: [DONE]\n\n".utf8))
        #expect(SSEWriter.comment("keep-alive") == Array(": keep-alive\n".utf8))
    }

    static let streams: [[UInt8]] = [
        "\u{FEFF}data: {\"a\":\"é😀\"}\n\ndata:{\"b\":2}\r\n\r\n: ping\r\rid: 3\revent: done\rdata: x\rdata: y\r\r",
        ": c\n\n: d\n\n\n\nevent: e\ndata: 1\n\ndata: [DONE]\n\n",
        "data: 1\r\n\r\ndata: 2\r\n: x\r\ndata: 3\r\n\r\n\r\ndata: [DONE]",
        "data: cut off\nda", "\u{FEFF}", "\u{EF}x", "id\nevent\ndata\n\n:",
    ].map { Array($0.utf8) }

    private func parse(_ pieces: [[UInt8]]) throws -> [SSEEvent] {
        var parser = SSEParser()
        var events: [SSEEvent] = []
        for piece in pieces {
            parser.append(piece)
            while let event = try parser.next() { events.append(event) }
        }
        if let last = parser.finish() { events.append(last) }
        return events
    }

    private func failure(_ stream: [UInt8], _ step: Int, _ parser: SSEParser) -> SSEError? {
        var parser = parser
        do {
            for start in stride(from: 0, to: stream.count, by: step) {
                parser.append(Array(stream[start..<min(stream.count, start + step)]))
                while try parser.next() != nil {}
            }
            return nil
        } catch {
            return error
        }
    }
}
