import ChatAPI
import Gateway
import NIOCore

extension ExchangeHandler {
    /// Writes a reply whose body is there already.
    func answer(_ reply: ClientReply) {
        guard let context else { return }
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        work = Task(executorPreference: executor) { await ReplyWriting(handler: handler).write(reply) }
    }

    /// Writes a reply that may take long, in a task of its own.
    func writeLong(_ reply: ClientReply, gate: RequestGate?) {
        guard let context else {
            exchange?.reply = reply
            record(.clientLeft)
            gate?.leave()
            return
        }
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        work = Task(executorPreference: executor) {
            await ReplyWriting(handler: handler).write(reply)
            gate?.leave()
        }
    }

    /// Writes the head; false if the client has left.
    func beginReply(_ reply: ClientReply) -> Bool {
        exchange?.reply = reply
        guard let context, let exchange, phase == .answering else {
            record(.clientLeft)
            return false
        }
        exchange.hasBegun = true
        executor.note { $0.answerBegan() }
        if isStopping { exchange.closes = true }
        let status = min(max(reply.status, 200), 599)
        exchange.framing = framing(of: reply, exchange)
        exchange.isEventStream = reply.isEventStream
        var fields = reply.headers
        if let crossOrigin = exchange.crossOrigin { fields = CORSPolicy.without(fields) + crossOrigin }
        let head = ReplyHead(
            status: status, fields: fields, framing: exchange.framing, closes: exchange.closes,
            keepsAlive: exchange.isHTTP10 && !exchange.closes, date: shared.date.now())
        wire.write(head, &unsent, to: context)
        executor.flushLater(self, isUrgent: exchange.isEventStream)
        return true
    }

    private func framing(of reply: ClientReply, _ exchange: ClientExchange) -> ReplyBytes.Framing {
        if exchange.isBodyless(reply) { return .none }
        if let length = reply.headers.first(named: "content-length").flatMap({ Int($0) }), length >= 0 {
            return .length(length)
        }
        guard exchange.isHTTP10 else { return .chunked }
        exchange.closes = true
        return .closing
    }

    /// What became of a chunk.
    enum Writing {
        case taken
        /// It was the last one of a body of announced length.
        case last
        /// It was taken, and the connection cannot take more for now.
        case full
        /// Nobody reads it.
        case gone
    }

    /// Writes a chunk of the body.
    func writeChunk(_ chunk: [UInt8]) -> Writing {
        guard let context, let exchange, phase == .answering else { return .gone }
        if exchange.firstByte == nil { exchange.firstByte = .now }
        if case .none = exchange.framing { return .taken }
        exchange.written += chunk.count
        if exchange.isEventStream { exchange.isBetweenEvents = chunk.suffix(2).elementsEqual([0x0A, 0x0A]) }
        if case .length(let length) = exchange.framing, exchange.written > length {
            breakReply(BackendError(.broken, wasSent: true, answer: .internalError))
            return .gone
        }
        wire.write(chunk, exchange.framing, &unsent, to: context)
        if context.channel.isWritable {
            executor.flushLater(self, isUrgent: exchange.isEventStream)
            return exchange.framing == .length(exchange.written) ? .last : .taken
        }
        unsent.flush(to: context)
        return context.channel.isWritable ? .taken : .full
    }

    /// Writes a chunk of an event stream at the moment of its arrival; false if that is not all there is to do.
    func takeEvents(_ chunk: [UInt8]) -> Bool {
        guard let context, let exchange, phase == .answering, exchange.framing == .chunked,
            context.channel.isWritable
        else { return false }
        _ = writeChunk(chunk)
        executor.flushSoon()
        return true
    }

    /// Keeps who writes until the connection takes more, or is gone.
    func waitForRoom(_ writer: CheckedContinuation<Void, Never>) {
        guard let context, phase == .answering, !context.channel.isWritable else { return writer.resume() }
        self.writer = writer
        clock.begin(.write, for: shared.times, on: self)
    }

    /// Writes the end of the message.
    func finishReply() {
        guard let context, let exchange, phase == .answering else { return record(.clientLeft) }
        if case .length(let length) = exchange.framing, exchange.written < length {
            return breakReply(BackendError(.broken, wasSent: true, answer: .internalError))
        }
        wire.writeEnd(exchange.framing, &unsent, to: context)
        record(.complete)
        clock.pause()
        if wire == .http2 {
            // The end goes out as far as the client lets it, for which it has the time of a write.
            clock.begin(.write, for: shared.times, on: self)
            executor.flushLater(self, isUrgent: exchange.isEventStream)
            return phase = .lingering
        }
        executor.flushNow(self)
        guard phase == .answering else { return }
        guard exchange.closes || isStopping else { return proceed() }
        unsent.flush(to: context)
        linger(context)
    }

    /// Ends the connection without the end of the message, so that the client sees that the answer broke off.
    func breakReply(_ error: any Error) {
        guard phase == .answering else { return record(.clientLeft) }
        // Whoever gave the stream has told the client, if an event could: once is enough.
        exchange?.isBetweenEvents = false
        end(telling: (error as? BackendError)?.answer ?? .internalError)
    }

    /// The time to finish is over: what is under way ends here, and what has said nothing yet says so.
    func endNow() {
        guard let context, phase == .answering, let exchange else { return close() }
        guard exchange.reply == nil else { return end(telling: Self.stopping) }
        exchange.closes = true
        exchange.lastWord = ClientReply(Self.stopping, requestID: exchange.id)
        work?.cancel()
        let channel = context.channel
        context.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }

    private static let stopping = APIError.overloaded("The gateway is stopping.")

    private func end(telling error: APIError) {
        guard let context, let exchange else { return }
        if exchange.isEventStream, exchange.isBetweenEvents, exchange.framing == .chunked {
            wire.write(error.event, exchange.framing, &unsent, to: context)
        }
        record(.broken)
        phase = .lingering
        work?.cancel()
        unsent.flush(to: context)
        context.close(promise: nil)
    }

    private func close() { context?.close(promise: nil) }

    func flush() {
        if let context { unsent.flush(to: context) }
    }

    /// Says that nothing follows, and gives the client a while to read the answer: a connection that is closed with
    /// unread input is reset, and the answer is lost.
    private func linger(_ context: ChannelHandlerContext) {
        phase = .lingering
        discard()
        clock.begin(.write, for: shared.times, on: self)
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.whenComplete { _ in
            let handler = handler.value
            if handler.phase == .lingering { handler.clock.begin(.linger, for: handler.shared.times, on: handler) }
        }
        context.close(mode: .output, promise: sent)
    }

    /// Tells what became of the request, which is over.
    func record(_ end: RequestRecord.End) {
        guard let exchange else { return }
        self.exchange = nil
        shared.onRequest(exchange.record(end))
    }

    /// The connection's timer has fired.
    func clockFired() {
        guard let context, phase != .closed, clock.fired(shared.times, self) else { return }
        context.close(promise: nil)
    }
}
