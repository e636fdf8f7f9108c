import Synchronization

/// One accepted connection of a scripted server: reads requests, performs steps, notices the client's departure.
struct ScriptedConnection {
    /// The connection is over, for whatever reason.
    private struct Over: Error {}

    let socket: Int32
    let number: Int
    let hub: ScriptedHub
    private var unread: [UInt8] = []

    init(socket: Int32, number: Int, hub: ScriptedHub) {
        self.socket = socket
        self.number = number
        self.hub = hub
    }

    /// Serves the connection until it ends.
    mutating func serve() {
        do {
            var index = 0
            while true {
                let request = try readRequest(index)
                hub.log.withLock { $0.requests.append(request) }
                for step in hub.script(request) { try perform(step) }
                guard hub.reading == .wholeRequest else { return }
                index += 1
            }
        } catch {}
    }

    private mutating func perform(_ step: ScriptedStep) throws(Over) {
        switch step {
        case .send(let bytes): try send(bytes)
        case .wait(let milliseconds):
            let end = ContinuousClock.now + .milliseconds(milliseconds)
            try pause(steps: 5) { ContinuousClock.now < end }
        case .await(let signal): try pause(steps: 2) { !signal.isFired }
        case .hold: try pause(steps: 1000) { true }
        case .close: throw Over()
        case .reset:
            ScriptedSocket.resetOnClose(socket)
            throw Over()
        }
    }

    /// Waits as long as the condition holds, watching for the client's departure; looks every `steps` milliseconds.
    private func pause(steps: Int32, while condition: () -> Bool) throws(Over) {
        while condition() {
            if ScriptedSocket.waitForHangUp(socket, milliseconds: steps) { throw clientLeft() }
            if hub.isStopped { throw Over() }
        }
    }

    private func send(_ bytes: [UInt8]) throws(Over) {
        var offset = 0
        while offset < bytes.count {
            switch ScriptedSocket.send(bytes, from: offset, to: socket) {
            case .done(let count):
                offset += count
                hub.log.withLock { $0.bytesSent += count }
            case .wouldBlock:
                if ScriptedSocket.waitToSend(socket, milliseconds: 20) { throw clientLeft() }
                if hub.isStopped { throw Over() }
            case .closed: throw clientLeft()
            }
        }
    }

    private func clientLeft() -> Over {
        hub.log.withLock { log in
            if !log.isStopped, log.closed[number] == nil { log.closed[number] = .now }
        }
        return Over()
    }

    // MARK: Reading

    private mutating func readRequest(_ index: Int) throws(Over) -> RecordedRequest {
        if hub.reading == .nothing { return RecordedRequest(connection: number, index: index, head: [], body: []) }
        var searched = 0
        while true {
            if let end = Self.endOfHead(unread, from: searched) {
                let head = Array(unread[..<end])
                unread.removeFirst(end)
                let request = RecordedRequest(connection: number, index: index, head: head, body: [])
                guard hub.reading == .wholeRequest else { return request }
                return RecordedRequest(connection: number, index: index, head: head, body: try readBody(of: request))
            }
            searched = max(0, unread.count - 3)
            try fill()
        }
    }

    private mutating func readBody(of request: RecordedRequest) throws(Over) -> [UInt8] {
        if request.header("transfer-encoding")?.lowercased() == "chunked" {
            var body: [UInt8] = []
            while true {
                let size = Int(try readLine().prefix { $0 != ";" }, radix: 16) ?? 0
                body += try read(size)
                _ = try readLine()
                if size == 0 { return body }
            }
        }
        return try read(request.header("content-length").flatMap { Int($0) } ?? 0)
    }

    private mutating func read(_ count: Int) throws(Over) -> [UInt8] {
        while unread.count < count { try fill() }
        defer { unread.removeFirst(count) }
        return Array(unread[..<count])
    }

    private mutating func readLine() throws(Over) -> String {
        while true {
            if let end = unread.firstIndex(of: 0x0A) {
                defer { unread.removeFirst(end + 1) }
                return String(decoding: unread[..<end].filter { $0 != 0x0D }, as: UTF8.self)
            }
            try fill()
        }
    }

    private mutating func fill() throws(Over) {
        while true {
            switch ScriptedSocket.receive(from: socket) {
            case .some(let bytes) where bytes.isEmpty: throw clientLeft()
            case .some(let bytes):
                unread += bytes
                return
            case nil:
                ScriptedSocket.waitToReceive(socket, milliseconds: 1000)
                if hub.isStopped { throw Over() }
            }
        }
    }

    private static func endOfHead(_ bytes: [UInt8], from start: Int) -> Int? {
        var index = start
        while index + 3 < bytes.count {
            if bytes[index] == 0x0D, bytes[index + 1] == 0x0A, bytes[index + 2] == 0x0D, bytes[index + 3] == 0x0A {
                return index + 4
            }
            index += 1
        }
        return nil
    }
}
