import ChatAPI
import Gateway
import NIOCore

/// Has a request answered and writes the answer, chunk by chunk: the next is asked for only when the connection has taken
/// the last, so that a slow client slows its model and nobody's memory.
///
/// Runs on the connection's loop. A body that breaks ends the connection before the end of the message is written: the
/// client sees a broken answer.
struct ReplyWriting: Sendable {
    let handler: NIOLoopBound<ExchangeHandler>

    /// A body of more bytes is worked on elsewhere, so that the loop's other connections do not wait for it.
    private static let large = 256 << 10
    /// So many chunks are written before others have their turn.
    private static let stretch = 32

    func run(_ request: Received, _ match: RouteTable.Match, gate: RequestGate?) async {
        let gate = match.route.access == .open ? nil : gate
        if let gate, await !gate.enter() {
            return await write(ClientReply(.overloaded(), requestID: request.id))
        }
        let answer = await answer(request, match)
        let reply = handler.value.exchange?.lastWord ?? answer
        // A task keeps the room that its deepest call took: a stream gets a new one, and what asked for it goes.
        if reply.isEventStream { return handler.value.writeLong(reply, gate: gate) }
        await write(reply)
        gate?.leave()
    }

    private func answer(_ request: Received, _ match: RouteTable.Match) async -> ClientReply {
        guard request.body.count > Self.large else { return await match.route.handler(request, match.parameters) }
        return await withTaskExecutorPreference(globalConcurrentExecutor) {
            await match.route.handler(request, match.parameters)
        }
    }

    /// Writes what arrives on this loop while the task waits: it passes the task by.
    private var taker: ReplyStream.Taker {
        { [handler] chunk in handler.eventLoop.inEventLoop && handler.value.takeEvents(chunk) }
    }

    func write(_ reply: ClientReply) async {
        let reply = handler.value.exchange?.lastWord ?? reply
        guard handler.value.beginReply(reply) else { return }
        do {
            var count = 0
            let taker = reply.isEventStream ? taker : nil
            while let chunk = try await reply.body.next(passing: taker) {
                switch handler.value.writeChunk(chunk) {
                case .taken: break
                case .last:
                    handler.value.finishReply()
                    // The client has it all. The body's own end is waited for, so that its connection can be kept.
                    _ = try? await reply.body.next()
                    return
                case .full: await withCheckedContinuation { handler.value.waitForRoom($0) }
                case .gone: return handler.value.breakReply(CancellationError())
                }
                count += 1
                // A body that is always there already would keep the loop from its other connections.
                if count % Self.stretch == 0 { await Task.yield() }
            }
            handler.value.finishReply()
        } catch {
            handler.value.breakReply(error)
        }
    }
}

extension ClientReply {
    /// Whether the body is a stream of server-sent events.
    var isEventStream: Bool { headers.first(named: "content-type")?.hasPrefix("text/event-stream") ?? false }
}
