import ChatAPI
import Gateway
import NIOCore
import NIOHTTP1

/// One client connection: takes requests one at a time, has them answered on the connection's own event loop, and writes
/// the answers.
///
/// What a client sends while its last request is being answered waits, up to a limit, so that the end of the client's
/// stream is seen at once: it cancels the request's work.
final class ExchangeHandler: ChannelInboundHandler, RemovableChannelHandler, ClockOwner {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    /// Where the connection is in its life.
    enum Phase {
        /// Waits for a request.
        case idle
        /// Reads a request's body.
        case receiving
        /// Answers a request.
        case answering
        /// Everything is said; what still comes is thrown away until the client closes.
        case lingering
        /// Gone.
        case closed
    }

    /// What came while a request was being answered.
    private enum Waiting {
        case part(RequestPart)
        case malformed(APIError)
    }

    /// So much may wait behind a request before the connection is read no further.
    private static let waitingLimit = 64 << 10

    let shared: ConnectionContext
    let executor: LoopExecutor
    let wire: ReplyWire
    /// The connection is one too many: its requests are refused.
    private let turnsAway: Bool
    var context: ChannelHandlerContext?
    var phase = Phase.idle
    var exchange: ClientExchange? {
        didSet {
            if exchange === oldValue { return }
            if let oldValue { shared.bodies.giveBack(oldValue.bodyBytes) }
            shared.load.addRequests((exchange == nil ? 0 : 1) - (oldValue == nil ? 0 : 1))
            executor.note { poll in
                if let oldValue { poll.requestEnded(wasAnswered: oldValue.hasBegun) }
                if exchange != nil { poll.requestBegan() }
            }
        }
    }
    var work: Task<Void, Never>?
    /// Who waits until the connection takes more.
    var writer: CheckedContinuation<Void, Never>?
    var clock = ConnectionClock()
    /// What is written and not yet on its way.
    var unsent = ReplyBuffer()
    /// The executor flushes it.
    var isFlushDue = false
    /// The connection ends with the answer under way.
    var isStopping = false
    private var body: [UInt8] = []
    private var waiting: [Waiting] = []
    /// How many of them were taken already.
    private var taken = 0
    private var waitingBytes = 0
    private var isPaused = false

    init(shared: ConnectionContext, executor: LoopExecutor, wire: ReplyWire = .http1, turnsAway: Bool = false) {
        self.shared = shared
        self.executor = executor
        self.wire = wire
        self.turnsAway = turnsAway
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if wire == .http1, shared.options.tls == nil { unsent.socket = ClientSocket(context) }
        clock.begin(.header, for: shared.times, on: self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
        self.context = nil
    }

    // MARK: What the client sends

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        receive(RequestPart(unwrapInboundIn(data)))
    }

    /// Takes the next part of a request, or keeps it while another is being answered.
    func receive(_ part: RequestPart) {
        switch phase {
        case .idle, .receiving: take(part)
        case .answering:
            waiting.append(.part(part))
            waitingBytes += Self.weight(part)
            if waitingBytes > Self.waitingLimit { pause(true) }
        case .lingering, .closed: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // The parser keeps an incomplete head to itself; that something came is all there is to see of it.
        if phase == .idle { clock.begin(.header, for: shared.times, on: self) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else {
            if !(error is ByteToMessageDecoderError) { context.close(promise: nil) }
            return
        }
        let refusal =
            error == .headerOverflow
            ? APIError.headerTooLarge
            : APIError.invalidRequest("The request is not well-formed HTTP.", code: "malformed_request")
        switch phase {
        case .idle, .receiving: refuse(refusal)
        case .answering: waiting.append(.malformed(refusal))
        case .lingering, .closed: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if wire == .http1, case ChannelEvent.inputClosed? = event as? ChannelEvent {
            // A client that shuts down its side counts as gone.
            context.close(promise: nil)
        } else if event is DrainIsOver {
            endNow()
        } else if event is ChannelShouldQuiesceEvent {
            isStopping = true
            if phase == .idle { context.close(promise: nil) }
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            if phase == .answering { clock.pause() }
            resumeWriter()
        }
        context.fireChannelWritabilityChanged()
    }

    /// The client has left: whatever is done for it ends.
    private func leave() {
        guard phase != .closed else { return }
        // A request whose body never came to its end has no task that would tell of its end.
        if phase == .receiving { record(.clientLeft) }
        phase = .closed
        work?.cancel()
        work = nil
        clock.stop()
        forgetInput()
        resumeWriter()
    }

    func resumeWriter() {
        guard let writer else { return }
        self.writer = nil
        writer.resume()
    }

    /// Lets go of what has come, so that what still comes is read and thrown away.
    func discard() {
        forgetInput()
        pause(false)
    }

    private func forgetInput() {
        (waiting, taken, waitingBytes, body) = ([], 0, 0, [])
    }

    private func pause(_ isPaused: Bool) {
        guard self.isPaused != isPaused else { return }
        self.isPaused = isPaused
        try? context?.channel.syncOptions?.setOption(.autoRead, value: !isPaused)
    }

    /// What a part that waits counts for, in bytes.
    private static func weight(_ part: RequestPart) -> Int {
        if case .body(let bytes) = part { bytes.readableBytes } else { 1024 }
    }

    // MARK: A request, part by part

    private func take(_ part: RequestPart) {
        switch part {
        case .head(let head): begin(head)
        case .body(let bytes):
            guard phase == .receiving, let exchange else { return }
            // HTTP/2 does not announce the body of a GET or DELETE.
            if let refusal = exchange.refusal { return refuse(refusal) }
            guard bytes.readableBytes <= shared.options.bodyBytes - body.count else {
                return refuse(.bodyTooLarge(limit: shared.options.bodyBytes))
            }
            guard shared.bodies.take(bytes.readableBytes) else { return refuse(.tooManyBodies) }
            exchange.bodyBytes += bytes.readableBytes
            body.append(contentsOf: bytes.readableBytesView)
            clock.begin(.body, for: shared.times, on: self)
        case .end: if phase == .receiving { dispatch() }
        }
    }

    private func begin(_ head: RequestHead) {
        let exchange = ClientExchange(head)
        self.exchange = exchange
        phase = .receiving
        if turnsAway { return refuse(.tooManyConnections) }
        if wire == .http2, head.isTooLarge { return refuse(.headerTooLarge) }
        do throws(APIError) {
            let outline = try RequestOutline(head)
            exchange.note(outline)
            try exchange.target = outline.target(head.target)
            if let reply = exchange.admit(by: shared) {
                exchange.refusal = reply
                if outline.hasBody { refuse(reply) }
                return
            }
            if outline.hasBody { clock.begin(.body, for: shared.times, on: self) }
            guard let announced = outline.contentLength else { return permit(outline) }
            guard announced <= shared.options.bodyBytes else { throw .bodyTooLarge(limit: shared.options.bodyBytes) }
            body.reserveCapacity(min(announced, 1 << 20))
            permit(outline)
        } catch {
            refuse(error)
        }
    }

    /// A client that waits for permission to send its body gets it, now that the body will be read.
    private func permit(_ outline: RequestOutline) {
        guard wire == .http1, outline.expectsContinue, outline.hasBody, let context else { return }
        unsent.addContinue()
        unsent.flush(to: context)
    }

    /// The whole request is there: it is answered in a task on this loop.
    private func dispatch() {
        guard let exchange, let context else { return }
        phase = .answering
        clock.pause()
        if let refusal = exchange.refusal { return answer(refusal) }
        guard let match = exchange.match else { return refuse(.internalError) }
        let received = exchange.received(body: body)
        body = []
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let gate = shared.gate
        work = Task(executorPreference: executor) {
            await ReplyWriting(handler: handler).run(received, match, gate: gate)
        }
    }

    /// Answers before the whole request was read, and ends the connection.
    private func refuse(_ error: APIError) {
        let exchange = self.exchange ?? ClientExchange(id: Received.newID())
        self.exchange = exchange
        refuse(ClientReply(error, requestID: exchange.id))
    }

    private func refuse(_ reply: ClientReply) {
        phase = .answering
        clock.pause()
        body = []
        exchange?.closes = true
        answer(reply)
    }

    /// The answer is out: goes on with what has come meanwhile.
    func proceed() {
        exchange = nil
        work = nil
        body = []
        phase = .idle
        clock.begin(.keepAlive, for: shared.times, on: self)
        if waiting.isEmpty { return }
        while taken < waiting.count, phase == .idle || phase == .receiving {
            let next = waiting[taken]
            // Lets go of its bytes.
            waiting[taken] = .part(.end)
            taken += 1
            switch next {
            case .part(let part):
                waitingBytes -= Self.weight(part)
                take(part)
            case .malformed(let error): refuse(error)
            }
        }
        forgetTaken()
        if waitingBytes <= Self.waitingLimit { pause(false) }
    }

    /// Moves what still waits to the front when most was taken, so that each part is moved once on average.
    private func forgetTaken() {
        if taken == waiting.count {
            waiting.removeAll(keepingCapacity: taken < 64)
            taken = 0
        } else if taken > 1024, taken * 2 > waiting.count {
            waiting.removeFirst(taken)
            taken = 0
        }
    }
}

extension APIError {
    /// 503: the bodies of other requests take all the memory that there is for them.
    fileprivate static let tooManyBodies = APIError.overloaded(
        "The bodies of the requests under way take all the memory that the gateway has for them.")
}
