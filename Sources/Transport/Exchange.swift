import Synchronization

/// One request and its response, between the task that asked and the carrier that transfers.
final class Exchange: Sendable {
    // The state hands a reader out once and forgets it.
    typealias HeadReader = WaitingTask<Result<ResponseHead, TransportError>>
    typealias ChunkReader = WaitingReader

    private let carrier: any ExchangeCarrier
    private let state = Mutex(ExchangeState<HeadReader, ChunkReader>())

    init(on carrier: any ExchangeCarrier) {
        self.carrier = carrier
    }

    // MARK: The task's side

    /// Submits the request and waits for the response's header block.
    func start(_ request: WireRequest, limits: TransportLimits) async throws(TransportError) -> ResponseHead {
        let result = await withTaskCancellationHandler {
            await HeadReader.value { reader in
                if let result = state.withLock({ $0.wantHead(reader) }) {
                    reader.resume(returning: result)
                } else {
                    carrier.submit(Submission(exchange: self, request: request, limits: limits))
                }
            }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    /// The next chunk of the body that `take` does not take where it arrives, nil at the body's end.
    func nextChunk(passing take: ChunkTaker? = nil) async throws(TransportError) -> [UInt8]? {
        if Task.isCancelled { cancel() }
        if let (chunk, resumes) = state.withLock({ $0.takeChunk() }) {
            if resumes { carrier.resume(self) }
            return try chunk.get()
        }
        let result = await withTaskCancellationHandler {
            await WaitingTask.value { task in
                let reader = WaitingReader(task: task, take: carrier.isClientsOwn ? take : nil)
                guard let (chunk, resumes) = state.withLock({ $0.wantChunk(reader) }) else { return }
                if resumes { carrier.resume(self) }
                task.resume(returning: chunk)
            }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    /// Gives the exchange up: waiting readers get `.cancelled`, and a transfer under way is stopped.
    func cancel() {
        if state.withLock({ $0.cancelled() }) { carrier.stop(self) }
        deliver()
    }

    // MARK: The carrier's side

    func connected() {
        state.withLock { $0.connected() }
    }

    func arrived(_ head: ResponseHead) {
        state.withLock { $0.arrived(head) }
    }

    func arrived(_ chunk: [UInt8]) -> BodyVerdict {
        switch state.withLock({ $0.arrived(chunk) }) {
        case .stored: .taken
        case .pause: .pause
        case .abort: .abort
        }
    }

    /// Like `arrived`, but the bytes are taken also where the verdict is to pause.
    func took(_ chunk: [UInt8]) -> BodyVerdict {
        switch state.withLock({ $0.took(chunk) }) {
        case .stored: .taken
        case .pause: .pause
        case .abort: .abort
        }
    }

    /// Hands what has arrived to whoever waits for it.
    func deliver() {
        let deliveries = state.withLock { $0.deliver() }
        if deliveries.resumes { carrier.resume(self) }
        if let (reader, result) = deliveries.head { reader.resume(returning: result) }
        if let (reader, result) = deliveries.chunk { hand(result, to: reader) }
    }

    /// Gives the reader what it waits for, unless that passes by it: then it goes on waiting.
    private func hand(_ result: Result<[UInt8]?, TransportError>, to reader: ChunkReader) {
        var result = result
        while let take = reader.take, case .success(let chunk?) = result, take(chunk) {
            guard let (next, resumes) = state.withLock({ $0.wantChunk(reader) }) else { return }
            if resumes { carrier.resume(self) }
            result = next
        }
        reader.task.resume(returning: result)
    }

    func finished(_ result: Result<Void, TransportError>) {
        state.withLock { $0.finished(result) }
        deliver()
    }
}

/// A task that waits for a chunk, and who may take the chunk in its place.
struct WaitingReader: Sendable {
    let task: WaitingTask<Result<[UInt8]?, TransportError>>
    let take: ChunkTaker?
}

/// What libcurl is told about bytes it offered.
enum BodyVerdict {
    case taken
    case pause
    case abort
}
