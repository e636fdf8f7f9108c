import ChatAPI
import Ledger
import Synchronization

extension Reply {
    /// Whether the body is a stream of server-sent events.
    var isEventStream: Bool {
        headers.first(named: "content-type").map { FieldName.hasPrefix($0, "text/event-stream") } ?? false
    }

    /// Whether the body is packed, so that nothing in it can be read on its way.
    var isEncoded: Bool {
        headers.first(named: "content-encoding").map { !FieldName.matches($0, "identity") } ?? false
    }

    /// The body's length, if the backend told it.
    var contentLength: Int? { headers.first(named: "content-length").flatMap { Int($0) } }
}

/// Passes an answer on to the client while the recorder reads along.
///
/// The row is committed before the last byte goes out: before the event that ends a stream, before the chunk that
/// fills the announced length, else before the end of the body.
enum Relay {
    /// The client's stream.
    ///
    /// - Parameters:
    ///   - mustEnd: whether an event stream has to say that it is complete, and is told of errors in an event of the
    ///     form that chat completions have.
    ///   - hidesUsage: whether the usage chunk is taken out.
    static func stream(_ reply: Reply, _ recorder: AnswerRecorder, mustEnd: Bool, hidesUsage: Bool) -> ReplyStream {
        if reply.isEventStream { return events(reply.body, recorder, mustEnd: mustEnd, hidesUsage: hidesUsage) }
        if let length = reply.contentLength { return measured(reply.body, recorder, length: length) }
        return whole(reply.body, recorder)
    }

    private static func events(
        _ body: ReplyStream, _ recorder: AnswerRecorder, mustEnd: Bool, hidesUsage: Bool
    ) -> ReplyStream {
        let place = StreamPlace()
        return ReplyStream(passing: { taker in
            let taker = taker.map { passing($0, recorder, place, hidesUsage) }
            while true {
                switch place.ending {
                case .open: break
                case .over: return nil
                case .broken(let error): throw error
                }
                do {
                    guard let chunk = try await next(body, recorder, passing: taker) else {
                        place.ending = .over
                        let rest = recorder.remainingEvents()
                        guard recorder.mayEnd(saysNothing: !mustEnd) else {
                            await recorder.finish(.partial, failure: BackendError.Code.broken.rawValue)
                            throw BackendError(
                                .broken, wasSent: true,
                                answer: .upstreamUnavailable("The upstream broke off its answer."))
                        }
                        await recorder.finish(.complete)
                        return hidesUsage && !rest.isEmpty ? rest : nil
                    }
                    let visible =
                        try place.takeOffered()?.get() ?? recorder.observeEvents(chunk, hidingUsage: hidesUsage)
                    if recorder.sawEnd { await recorder.finish(.complete) }
                    if !visible.isEmpty { return visible }
                } catch {
                    await recorder.finish(.partial, failure: cause(of: error))
                    guard mustEnd, recorder.mayTellError, let event = errorEvent(error) else { throw error }
                    place.ending = .broken(error)
                    return event
                }
            }
        })
    }

    /// Reads a chunk along and offers it; the stream's end, and what cannot be read, is left to the stream's reader.
    private static func passing(
        _ taker: @escaping ReplyStream.Taker, _ recorder: AnswerRecorder, _ place: StreamPlace, _ hidesUsage: Bool
    ) -> ReplyStream.Taker {
        { chunk in
            let visible = Result { () throws(SSEError) in
                try recorder.observeEvents(chunk, hidingUsage: hidesUsage)
            }
            if case .success(let bytes) = visible, !recorder.sawEnd, bytes.isEmpty || taker(bytes) { return true }
            place.offered = visible
            return false
        }
    }

    /// The event that tells the client why its stream breaks off; nil if it left by itself.
    private static func errorEvent(_ error: any Error) -> [UInt8]? {
        guard let error = error as? BackendError else {
            return APIError.upstreamUnavailable("The upstream sent a stream that cannot be read.").event
        }
        return error.code == .cancelled ? nil : error.answer.event
    }

    /// A body of announced length: its last chunk is held back until the row is there.
    private static func measured(_ body: ReplyStream, _ recorder: AnswerRecorder, length: Int) -> ReplyStream {
        let passed = Mutex(0)
        return ReplyStream {
            guard let chunk = try await next(body, recorder) else {
                await recorder.finish(.complete)
                return nil
            }
            recorder.observe(chunk)
            let isLast = passed.withLock { passed in
                passed += chunk.count
                return passed >= length
            }
            if isLast { await recorder.finish(.complete) }
            return chunk
        }
    }

    /// A body of unknown length: each chunk waits for the next one, so that the last one waits for the row.
    private static func whole(_ body: ReplyStream, _ recorder: AnswerRecorder) -> ReplyStream {
        let held = Mutex<[UInt8]?>(nil)
        let isOver = Mutex(false)
        return ReplyStream {
            while !isOver.withLock({ $0 }) {
                let chunk = try await next(body, recorder)
                if let chunk { recorder.observe(chunk) }
                let earlier = held.withLock { held in
                    defer { held = chunk }
                    return held
                }
                if chunk == nil {
                    isOver.withLock { $0 = true }
                    await recorder.finish(.complete)
                }
                if let earlier { return earlier }
            }
            return nil
        }
    }

    /// The next chunk; a broken answer is recorded before the error goes on.
    private static func next(
        _ body: ReplyStream, _ recorder: AnswerRecorder, passing taker: ReplyStream.Taker? = nil
    ) async throws -> [UInt8]? {
        do {
            return try await body.next(passing: taker)
        } catch {
            // After the end was told, a connection that breaks takes nothing away from the answer.
            if recorder.sawEnd { return nil }
            let isGone = Task.isCancelled || (error as? BackendError)?.code == .cancelled
            await recorder.finish(isGone ? .aborted : .partial, failure: isGone ? nil : cause(of: error))
            throw error
        }
    }

    /// What the ledger says of a stream that breaks off: the backend's fault, or events that cannot be read.
    private static func cause(of error: any Error) -> String? {
        guard let error = error as? BackendError else { return BackendError.Code.protocolViolation.rawValue }
        return error.cause
    }
}
