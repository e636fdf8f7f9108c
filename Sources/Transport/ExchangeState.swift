/// What passes between the transfer that fills a response and the task that reads it, as a state machine without I/O.
///
/// Each event is a mutating method whose result says what to do. `HeadReader` and `ChunkReader` stand for whoever waits;
/// at most one of each waits at a time.
struct ExchangeState<HeadReader, ChunkReader> {
    /// What became of bytes that arrived.
    enum Arrival {
        case stored
        /// They belong to this reader.
        case handOver(ChunkReader)
        /// Not taken: the store is full, the transfer has to pause and to offer them again later.
        case pause
        /// Not taken: nobody wants them.
        case abort
    }

    /// Who is to be told that the exchange has ended.
    struct Ending {
        var head: HeadReader?
        var chunk: ChunkReader?
        /// Whether the transfer is still under way and has to be stopped.
        var stopsTransfer = false
    }

    /// Above this many stored bytes the transfer pauses.
    static var highWater: Int { 256 * 1024 }
    /// Below this many stored bytes it goes on.
    static var lowWater: Int { 64 * 1024 }
    /// What a stored chunk costs beside its bytes, so that a million tiny chunks are not free.
    static var chunkOverhead: Int { 64 }

    private var head: ResponseHead?
    private var headReader: HeadReader?
    private var chunkReader: ChunkReader?
    private var chunks: [[UInt8]] = []
    private var firstChunk = 0
    private var stored = 0
    private var isPaused = false
    private var end: Result<Void, TransportError>?
    private(set) var wasSent = false

    init() {}

    // MARK: Events of the transfer

    /// The connection stands: from now on the request may have reached the upstream.
    mutating func connected() {
        wasSent = true
    }

    /// The header block is complete.
    mutating func arrived(_ head: ResponseHead) -> HeadReader? {
        defer { headReader = nil }
        if headReader == nil { self.head = head }
        return headReader
    }

    /// Bytes of the body; the caller hands `chunk` itself to the reader named by `.handOver`.
    mutating func arrived(_ chunk: [UInt8]) -> Arrival {
        if end != nil { return .abort }
        if let reader = chunkReader {
            chunkReader = nil
            return .handOver(reader)
        }
        guard stored < Self.highWater else {
            isPaused = true
            return .pause
        }
        chunks.append(chunk)
        stored += chunk.count + Self.chunkOverhead
        return .stored
    }

    /// The transfer is over, well or badly.
    mutating func finished(_ result: Result<Void, TransportError>) -> Ending {
        guard end == nil else { return Ending() }
        end = result
        return takeReaders()
    }

    // MARK: Events of the reader

    /// The head or why there is none, or nil: then the reader waits.
    mutating func wantHead(_ reader: HeadReader) -> Result<ResponseHead, TransportError>? {
        if let head {
            self.head = nil
            return .success(head)
        }
        if case .failure(let error) = end { return .failure(error) }
        headReader = reader
        return nil
    }

    /// The next stored chunk or the end, if either is there; `resumes` says that the paused transfer has to go on.
    mutating func takeChunk() -> (chunk: Result<[UInt8]?, TransportError>, resumes: Bool)? {
        guard firstChunk < chunks.count else { return end.map { ($0.map { nil }, false) } }
        let chunk = chunks[firstChunk]
        chunks[firstChunk] = []
        firstChunk += 1
        if firstChunk == chunks.count {
            chunks.removeAll(keepingCapacity: chunks.count < 64)
            firstChunk = 0
        }
        stored -= chunk.count + Self.chunkOverhead
        let resumes = isPaused && stored < Self.lowWater
        if resumes { isPaused = false }
        return (.success(chunk), resumes)
    }

    /// Like `takeChunk`, but where that gives nil the reader waits.
    mutating func wantChunk(_ reader: ChunkReader) -> (chunk: Result<[UInt8]?, TransportError>, resumes: Bool)? {
        if let taken = takeChunk() { return taken }
        guard chunkReader == nil else {
            let error = TransportError(.internalFailure, context: "Two tasks read one response body", wasSent: wasSent)
            return (.failure(error), false)
        }
        chunkReader = reader
        return nil
    }

    /// The reader left: what is stored is dropped, and the body can no longer seem complete.
    mutating func cancelled() -> Ending {
        let isCutShort = firstChunk < chunks.count
        chunks = []
        firstChunk = 0
        stored = 0
        let error = TransportError(.cancelled, context: "The exchange was given up", wasSent: wasSent)
        guard end == nil else {
            if isCutShort { end = .failure(error) }
            return Ending()
        }
        end = .failure(error)
        var ending = takeReaders()
        ending.stopsTransfer = true
        return ending
    }

    private mutating func takeReaders() -> Ending {
        defer {
            headReader = nil
            chunkReader = nil
        }
        return Ending(head: headReader, chunk: chunkReader)
    }
}
