// This is the only file that touches libcurl: the owners of its handles, its callbacks, and its result codes.

internal import CCurl
import Foundation

/// libcurl's result for a transfer.
struct CurlOutcome {
    enum Kind {
        case success
        case timeout
        case tooLarge
        case failed(TransportError.Code)
    }

    let kind: Kind
    /// libcurl's own words; they name addresses, never request content.
    let text: String
}

/// Owns a multi handle: the connections and the transfers under way. Belongs to one thread.
///
/// It is driven by sockets that are ready (`curl_multi_socket_action`). The simpler `curl_multi_poll` and
/// `curl_multi_perform` make a system call for each open transfer in every turn, however few of them have news.
@safe struct CurlMulti: ~Copyable {
    private let handle: UnsafeMutableRawPointer
    private let watch: SocketWatch

    private static let libraryResult = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    init(idleConnections: Int, _ readiness: ReadinessQueue) throws(TransportError) {
        guard Self.libraryResult == CURLE_OK, let handle = unsafe curl_multi_init() else {
            throw TransportError(.internalFailure, context: "libcurl cannot be set up", wasSent: false)
        }
        unsafe self.handle = handle
        watch = SocketWatch(readiness)
        let context = unsafe Unmanaged.passUnretained(watch).toOpaque()
        _ = unsafe ccurl_multi_set_long(handle, CURLMOPT_MAXCONNECTS, max(1, idleConnections))
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

    /// Sleeps until a socket is ready, libcurl's timer or `limit` has run out, or the queue is woken; then lets libcurl
    /// work on what is ready.
    func turn(sleepingAtMost limit: Duration) {
        var running: Int32 = 0
        for (socket, ready) in watch.wait(atMost: limit) {
            let events = (ready.canRead ? CURL_CSELECT_IN : 0) | (ready.canWrite ? CURL_CSELECT_OUT : 0)
            _ = unsafe curl_multi_socket_action(handle, socket, events, &running)
        }
        runDueTimer()
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

/// Owns an easy handle, the header list it points to and the buffer it writes its error text to.
@safe struct CurlEasy: ~Copyable {
    fileprivate let handle: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private var headerList: UnsafeMutablePointer<curl_slist>?

    /// Bodies up to this size are copied into libcurl, which then sends them in one write with the header block.
    private static let copiedBodyLimit = 64 * 1024

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
        unsafe curl_slist_free_all(headerList)
        unsafe errorText.deallocate()
    }

    /// Forgets every option; connections, sessions and resolved names stay with the multi handle.
    mutating func reset() {
        unsafe curl_easy_reset(handle)
        unsafe curl_slist_free_all(headerList)
        unsafe headerList = nil
        unsafe errorText.pointee = 0
    }

    /// Sets every option of an exchange; `transfer` must outlive it.
    mutating func prepare(
        _ request: WireRequest, _ limits: TransportLimits, _ options: TransportOptions, for transfer: Transfer
    ) throws(TransportError) {
        for line in request.headerLines {
            guard let list = unsafe curl_slist_append(headerList, line) else { throw Self.refused() }
            unsafe headerList = list
        }
        var setter = unsafe OptionSetter(handle: handle)
        setter.setPolicy(options)
        setter.setLimits(limits)
        setter.setRequest(request, copiesBody: request.body.count <= Self.copiedBodyLimit)
        unsafe setter.note(ccurl_set_list(handle, CURLOPT_HTTPHEADER, headerList))
        unsafe setter.note(ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText))
        unsafe setter.setCallbacks(Unmanaged.passUnretained(transfer).toOpaque())
        guard setter.result == CURLE_OK else { throw Self.refused() }
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

    fileprivate func outcome(of code: CURLcode) -> CurlOutcome {
        let detail = unsafe String(cString: errorText)
        let text = unsafe detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        return CurlOutcome(kind: CurlOutcome.Kind(code), text: text)
    }

    private static func refused() -> TransportError {
        TransportError(.internalFailure, context: "libcurl refused an option", wasSent: false)
    }
}

/// Sets options and keeps the first failure.
@safe private struct OptionSetter {
    let handle: UnsafeMutableRawPointer
    private(set) var result = CURLE_OK

    init(handle: UnsafeMutableRawPointer) {
        unsafe self.handle = handle
    }

    mutating func note(_ code: CURLcode) {
        if result == CURLE_OK { result = code }
    }

    private mutating func set(_ option: CURLoption, _ value: Int) {
        unsafe note(ccurl_set_long(handle, option, value))
    }

    private mutating func set(_ option: CURLoption, _ value: String) {
        unsafe note(ccurl_set_string(handle, option, value))
    }

    mutating func setPolicy(_ options: TransportOptions) {
        set(CURLOPT_NOSIGNAL, 1)
        // Else giving up a name lookup would hold up every transfer until the resolver has answered.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_PROXY, "")
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_TCP_NODELAY, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_MAXAGE_CONN, max(1, options.idleConnectionAge.milliseconds / 1000))
        set(CURLOPT_HTTP_VERSION, options.allowsHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1)
        if let file = options.certificateAuthorities {
            set(CURLOPT_CAINFO, file)
            unsafe note(ccurl_set_string(handle, CURLOPT_CAPATH, nil))
        }
    }

    mutating func setLimits(_ limits: TransportLimits) {
        set(CURLOPT_CONNECTTIMEOUT_MS, limits.connect.milliseconds)
        set(CURLOPT_TIMEOUT_MS, limits.total.milliseconds)
    }

    mutating func setRequest(_ request: WireRequest, copiesBody: Bool) {
        set(CURLOPT_URL, request.url)
        switch request.kind {
        case .get: set(CURLOPT_HTTPGET, 1)
        case .head: set(CURLOPT_NOBODY, 1)
        case .custom: set(CURLOPT_CUSTOMREQUEST, request.method)
        case .post:
            set(CURLOPT_POST, 1)
            if request.method != "POST" { set(CURLOPT_CUSTOMREQUEST, request.method) }
            unsafe note(ccurl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count)))
            if copiesBody {
                let code = unsafe request.body.withUnsafeBytes { bytes in
                    unsafe ccurl_set_pointer(
                        handle, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress))
                }
                note(code)
            }
        }
    }

    mutating func setCallbacks(_ context: UnsafeMutableRawPointer) {
        unsafe note(ccurl_set_pointer(handle, CURLOPT_PRIVATE, context))
        unsafe note(ccurl_set_pointer(handle, CURLOPT_PREREQDATA, context))
        unsafe note(ccurl_set_prereq_function(handle, prereqCallback))
        unsafe note(ccurl_set_pointer(handle, CURLOPT_HEADERDATA, context))
        unsafe note(ccurl_set_data_function(handle, CURLOPT_HEADERFUNCTION, headerCallback))
        unsafe note(ccurl_set_pointer(handle, CURLOPT_WRITEDATA, context))
        unsafe note(ccurl_set_data_function(handle, CURLOPT_WRITEFUNCTION, writeCallback))
        unsafe note(ccurl_set_pointer(handle, CURLOPT_READDATA, context))
        unsafe note(ccurl_set_data_function(handle, CURLOPT_READFUNCTION, readCallback))
        unsafe note(ccurl_set_pointer(handle, CURLOPT_SEEKDATA, context))
        unsafe note(ccurl_set_seek_function(handle, seekCallback))
    }
}

// MARK: Callbacks

private typealias Context = UnsafeMutableRawPointer

private func transfer(_ context: Context?) -> Transfer? {
    guard let context = unsafe context else { return nil }
    return unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
}

private let socketCallback: curl_socket_callback = { _, socket, what, context, _ in
    guard let context = unsafe context else { return -1 }
    let watch = unsafe Unmanaged<SocketWatch>.fromOpaque(context).takeUnretainedValue()
    let wanted = Readiness(
        canRead: what == CURL_POLL_IN || what == CURL_POLL_INOUT,
        canWrite: what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
    watch.set(socket, what == CURL_POLL_REMOVE ? nil : wanted)
    return 0
}

private let timerCallback: curl_multi_timer_callback = { _, milliseconds, context in
    guard let context = unsafe context else { return -1 }
    unsafe Unmanaged<SocketWatch>.fromOpaque(context).takeUnretainedValue().setTimer(milliseconds)
    return 0
}

private let prereqCallback: curl_prereq_callback = { context, _, _, _, _ in
    unsafe transfer(context)?.connected() == true ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

private let headerCallback: ccurl_data_function = { bytes, size, count, context in
    let line = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    let taken = unsafe transfer(context)?.receive(headerLine: line.bindMemory(to: UInt8.self).span)
    return taken == true ? size * count : Int(CURL_WRITEFUNC_ERROR)
}

private let writeCallback: ccurl_data_function = { bytes, size, count, context in
    let chunk = unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: size * count))
    switch unsafe transfer(context)?.receive(chunk) {
    case .taken: return size * count
    case .pause: return Int(CURL_WRITEFUNC_PAUSE)
    case .abort, nil: return Int(CURL_WRITEFUNC_ERROR)
    }
}

private let readCallback: ccurl_data_function = { bytes, size, count, context in
    guard let transfer = unsafe transfer(context), let bytes = unsafe bytes else { return Int(CURL_READFUNC_ABORT) }
    let slice = transfer.nextBodySlice(size * count)
    unsafe UnsafeMutableRawBufferPointer(start: bytes, count: size * count).copyBytes(from: slice)
    return slice.count
}

private let seekCallback: curl_seek_callback = { context, offset, origin in
    guard origin == SEEK_SET, unsafe transfer(context)?.rewindBody(to: Int(offset)) == true else {
        return CURL_SEEKFUNC_FAIL
    }
    return CURL_SEEKFUNC_OK
}

// MARK: Result codes

extension CurlOutcome.Kind {
    fileprivate init(_ code: CURLcode) {
        self =
            switch code {
            case CURLE_OK: .success
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case CURLE_OUT_OF_MEMORY: .tooLarge
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .failed(.dns)
            case CURLE_COULDNT_CONNECT: .failed(.connect)
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
                CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
                CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_ENGINE_INITFAILED:
                .failed(.tls)
            case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_HTTP2_STREAM,
                CURLE_SEND_FAIL_REWIND:
                .failed(.reset)
            case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2, CURLE_BAD_CONTENT_ENCODING,
                CURLE_WRITE_ERROR:
                .failed(.protocolViolation)
            case CURLE_URL_MALFORMAT: .failed(.badURL)
            default: .failed(.internalFailure)
            }
    }
}
