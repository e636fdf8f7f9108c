import ChatAPI
import Gateway

/// What a listener answers: the first route that fits wins, and what fits none is 404, or 405 if only the method is
/// wrong.
struct RouteTable: Sendable {
    /// Who may use a route.
    enum Access: String, Sendable {
        /// Anybody who can connect.
        case open
        /// Whoever presents a client key, if there are any.
        case key
    }

    /// Answers a request; the parameters are the path's `{name}` parts, percent-decoded.
    typealias Handler = @Sendable (_ request: Received, _ parameters: [String: String]) async -> ClientReply

    final class Route: Sendable {
        /// The method, or `*` for every one but `TRACE` and `CONNECT`. `GET` answers `HEAD` too.
        let method: String
        /// The path's pattern as it is written down.
        let pattern: String
        let path: PathPattern
        let access: Access
        let isHealthCheck: Bool
        let handler: Handler

        init(
            _ method: String, _ path: String, access: Access = .key, isHealthCheck: Bool = false,
            handler: @escaping Handler
        ) {
            self.method = method
            pattern = path
            self.path = PathPattern(path)
            self.access = access
            self.isHealthCheck = isHealthCheck
            self.handler = handler
        }

        func takes(method other: String) -> Bool {
            if method == "*" { return !Self.unforwarded.contains { FieldName.matches($0, other) } }
            return method == other || method == "GET" && other == "HEAD"
        }

        /// What answers `TRACE` shows what it was sent, and so the upstream's key; `CONNECT` asks for a tunnel.
        private static let unforwarded = ["TRACE", "CONNECT"]
    }

    /// A route with the parameters of one path.
    struct Match: Sendable {
        let route: Route
        let parameters: [String: String]
    }

    let routes: [Route]
    /// Whether requests of web pages, which say where they come from, are refused, all but questions for health.
    let refusesPages: Bool
    /// The routes of one path each, which are found without reading the path part by part.
    private let exact: [String: [Route]]

    init(_ routes: [Route], refusesPages: Bool = false) {
        self.routes = routes
        self.refusesPages = refusesPages
        exact = Dictionary(
            grouping: routes.filter { !$0.pattern.contains("{") && !$0.pattern.contains("*") }, by: \.pattern)
    }

    /// The route of a request, or the error to answer with. The target is as the client sent it.
    func match(method: String, target: String) -> Result<Match, APIError> {
        if let route = exact[target]?.first(where: { $0.takes(method: method) }) {
            return .success(Match(route: route, parameters: [:]))
        }
        let path = target.prefix { $0 != "?" }
        var pathIsKnown = false
        for route in routes {
            guard let parameters = route.path.match(path) else { continue }
            pathIsKnown = true
            if route.takes(method: method) { return .success(Match(route: route, parameters: parameters)) }
        }
        let shown = String(path)
        return .failure(
            pathIsKnown
                ? .methodNotAllowed(method: method, path: shown) : .routeNotFound(method: method, path: shown))
    }
}
