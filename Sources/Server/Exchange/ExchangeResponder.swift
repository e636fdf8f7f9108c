import ChatAPI
import Gateway
import HTTPTypes
import HummingbirdCore
import NIOCore

/// Answers the requests of one listener: route, key, body, reply, record, in this order.
struct ExchangeResponder: Sendable {
    let routes: RouteTable
    let keys: ClientKeys
    let bodyBytes: Int
    let onRequest: @Sendable (RequestRecord) -> Void
    private let date = ResponseDate()

    init(
        routes: RouteTable, keys: ClientKeys, bodyBytes: Int, onRequest: @escaping @Sendable (RequestRecord) -> Void
    ) {
        self.routes = routes
        self.keys = keys
        self.bodyBytes = bodyBytes
        self.onRequest = onRequest
    }

    /// Answers one request.
    ///
    /// Cancelled when the client leaves. Throws if the reply could not be completed: the connection ends as broken.
    @concurrent
    func respond(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        let arrival = ContinuousClock.now
        let id = Received.newID()
        let method = request.method.rawValue
        let target = request.head.path ?? "/"
        var isHealthCheck = false
        let reply: ClientReply
        var isRead = true
        switch admit(request, method: method, target: target) {
        case .failure(let error):
            isRead = !request.announcesBody
            reply = ClientReply(error, requestID: id)
        case .success(let admitted):
            isHealthCheck = admitted.match.route.isHealthCheck
            let body = try await RequestBytes.read(request, upTo: bodyBytes, permitting: writer)
            switch body {
            case .failure(let error):
                isRead = false
                reply = ClientReply(error, requestID: id)
            case .success(let bytes):
                let received = Received(
                    id: id, method: method, target: target, headers: Received.fields(request.headers), body: bytes,
                    gatewayKey: admitted.key, arrival: arrival)
                reply = await admitted.match.route.handler(received, admitted.match.parameters)
            }
        }
        var head = HTTPResponse(reply, date: date.now())
        if !isRead { close(channel, after: &head) }
        var progress = WrittenReply()
        func record(_ end: RequestRecord.End) {
            onRequest(
                RequestRecord(
                    id: id, method: method, target: target, isHealthCheck: isHealthCheck, arrival: arrival,
                    reply: reply, progress: progress, end: end))
        }
        do {
            try await write(
                reply, head: head, bodyless: head.isBodyless(to: request.method), to: writer, progress: &progress)
            record(.complete)
        } catch {
            record(Task.isCancelled || error is ChannelError ? .clientLeft : .broken)
            throw error
        }
    }

    private struct Admitted {
        let match: RouteTable.Match
        /// The name of the client's key.
        let key: String?
    }

    private func admit(_ request: Request, method: String, target: String) -> Result<Admitted, APIError> {
        switch routes.match(method: method, target: target) {
        case .failure(let error): return .failure(error)
        case .success(let match):
            if match.route.access == .open || keys.isEmpty { return .success(Admitted(match: match, key: nil)) }
            let authorization = request.headers[.authorization]
            if let name = keys.name(authorization: authorization) {
                return .success(Admitted(match: match, key: name))
            }
            return .failure(authorization == nil ? .missingAPIKey : .invalidAPIKey)
        }
    }

    /// Ends the connection after an answer that came before the whole body: the client is told, and given a while to read
    /// the answer before the connection goes.
    private func close(_ channel: any Channel, after head: inout HTTPResponse) {
        head.headerFields[.connection] = "close"
        channel.eventLoop.scheduleTask(in: .seconds(5)) { channel.close(promise: nil) }
    }
}

extension Request {
    /// Whether a body follows the head.
    fileprivate var announcesBody: Bool {
        if let length = headers[.contentLength] { return length != "0" }
        return headers[.transferEncoding] != nil
    }
}
