import ChatAPI
import FuzzSupport

/// A stream's events do not depend on how its bytes are cut, and no byte is lost.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzStream(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = unsafe FuzzInput(start, count)
    let seed = input.byte()
    let bytes = input.remaining()
    let pieces = FuzzInput.pieces(of: bytes, seed: seed)
    let whole = read([bytes], limit: 1 << 20)
    let cut = read(pieces, limit: 1 << 20)
    require(whole.raw == bytes && cut.raw == bytes, "the blocks of a stream, joined, are the stream")
    require(whole.events == cut.events, "a stream reads the same in pieces")
    _ = read(pieces, limit: 16)

    var one = StreamObserver()
    one.observe(bytes)
    var other = StreamObserver()
    for piece in pieces { other.observe(piece) }
    require(
        one.usage == other.usage && one.finishReason == other.finishReason && one.sawContent == other.sawContent
            && one.sawDone == other.sawDone && one.sawError == other.sawError && one.failure == other.failure,
        "an observed stream says the same in pieces")
    let event = SSEWriter.event(data: bytes)
    let written = read([event], limit: 1 << 20)
    require(written.events.count == 1 && written.events[0].data == unified(bytes), "what is written is read back")
    return 0
}

private struct Event: Equatable {
    let data: [UInt8]
    let name: String?
    let id: String?
    let isComplete: Bool
}

/// Events with data; blocks without say nothing, and a line feed after a carriage return may be one of its own.
private func read(_ pieces: [[UInt8]], limit: Int) -> (raw: [UInt8], events: [Event]) {
    var parser = SSEParser(lineLimit: limit)
    var raw: [UInt8] = []
    var events: [Event] = []
    func add(_ event: SSEEvent) {
        raw += event.raw
        guard let data = event.data else { return }
        events.append(Event(data: Array(data), name: event.name, id: event.id, isComplete: event.isComplete))
    }
    for piece in pieces {
        parser.append(piece)
        while true {
            do {
                guard let event = try parser.next() else { break }
                add(event)
            } catch {
                return (raw, events)
            }
        }
    }
    if let event = parser.finish() { add(event) }
    return (raw, events)
}

/// Every line end as a line feed, as the reader of an event sees it.
private func unified(_ bytes: [UInt8]) -> [UInt8] {
    var lines: [UInt8] = []
    for (index, byte) in bytes.enumerated() {
        if byte == 0x0A, index > 0, bytes[index - 1] == 0x0D { continue }
        lines.append(byte == 0x0D ? 0x0A : byte)
    }
    return lines
}
