import Synchronization

/// One request and its response, between the task that asked and the thread that transfers.
final class Exchange: Sendable {
    typealias HeadReader = CheckedContinuation<Result<ResponseHead, TransportError>, Never>
    typealias ChunkReader = CheckedContinuation<Result<[UInt8]?, TransportError>, Never>

    private let loop: TransferLoop
    private let state = Mutex(ExchangeState<HeadReader, ChunkReader>())

    init(on loop: TransferLoop) {
        self.loop = loop
    }

    // MARK: The task's side

    /// Submits the request and waits for the response's header block.
    func start(_ request: WireRequest, limits: TransportLimits) async throws(TransportError) -> ResponseHead {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (reader: HeadReader) in
                if let result = state.withLock({ $0.wantHead(reader) }) {
                    reader.resume(returning: result)
                } else {
                    loop.submit(Submission(exchange: self, request: request, limits: limits))
                }
            }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    /// The next chunk of the body, nil at its end.
    func nextChunk() async throws(TransportError) -> [UInt8]? {
        if Task.isCancelled { cancel() }
        if let (chunk, resumes) = state.withLock({ $0.takeChunk() }) {
            if resumes { loop.resume(self) }
            return try chunk.get()
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (reader: ChunkReader) in
                guard let (chunk, resumes) = state.withLock({ $0.wantChunk(reader) }) else { return }
                if resumes { loop.resume(self) }
                reader.resume(returning: chunk)
            }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    /// Gives the exchange up: waiting readers get `.cancelled`, and a transfer under way is stopped.
    func cancel() {
        let ending = state.withLock { $0.cancelled() }
        if ending.stopsTransfer { loop.stop(self) }
        let error = TransportError(.cancelled, context: "The exchange was given up", wasSent: wasSent)
        tell(ending, .failure(error))
    }

    // MARK: The loop's side

    var wasSent: Bool { state.withLock { $0.wasSent } }

    func connected() {
        state.withLock { $0.connected() }
    }

    func arrived(_ head: ResponseHead) {
        let reader = state.withLock { $0.arrived(head) }
        reader?.resume(returning: .success(head))
    }

    func arrived(_ chunk: [UInt8]) -> BodyVerdict {
        switch state.withLock({ $0.arrived(chunk) }) {
        case .stored: return .taken
        case .pause: return .pause
        case .abort: return .abort
        case .handOver(let reader):
            reader.resume(returning: .success(chunk))
            return .taken
        }
    }

    func finished(_ result: Result<Void, TransportError>) {
        tell(state.withLock { $0.finished(result) }, result)
    }

    private func tell(_ ending: ExchangeState<HeadReader, ChunkReader>.Ending, _ result: Result<Void, TransportError>) {
        if let reader = ending.head {
            let missing = TransportError(.protocolViolation, context: "The response has no header block", wasSent: true)
            reader.resume(returning: result.flatMap { .failure(missing) })
        }
        ending.chunk?.resume(returning: result.map { nil })
    }
}

/// What libcurl is told about bytes it offered.
enum BodyVerdict {
    case taken
    case pause
    case abort
}
