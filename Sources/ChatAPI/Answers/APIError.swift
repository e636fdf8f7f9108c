/// An error as clients of the API expect it: an HTTP status and `{"error":{"message","type","param","code"}}`.
public struct APIError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The HTTP status, from 400 to 599.
    public let status: Int
    /// What is wrong and what to do, in a sentence; never prompt text or a secret.
    public let message: String
    /// The class of error, such as `invalid_request_error`.
    public let type: String
    /// The request's parameter that is meant, if it is one.
    public let param: String?
    /// The error's stable name, which programs branch on.
    public let code: String?
    /// The seconds after which a retry makes sense, for the `retry-after` header.
    public let retryAfter: Int?

    /// An error of any kind; prefer the constructors below.
    public init(
        status: Int, message: String, type: String, param: String? = nil, code: String? = nil,
        retryAfter: Int? = nil
    ) {
        self.status = status
        self.message = message
        self.type = type
        self.param = param
        self.code = code
        self.retryAfter = retryAfter
    }

    /// Status, code and message.
    public var description: String { "\(status) \(code ?? type): \(message)" }

    /// The response body.
    public var body: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.object("error") { json in
                json.member("message", message)
                json.member("type", type)
                json.member("param", param)
                json.member("code", code)
            }
        }
        return json.bytes
    }

    /// The event that tells the error in a stream that has begun; no `[DONE]` may follow.
    public var event: [UInt8] { SSEWriter.event(data: body) }
}

// Errors in the request: sending it again unchanged does not help.
extension APIError {
    /// 400: the body cannot be read as a chat completion request.
    public init(_ error: RequestError) {
        self = .invalidRequest(error.message, param: error.param, code: error.code.rawValue)
    }

    /// 400: the body is not JSON.
    public init(_ error: JSONError) {
        self.init(RequestError(error))
    }

    /// 400: a parameter, or the request as a whole, cannot be served.
    public static func invalidRequest(_ message: String, param: String? = nil, code: String? = nil) -> APIError {
        APIError(status: 400, message: message, type: "invalid_request_error", param: param, code: code)
    }

    /// 401: no key came with the request.
    public static let missingAPIKey = APIError(
        status: 401, message: "No API key given. Send it as 'Authorization: Bearer KEY'.",
        type: "invalid_request_error", code: "missing_api_key")

    /// 401: the key is not one this gateway knows.
    public static let invalidAPIKey = APIError(
        status: 401, message: "The API key is not valid for this gateway.", type: "invalid_request_error",
        code: "invalid_api_key")

    /// 403: the key is known and may not do this.
    public static func permissionDenied(_ message: String) -> APIError {
        APIError(status: 403, message: message, type: "permission_error", code: "permission_denied")
    }

    /// 404: no such model here.
    public static func modelNotFound(_ model: String) -> APIError {
        modelNotFound(model, advice: "")
    }

    /// 404: no such model here, and nobody to pass the request on to.
    public static func modelNotFoundWithoutUpstream(_ model: String) -> APIError {
        modelNotFound(
            model, advice: " No upstream is configured for other models: give one under `upstreams`, or --upstream.")
    }

    private static func modelNotFound(_ model: String, advice: String) -> APIError {
        APIError(
            status: 404,
            message: "The model '\(model.prefix(200))' does not exist here. GET /v1/models lists those that do."
                + advice,
            type: "invalid_request_error", param: "model", code: "model_not_found")
    }

    /// 404: no such path here.
    public static func routeNotFound(method: String, path: String) -> APIError {
        routeNotFound(method, path, advice: "")
    }

    /// 404: no such path here, and nobody to pass the request on to.
    public static func routeNotFoundWithoutUpstream(method: String, path: String) -> APIError {
        routeNotFound(
            method, path,
            advice: " No upstream is configured to pass it on to: give one under `upstreams`, or --upstream.")
    }

    private static func routeNotFound(_ method: String, _ path: String, advice: String) -> APIError {
        APIError(
            status: 404, message: "Unknown request: \(method.prefix(20)) \(path.prefix(200)).\(advice)",
            type: "invalid_request_error", code: "unknown_url")
    }

    /// 405: the path is known and not this method on it.
    public static func methodNotAllowed(method: String, path: String) -> APIError {
        APIError(
            status: 405, message: "\(method.prefix(20)) is not allowed on \(path.prefix(200)).",
            type: "invalid_request_error", code: "method_not_allowed")
    }

    /// 413: the body is larger than the limit in bytes.
    public static func bodyTooLarge(limit: Int) -> APIError {
        APIError(
            status: 413, message: "The request body is larger than \(limit) bytes.", type: "invalid_request_error",
            code: "request_too_large")
    }
}

// Errors of the service: the same request may succeed later.
extension APIError {
    /// 429: the caller sent more than it may.
    public static func rateLimited(_ message: String, retryAfter: Int? = nil) -> APIError {
        APIError(
            status: 429, message: message, type: "rate_limit_error", code: "rate_limit_exceeded",
            retryAfter: retryAfter)
    }

    /// 429: the caller's budget is used up.
    public static func insufficientQuota(_ message: String) -> APIError {
        APIError(status: 429, message: message, type: "insufficient_quota", code: "insufficient_quota")
    }

    /// 500: a fault of the gateway; details are in its log under the request id.
    public static let internalError = APIError(
        status: 500, message: "The gateway failed on this request. Its log has the reason under the x-request-id.",
        type: "server_error", code: "internal_error")

    /// 502: the upstream could not be reached, or broke off.
    public static func upstreamUnavailable(_ message: String = "The upstream could not be reached.") -> APIError {
        APIError(status: 502, message: message, type: "server_error", code: "upstream_unavailable")
    }

    /// 503: too many requests are waiting, or the gateway is stopping.
    public static func overloaded(
        _ message: String = "The gateway is at its limit. Try again shortly.", retryAfter: Int? = 1
    ) -> APIError {
        APIError(status: 503, message: message, type: "server_error", code: "overloaded", retryAfter: retryAfter)
    }

    /// 504: the upstream did not answer in time.
    public static func upstreamTimeout(_ message: String = "The upstream did not answer in time.") -> APIError {
        APIError(status: 504, message: message, type: "server_error", code: "upstream_timeout")
    }
}
