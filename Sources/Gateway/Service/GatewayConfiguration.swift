public import ChatAPI
public import Ledger

/// What a gateway serves and how.
public struct GatewayConfiguration: Sendable {
    /// A model name of the gateway's own, for requests that belong to no task.
    public struct ModelRoute: Sendable, Hashable {
        /// The name that clients send as `model`.
        public var name: String
        /// The backend that answers.
        public var backend: String
        /// The model to ask there; nil keeps the client's name.
        public var model: String?

        /// Makes a route.
        public init(name: String, backend: String, model: String? = nil) {
            self.name = name
            self.backend = backend
            self.model = model
        }
    }

    /// The tasks.
    public var tasks: [GatewayTask]
    /// The model names of the gateway's own.
    public var routes: [ModelRoute]
    /// What goes elsewhere by model pattern, task or length; the first rule that applies holds.
    public var rules: [RoutingRule]
    /// The backend for everything that no task and no route takes; nil refuses it.
    public var defaultBackend: String?
    /// The prices.
    public var prices: PriceTable
    /// The kill switch in the configuration.
    public var killSwitch: Bool
    /// Whether streams that go in full are asked for a usage chunk, which the client does not see unless it asked too.
    ///
    /// False leaves the client's bytes as they are; a stream's tokens are then estimated unless the client asked.
    public var addsStreamUsage: Bool
    /// The request header that names the sticky key, in lower case.
    public var stickyHeader: String
    /// The limits of request bodies' JSON.
    public var jsonLimits: JSONLimits
    /// Whether requests are refused while the ledger cannot be written; else they are answered without a row.
    public var rejectsWithoutLedger: Bool

    /// How many tokens of an answer are set aside for a caller with limits whose request does not say `max_tokens`.
    public var reserveTokens = 1024

    /// Makes a configuration.
    public init(
        tasks: [GatewayTask] = [], routes: [ModelRoute] = [], rules: [RoutingRule] = [],
        defaultBackend: String? = nil,
        prices: PriceTable = PriceTable(), killSwitch: Bool = false, addsStreamUsage: Bool = false,
        stickyHeader: String = GatewayHeader.stickyKey, jsonLimits: JSONLimits = JSONLimits(),
        rejectsWithoutLedger: Bool = false
    ) {
        self.tasks = tasks
        self.routes = routes
        self.rules = rules
        self.defaultBackend = defaultBackend
        self.prices = prices
        self.killSwitch = killSwitch
        self.addsStreamUsage = addsStreamUsage
        self.stickyHeader = stickyHeader
        self.jsonLimits = jsonLimits
        self.rejectsWithoutLedger = rejectsWithoutLedger
    }
}
