/// What passes between the transfer that fills a response and the task that reads it, as a state machine without I/O.
///
/// Each event is a mutating method whose result says what to do. `HeadReader` and `ChunkReader` stand for whoever waits;
/// at most one of each waits at a time.
struct ExchangeState<HeadReader, ChunkReader> {
    /// What became of bytes that arrived.
    enum Arrival {
        case stored
        /// Not taken: the store is full, the transfer has to pause and to offer them again later.
        case pause
        /// Not taken: nobody wants them.
        case abort
    }

    /// Readers whose wait is over, with what they get.
    struct Deliveries {
        var head: (reader: HeadReader, result: Result<ResponseHead, TransportError>)?
        var chunk: (reader: ChunkReader, result: Result<[UInt8]?, TransportError>)?
        /// The paused transfer has to go on.
        var resumes = false
    }

    /// Above this many stored bytes the transfer pauses.
    static var highWater: Int { 64 * 1024 }
    /// Below this many stored bytes it goes on.
    static var lowWater: Int { 16 * 1024 }
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
    mutating func arrived(_ head: ResponseHead) {
        self.head = head
    }

    /// Bytes of the body.
    mutating func arrived(_ chunk: [UInt8]) -> Arrival {
        if end != nil { return .abort }
        guard stored < Self.highWater else {
            isPaused = true
            return .pause
        }
        store(chunk)
        return .stored
    }

    /// Bytes of the body from a transfer that cannot offer them again: they are stored also where it has to pause.
    mutating func took(_ chunk: [UInt8]) -> Arrival {
        if end != nil { return .abort }
        store(chunk)
        isPaused = stored >= Self.highWater
        return isPaused ? .pause : .stored
    }

    private mutating func store(_ chunk: [UInt8]) {
        chunks.append(chunk)
        stored += chunk.count + Self.chunkOverhead
    }

    /// The transfer is over, well or badly.
    mutating func finished(_ result: Result<Void, TransportError>) {
        if end == nil { end = result }
    }

    /// A burst of events is over: whoever waits for what they brought gets it, so that a burst wakes a task once.
    mutating func deliver() -> Deliveries {
        var deliveries = Deliveries()
        if let reader = headReader, let result = takeHead() {
            headReader = nil
            deliveries.head = (reader, result)
        }
        if let reader = chunkReader, let (result, resumes) = takeChunk() {
            chunkReader = nil
            deliveries.chunk = (reader, result)
            deliveries.resumes = resumes
        }
        return deliveries
    }

    // MARK: Events of the reader

    /// The head or why there is none, or nil: then the reader waits.
    mutating func wantHead(_ reader: HeadReader) -> Result<ResponseHead, TransportError>? {
        if let result = takeHead() { return result }
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

    /// The reader left: what is stored is dropped, and the body can no longer seem complete. True if the transfer is
    /// still under way and has to be stopped.
    mutating func cancelled() -> Bool {
        let isUnderWay = end == nil
        if isUnderWay || firstChunk < chunks.count {
            end = .failure(TransportError(.cancelled, context: "The exchange was given up", wasSent: wasSent))
        }
        chunks = []
        firstChunk = 0
        stored = 0
        return isUnderWay
    }

    private mutating func takeHead() -> Result<ResponseHead, TransportError>? {
        if let head {
            self.head = nil
            return .success(head)
        }
        guard let end else { return nil }
        return end.flatMap {
            .failure(TransportError(.protocolViolation, context: "The response has no header block", wasSent: wasSent))
        }
    }
}
