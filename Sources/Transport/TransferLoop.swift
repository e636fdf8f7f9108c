import Foundation
import Synchronization

/// A request on its way to the thread.
struct Submission: Sendable {
    let exchange: Exchange
    let request: WireRequest
    let limits: TransportLimits
}

/// The thread that owns libcurl: it takes mail, lets libcurl work, and sleeps in `curl_multi_poll`.
final class TransferLoop: Sendable {
    /// What other threads want of this one. `isSignalled`: a wake-up is on its way, no need for another.
    private struct Mail {
        var submissions: [Submission] = []
        var resumed: [Exchange] = []
        var stopped: [Exchange] = []
        var isSignalled = false
        var isClosed = false
    }

    private let multi: CurlMulti
    private let options: TransportOptions
    private let mail = Mutex(Mail())

    init(_ options: TransportOptions) throws(TransportError) {
        multi = try CurlMulti(idleConnections: options.idleConnections)
        self.options = options
    }

    func start() {
        Thread { [self] in run() }.start()
    }

    // MARK: Any thread

    func submit(_ submission: Submission) {
        let isClosed = post { mail in
            if !mail.isClosed { mail.submissions.append(submission) }
            return mail.isClosed
        }
        if isClosed { submission.exchange.finished(.failure(Self.shutDown(wasSent: false))) }
    }

    func resume(_ exchange: Exchange) {
        post { if !$0.isClosed { $0.resumed.append(exchange) } }
    }

    func stop(_ exchange: Exchange) {
        post { if !$0.isClosed { $0.stopped.append(exchange) } }
    }

    func close() {
        post { $0.isClosed = true }
    }

    @discardableResult
    private func post<Value: Sendable>(_ change: (inout Mail) -> Value) -> Value {
        let (value, wakes) = mail.withLock { mail in
            let value = change(&mail)
            defer { mail.isSignalled = true }
            return (value, !mail.isSignalled)
        }
        if wakes { multi.wakeUp() }
        return value
    }

    // MARK: This thread

    private func run() {
        CurlMulti.prepareThread()
        var transfers = TransferTable(options)
        while true {
            let mail = collectMail()
            if mail.isClosed {
                for submission in mail.submissions {
                    submission.exchange.finished(.failure(Self.shutDown(wasSent: false)))
                }
                transfers.finishAll(on: multi) { Self.shutDown(wasSent: $0) }
                return
            }
            transfers.now = .now
            for submission in mail.submissions { transfers.start(submission, on: multi) }
            for exchange in mail.stopped { transfers.stop(exchange, on: multi) }
            for exchange in mail.resumed { transfers.resume(exchange) }
            multi.perform()
            while let (transfer, outcome) = multi.nextCompletion() {
                transfers.complete(transfer, outcome, on: multi)
            }
            transfers.deliver()
            multi.poll(for: transfers.expire(on: multi))
        }
    }

    private func collectMail() -> Mail {
        mail.withLock { mail in
            let collected = mail
            mail = Mail(isClosed: mail.isClosed)
            return collected
        }
    }

    private static func shutDown(wasSent: Bool) -> TransportError {
        TransportError(.shutDown, context: "The transport has been shut down", wasSent: wasSent)
    }
}
