// The owners of libcurl's handles. What libcurl calls stands in CurlCallbacks.swift.

internal import CCurl
import Foundation

/// Owns a multi handle: the connections and the transfers under way. Belongs to one thread.
///
/// It is driven by sockets that are ready (`curl_multi_socket_action`). The simpler `curl_multi_poll` and
/// `curl_multi_perform` make a system call for each open transfer in every turn, however few of them have news.
@safe struct CurlMulti: ~Copyable {
    private let handle: UnsafeMutableRawPointer
    let watch: SocketWatch

    private static let libraryResult = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    init(_ options: TransportOptions, _ watch: SocketWatch) throws(TransportError) {
        guard Self.libraryResult == CURLE_OK, let handle = unsafe curl_multi_init() else {
            throw TransportError(.internalFailure, context: "libcurl cannot be set up", wasSent: false)
        }
        unsafe self.handle = handle
        self.watch = watch
        let context = unsafe Unmanaged.passUnretained(watch).toOpaque()
        // libcurl counts the connections in use, and at this number closes those that could be kept.
        _ = unsafe ccurl_multi_set_long(handle, CURLMOPT_MAXCONNECTS, max(1, options.connections))
        _ = unsafe ccurl_multi_set_long(handle, CURLMOPT_MAX_HOST_CONNECTIONS, max(0, options.connectionsPerHost ?? 0))
        // One exchange at a time on a connection: libcurl 7.88 hands bytes of one HTTP/2 stream to another after a pause.
        _ = unsafe ccurl_multi_set_long(handle, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
        _ = unsafe ccurl_multi_set_pointer(handle, CURLMOPT_SOCKETDATA, context)
        _ = unsafe ccurl_multi_set_socket_function(handle, socketCallback)
        _ = unsafe ccurl_multi_set_pointer(handle, CURLMOPT_TIMERDATA, context)
        _ = unsafe ccurl_multi_set_timer_function(handle, timerCallback)
    }

    deinit {
        _ = unsafe curl_multi_cleanup(handle)
    }

    /// Names the calling thread, and keeps signals, SIGPIPE first of all, away from it.
    static func prepareThread() {
        unsafe ccurl_name_thread("transport")
        var signals = sigset_t()
        _ = unsafe sigfillset(&signals)
        _ = unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    func add(_ transfer: Transfer) throws(TransportError) {
        guard unsafe curl_multi_add_handle(handle, transfer.easy.handle) == CURLM_OK else {
            throw TransportError(.internalFailure, context: "libcurl takes no more transfers", wasSent: false)
        }
    }

    /// Takes the transfer out; one that was under way loses its connection.
    func remove(_ transfer: Transfer) {
        _ = unsafe curl_multi_remove_handle(handle, transfer.easy.handle)
    }

    /// Lets libcurl work on a socket that is ready.
    func act(on socket: Int32, _ ready: Readiness) {
        guard watch.wants(socket) else { return }
        var running: Int32 = 0
        let events = (ready.canRead ? CURL_CSELECT_IN : 0) | (ready.canWrite ? CURL_CSELECT_OUT : 0)
        _ = unsafe curl_multi_socket_action(handle, socket, events, &running)
    }

    /// Lets libcurl do what its timer stands for: start what was added, go on with what was resumed, keep time limits.
    func runDueTimer() {
        guard watch.takeDueTimer() else { return }
        var running: Int32 = 0
        _ = unsafe curl_multi_socket_action(handle, CURL_SOCKET_BAD, 0, &running)
    }

    /// The next transfer that libcurl has finished.
    func nextCompletion() -> (Transfer, CurlOutcome)? {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(handle, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let easy = unsafe message.pointee.easy_handle else {
                continue
            }
            let code = unsafe ccurl_message_result(message)
            var context: UnsafeMutableRawPointer?
            guard unsafe ccurl_get_pointer(easy, CURLINFO_PRIVATE, &context) == CURLE_OK, let context = unsafe context
            else { continue }
            let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            return (transfer, transfer.easy.outcome(of: code))
        }
        return nil
    }
}

/// Owns an easy handle, and what its options point to: the request's body, its header list, the buffer for error texts.
///
/// An option keeps its value until it is set again, and `curl_easy_reset` with some forty options anew costs more than a
/// small exchange; so a handle serves one endpoint, and of each request only what differs from the last one is set.
@safe struct CurlEasy: ~Copyable {
    fileprivate let handle: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private var headers = HeaderList()
    private var body: [UInt8] = []
    private var url = ""
    private var method: (name: String, kind: WireRequest.Kind)?
    private var connectLimit = -1

    init() throws(TransportError) {
        guard let handle = unsafe curl_easy_init() else {
            throw TransportError(.internalFailure, context: "libcurl gave no handle", wasSent: false)
        }
        unsafe self.handle = handle
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        unsafe curl_easy_cleanup(handle)
        unsafe errorText.deallocate()
    }

    /// Sets what holds for all requests to the endpoint; `transfer` and `watch` must outlive the handle.
    func configure(
        _ endpoint: EndpointParts, _ options: TransportOptions, for transfer: Transfer, _ watch: SocketWatch
    ) throws(TransportError) {
        var setter = unsafe CurlOptionSetter(handle: handle)
        setter.setPolicy(options)
        setter.setEndpoint(endpoint.options, isSecure: endpoint.scheme == .https)
        unsafe setter.setErrorText(errorText)
        unsafe setter.setCallbacks(
            Unmanaged.passUnretained(transfer).toOpaque(), Unmanaged.passUnretained(watch).toOpaque())
        guard setter.result == CURLE_OK else { throw Self.refused() }
    }

    /// Sets what differs from the request before.
    mutating func prepare(_ request: WireRequest, connectLimit limit: Int) throws(TransportError) {
        unsafe errorText.pointee = 0
        var setter = unsafe CurlOptionSetter(handle: handle)
        if limit != connectLimit {
            setter.set(CURLOPT_CONNECTTIMEOUT_MS, limit)
            connectLimit = limit
        }
        if request.url != url {
            setter.set(CURLOPT_URL, request.url)
            url = request.url
        }
        if method?.kind != request.kind || method?.name != request.method {
            setter.setMethod(request.method, request.kind)
            method = (request.method, request.kind)
        }
        if headers.set(request.headerBlock) { unsafe setter.setHeaders(headers.first) }
        if request.kind == .post {
            body = request.body
            setter.setBody(body)
        }
        if let signature = request.signature { setter.setSignature(signature) }
        guard setter.result == CURLE_OK else { throw Self.refused() }
    }

    /// Lets go of the request's body.
    mutating func releaseBody() {
        guard !body.isEmpty else { return }
        body = []
        var setter = unsafe CurlOptionSetter(handle: handle)
        setter.setBody(body)
    }

    /// Lets a paused transfer go on.
    func resume() {
        _ = unsafe curl_easy_pause(handle, CURLPAUSE_CONT)
    }

    /// How much of the request body has gone out.
    var uploadedBytes: Int {
        var count: curl_off_t = 0
        _ = unsafe ccurl_get_offset(handle, CURLINFO_SIZE_UPLOAD_T, &count)
        return Int(count)
    }

    /// The address of the connection that was used last; that of the proxy, if there is one.
    var peerAddress: SocketAddress? {
        var text: UnsafeMutablePointer<CChar>?
        guard unsafe ccurl_get_string(handle, CURLINFO_PRIMARY_IP, &text) == CURLE_OK, let text = unsafe text else {
            return nil
        }
        let address = unsafe String(cString: text)
        return SocketAddress(literal: address.contains(":") ? "[\(address)]" : address)
    }

    fileprivate func outcome(of code: CURLcode) -> CurlOutcome {
        guard code != CURLE_OK else { return CurlOutcome(kind: .success, text: "") }
        let detail = unsafe String(cString: errorText)
        let text = unsafe detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        return CurlOutcome(kind: CurlOutcome.Kind(code), text: text)
    }

    private static func refused() -> TransportError {
        TransportError(.internalFailure, context: "libcurl refused an option", wasSent: false)
    }
}

/// A list of header lines as libcurl reads it: its nodes point into the block that holds the lines.
@safe private struct HeaderList: ~Copyable {
    private var block: [UInt8] = []
    private var nodes: UnsafeMutableBufferPointer<curl_slist> = unsafe .init(start: nil, count: 0)

    deinit {
        unsafe nodes.deallocate()
    }

    /// The head of the list.
    var first: UnsafeMutablePointer<curl_slist>? {
        unsafe nodes.baseAddress
    }

    /// Takes the lines, each with a NUL behind it; false if they are those it has.
    mutating func set(_ newBlock: [UInt8]) -> Bool {
        guard newBlock != block else { return false }
        block = newBlock
        let count = block.count { $0 == 0 }
        if unsafe count > nodes.count {
            unsafe nodes.deallocate()
            unsafe nodes = .allocate(capacity: count + 4)
        }
        // The array is not changed while it is held here, so its bytes stay where they are.
        unsafe block.withUnsafeBufferPointer { bytes in
            var start = 0
            for line in 0..<count {
                let text = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress! + start)
                let next = unsafe line + 1 < count ? nodes.baseAddress! + line + 1 : nil
                unsafe nodes.initializeElement(
                    at: line, to: curl_slist(data: text.assumingMemoryBound(to: CChar.self), next: next))
                while unsafe bytes[start] != 0 { start += 1 }
                start += 1
            }
        }
        return true
    }
}
