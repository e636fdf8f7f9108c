import ChatAPI

/// Holds a tuned answer back until it certainly is one, so that the full prompt can still take its place.
enum TunedAnswer {
    /// Bytes of a stream that are held back at most while no text has come.
    private static let limit = 1 << 16

    /// The answer, with its first text or as a whole; throws if it is none.
    static func confirm(_ reply: Reply) async throws(BackendError) -> Reply {
        guard (200..<300).contains(reply.status) else {
            let code: BackendError.Code = reply.status < 500 ? .refused : .failed
            throw BackendError(
                code, wasSent: true, answer: .upstreamUnavailable(),
                detail: "the tuned model answered with status \(reply.status)", status: reply.status)
        }
        guard !reply.isEncoded else {
            throw BackendError(
                .protocolViolation, wasSent: true, answer: .upstreamUnavailable(),
                detail: "the tuned model's answer is encoded, which nobody asked for", status: reply.status)
        }
        return reply.isEventStream ? try await begin(reply) : try await complete(reply)
    }

    private static func begin(_ reply: Reply) async throws(BackendError) -> Reply {
        var observer = StreamObserver()
        var held: [UInt8] = []
        while held.count < limit {
            guard let chunk = try await next(reply) else { break }
            held += chunk
            observer.observe(chunk)
            if observer.sawError { throw broken("the tuned model's stream began with an error") }
            if observer.sawContent || observer.sawDone || observer.finishReason != nil { break }
        }
        guard observer.sawContent || observer.sawDone || observer.finishReason != nil else {
            throw broken("the tuned model's stream had no text")
        }
        return Reply(
            status: reply.status, headers: reply.headers, body: ReplyStream(held, then: reply.body),
            counted: reply.counted)
    }

    private static func complete(_ reply: Reply) async throws(BackendError) -> Reply {
        var bytes: [UInt8] = []
        var observer = ResponseObserver()
        while let chunk = try await next(reply) {
            guard bytes.count + chunk.count <= 64 << 20 else { throw broken("the tuned model's answer is over 64 MiB") }
            bytes += chunk
            observer.observe(chunk)
        }
        guard observer.isComplete, !observer.sawError, observer.finishReason != nil else {
            throw broken("the tuned model's answer is not complete")
        }
        let length: HeaderFields = [("content-length", String(bytes.count))]
        return Reply(
            status: reply.status, headers: reply.headers.without(["content-length"]) + length,
            body: ReplyStream(bytes), counted: reply.counted)
    }

    private static func next(_ reply: Reply) async throws(BackendError) -> [UInt8]? {
        do {
            return try await reply.body.next()
        } catch let error as BackendError {
            throw error
        } catch {
            throw broken("the tuned model's answer broke off")
        }
    }

    private static func broken(_ detail: String) -> BackendError {
        BackendError(.broken, wasSent: true, answer: .upstreamUnavailable(), detail: detail)
    }
}
