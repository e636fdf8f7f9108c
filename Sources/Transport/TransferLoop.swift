import Foundation
import Synchronization

/// The thread that owns libcurl: it takes mail, lets libcurl work, and sleeps until a socket is ready or mail comes.
final class TransferLoop: ExchangeCarrier {
    let isClientsOwn = false
    /// What other threads want of this one.
    private struct Mail {
        var submissions: [Submission] = []
        var resumed: [Exchange] = []
        var stopped: [Exchange] = []
        /// Whether the thread sleeps, or is about to, without having seen this mail: only then it has to be woken.
        var isAsleep = false
        /// Set once the loop is to end: why nothing is served any more.
        var closing: Closing?

        var isEmpty: Bool { submissions.isEmpty && resumed.isEmpty && stopped.isEmpty && closing == nil }
    }

    private enum Closing {
        case shutDown, noLibrary

        func error(wasSent: Bool) -> TransportError {
            switch self {
            case .shutDown: .shutDown(wasSent: wasSent)
            case .noLibrary:
                TransportError(.internalFailure, context: "libcurl cannot be set up", wasSent: wasSent)
            }
        }
    }

    private let options: TransportOptions
    private let readiness: ReadinessQueue
    private let mail = Mutex(Mail())

    init(_ options: TransportOptions) throws(TransportError) {
        self.options = options
        readiness = try ReadinessQueue()
    }

    func start() {
        Thread { [self] in run() }.start()
    }

    // MARK: Any thread

    func submit(_ submission: Submission) {
        let closing = post { mail in
            if mail.closing == nil { mail.submissions.append(submission) }
        }
        if let closing { submission.exchange.finished(.failure(closing.error(wasSent: false))) }
    }

    func resume(_ exchange: Exchange) {
        post { if $0.closing == nil { $0.resumed.append(exchange) } }
    }

    func stop(_ exchange: Exchange) {
        post { if $0.closing == nil { $0.stopped.append(exchange) } }
    }

    func close() {
        post { if $0.closing == nil { $0.closing = .shutDown } }
    }

    /// Changes the mail and wakes the thread; returns why the loop has ended, if it has.
    @discardableResult
    private func post(_ change: (inout Mail) -> Void) -> Closing? {
        let (closing, wakes) = mail.withLock { mail in
            change(&mail)
            defer { mail.isAsleep = false }
            return (mail.closing, mail.isAsleep)
        }
        if wakes { readiness.wakeUp() }
        return closing
    }

    // MARK: This thread

    private func run() {
        do throws(TransportError) {
            let turn = LoopTurn()
            try serve(on: CurlMulti(options, SocketWatch(readiness, turn)), turn)
        } catch {
            post { $0.closing = .noLibrary }
            let mail = collectMail()
            for submission in mail.submissions { submission.exchange.finished(.failure(error)) }
        }
    }

    /// Serves until the loop is closed.
    private func serve(on multi: borrowing CurlMulti, _ turn: LoopTurn) {
        CurlMulti.prepareThread()
        var transfers = TransferTable(options, turn)
        var plain = PlainTable(options, turn)
        let sockets = SocketTable(readiness)
        plain.connect = { sockets.connect(to: $0, port: $1) }
        let buffer = ReceiveBuffer()
        var ready: [(socket: Int32, ready: Readiness)] = []
        while true {
            let mail = collectMail()
            if let closing = mail.closing {
                for submission in mail.submissions {
                    submission.exchange.finished(.failure(closing.error(wasSent: false)))
                }
                plain.finishAll { closing.error(wasSent: $0) }
                return transfers.finishAll(on: multi) { closing.error(wasSent: $0) }
            }
            for submission in mail.submissions {
                if let address = submission.request.plainAddress {
                    plain.start(submission, to: address)
                } else {
                    transfers.start(submission, on: multi)
                }
            }
            for exchange in mail.stopped {
                plain.stop(exchange)
                transfers.stop(exchange, on: multi)
            }
            for exchange in mail.resumed {
                plain.resume(exchange)
                transfers.resume(exchange)
            }
            multi.runDueTimer()
            while let (transfer, outcome) = multi.nextCompletion() {
                transfers.complete(transfer, outcome, on: multi)
            }
            turn.deliver()
            plain.openAhead()
            let limit = multi.watch.shorten(min(plain.expire(), transfers.expire(on: multi)))
            readiness.wait(milliseconds: mayFallAsleep() ? limit.sleepMilliseconds : 0, into: &ready)
            turn.now = .now
            for (socket, readiness) in ready {
                if let wire = sockets[socket] {
                    wire.take(readiness, buffer, for: &plain)
                } else {
                    multi.act(on: socket, readiness)
                }
            }
            multi.runDueTimer()
        }
    }

    /// Takes the mail; the thread is awake from now on.
    private func collectMail() -> Mail {
        mail.withLock { mail in
            mail.isAsleep = false
            guard !mail.isEmpty else { return mail }
            let collected = mail
            mail = Mail(closing: mail.closing)
            return collected
        }
    }

    /// False if there is mail; else whoever posts from now on wakes the thread.
    private func mayFallAsleep() -> Bool {
        mail.withLock { mail in
            mail.isAsleep = mail.isEmpty
            return mail.isAsleep
        }
    }
}

extension Duration {
    /// Whole milliseconds, rounded up; 0 for what is past.
    fileprivate var sleepMilliseconds: Int {
        self > .zero ? milliseconds : 0
    }
}
