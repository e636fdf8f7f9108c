internal import CCurl

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

extension CurlOutcome.Kind {
    init(_ code: CURLcode) {
        self =
            switch code {
            case CURLE_OK: .success
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case CURLE_OUT_OF_MEMORY: .tooLarge
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .failed(.dns)
            case CURLE_COULDNT_CONNECT, CURLE_PROXY: .failed(.connect)
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
                CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
                CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_ENGINE_INITFAILED:
                .failed(.tls)
            case CURLE_PARTIAL_FILE: .failed(.earlyEnd)
            case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_HTTP2_STREAM, CURLE_SEND_FAIL_REWIND:
                .failed(.reset)
            case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2, CURLE_BAD_CONTENT_ENCODING,
                CURLE_WRITE_ERROR:
                .failed(.protocolViolation)
            case CURLE_URL_MALFORMAT: .failed(.badURL)
            default: .failed(.internalFailure)
            }
    }
}
