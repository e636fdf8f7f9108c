internal import CCurl

/// Sets an easy handle's options and keeps the first failure.
@safe struct CurlOptionSetter {
    private let handle: UnsafeMutableRawPointer
    private(set) var result = CURLE_OK

    init(handle: UnsafeMutableRawPointer) {
        unsafe self.handle = handle
    }

    private mutating func note(_ code: CURLcode) {
        if result == CURLE_OK { result = code }
    }

    mutating func set(_ option: CURLoption, _ value: Int) {
        unsafe note(ccurl_set_long(handle, option, value))
    }

    mutating func set(_ option: CURLoption, _ value: String?) {
        unsafe note(ccurl_set_string(handle, option, value))
    }

    /// What holds for every exchange.
    mutating func setPolicy(_ options: TransportOptions) {
        set(CURLOPT_NOSIGNAL, 1)
        // Else giving up a name lookup would hold up every transfer until the resolver has answered.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_TCP_NODELAY, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_HTTP09_ALLOWED, 0)
        set(CURLOPT_BUFFERSIZE, 16 * 1024)
        set(CURLOPT_MAXAGE_CONN, max(1, options.idleConnectionAge.milliseconds / 1000))
        set(CURLOPT_MAXLIFETIME_CONN, max(1, options.connectionAge.milliseconds / 1000))
    }

    /// What holds for every exchange with one endpoint.
    mutating func setEndpoint(_ options: EndpointOptions, isSecure: Bool) {
        let usesHTTP2 = options.allowsHTTP2 && isSecure
        set(CURLOPT_HTTP_VERSION, usesHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1)
        set(CURLOPT_SSLVERSION, options.minimumTLS == .tls13 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2)
        if let file = options.certificateAuthorities {
            set(CURLOPT_CAINFO, file)
            set(CURLOPT_CAPATH, nil)
        }
        if let client = options.clientCertificate {
            set(CURLOPT_SSLCERT, client.certificate)
            set(CURLOPT_SSLKEY, client.key)
        }
        // The empty text also keeps libcurl from asking the environment.
        set(CURLOPT_PROXY, options.proxy?.fullURL ?? "")
        set(CURLOPT_NOPROXY, "")
        if options.proxy?.scheme == .https, let file = options.certificateAuthorities {
            set(CURLOPT_PROXY_CAINFO, file)
        }
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    }

    mutating func setErrorText(_ buffer: UnsafeMutablePointer<CChar>) {
        unsafe note(ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, buffer))
    }

    mutating func setMethod(_ method: String, _ kind: WireRequest.Kind) {
        switch kind {
        case .get, .custom: set(CURLOPT_HTTPGET, 1)
        case .head: set(CURLOPT_NOBODY, 1)
        case .post: set(CURLOPT_POST, 1)
        }
        let isImplied = kind == .get || kind == .head || kind == .post && method == "POST"
        set(CURLOPT_CUSTOMREQUEST, isImplied ? nil : method)
    }

    mutating func setHeaders(_ list: UnsafeMutablePointer<curl_slist>?) {
        unsafe note(ccurl_set_list(handle, CURLOPT_HTTPHEADER, list))
    }

    /// Points libcurl at the body; the caller must hold the array, unchanged, until the exchange is over.
    mutating func setBody(_ body: [UInt8]) {
        unsafe note(ccurl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
        // An array that nobody changes keeps its bytes where they are.
        let code = unsafe body.withUnsafeBytes { bytes in
            unsafe ccurl_set_pointer(handle, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress))
        }
        note(code)
    }

    mutating func setSignature(_ signature: AWSSignature) {
        set(CURLOPT_AWS_SIGV4, signature.scope)
        set(CURLOPT_USERNAME, signature.accessKey)
        set(CURLOPT_PASSWORD, signature.secretKey)
    }

    mutating func setCallbacks(_ transfer: UnsafeMutableRawPointer, _ watch: UnsafeMutableRawPointer) {
        unsafe note(ccurl_set_pointer(handle, CURLOPT_PRIVATE, transfer))
        unsafe note(ccurl_set_pointer(handle, CURLOPT_PREREQDATA, transfer))
        unsafe note(ccurl_set_prereq_function(handle, prereqCallback))
        unsafe note(ccurl_set_pointer(handle, CURLOPT_HEADERDATA, transfer))
        unsafe note(ccurl_set_data_function(handle, CURLOPT_HEADERFUNCTION, headerCallback))
        unsafe note(ccurl_set_pointer(handle, CURLOPT_WRITEDATA, transfer))
        unsafe note(ccurl_set_data_function(handle, CURLOPT_WRITEFUNCTION, writeCallback))
        unsafe note(ccurl_set_pointer(handle, CURLOPT_OPENSOCKETDATA, transfer))
        unsafe note(ccurl_set_open_socket_function(handle, openSocketCallback))
        unsafe note(ccurl_set_pointer(handle, CURLOPT_CLOSESOCKETDATA, watch))
        unsafe note(ccurl_set_close_socket_function(handle, closeSocketCallback))
    }
}
