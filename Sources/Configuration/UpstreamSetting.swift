/// A server or API that speaks the OpenAI protocol, or nearly so.
public struct UpstreamSetting: Sendable, Hashable {
    /// Whose paths and credentials it wants.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The OpenAI API's.
        case openai
        /// Azure OpenAI's: deployments and `api-version`.
        case azure
        /// Amazon Bedrock's OpenAI-compatible runtime: AWS signatures.
        case bedrock
    }

    /// How it is told what an answer must be.
    public enum StructuredOutputs: String, Sendable, Hashable, CaseIterable {
        /// Not at all.
        case none
        /// By the OpenAI API's `response_format`.
        case responseFormat = "response_format"
        /// By vLLM's own field.
        case vllm
        /// By llama.cpp's own fields.
        case llamaCpp = "llama_cpp"
    }

    /// The name that tasks refer to.
    public var name: String
    /// Whose paths and credentials it wants.
    public var kind = Kind.openai
    /// The base URLs of its endpoints, with their `/v1`; at least one.
    public var baseURLs: [String]
    /// Sent in place of the client's own key.
    public var key: Secret?
    /// What a client's model name becomes on the way out.
    public var modelMap: [String: String]
    /// Azure: the API's version.
    public var apiVersion: String?
    /// Azure: the deployment of each model; empty if deployments are named like their models.
    public var deployments: [String: String] = [:]
    /// Bedrock: the credentials and their region.
    public var aws: AWSSetting?
    /// How connections are made.
    public var connection = ConnectionSetting()
    /// The time limits that differ from those of `limits`.
    public var connect, firstByte, idle, total: Double?
    /// When an endpoint is left alone.
    public var breaker = BreakerSetting()
    /// What is tried again.
    public var retry = RetrySetting()
    /// Whether answers with status 500 and above become a 502 of the gateway's own.
    public var hidesServerErrors = false
    /// How it is told what an answer must be.
    public var structuredOutputs = StructuredOutputs.none
    /// Whether what it caches of prompts is kept apart by caller, by vLLM's `cache_salt`.
    public var saltsCache = false

    /// A server at one address.
    public init(name: String, baseURL: String, key: Secret? = nil, modelMap: [String: String] = [:]) {
        self.name = name
        baseURLs = [baseURL]
        self.key = key
        self.modelMap = modelMap
    }

    /// The base URLs, with commas between them.
    public var baseURL: String { baseURLs.joined(separator: ", ") }
}

/// What signs requests for AWS.
public struct AWSSetting: Sendable, Hashable {
    /// The region, such as `eu-central-1`.
    public var region: String
    /// The access key's identifier.
    public var accessKey: Secret
    /// The secret that belongs to it.
    public var secretKey: Secret
    /// The token of temporary credentials.
    public var sessionToken: Secret?
}

/// How connections to an upstream are made.
public struct ConnectionSetting: Sendable, Hashable {
    /// A PEM file with the only authorities to trust.
    public var authorities: String?
    /// A PEM file with the certificate shown to the upstream.
    public var certificate: String?
    /// A PEM file with that certificate's key.
    public var certificateKey: String?
    /// The proxy's address; it may hold a password.
    public var proxy: Secret?
    /// Whether HTTP/2 is used where the upstream offers it.
    public var allowsHTTP2 = true
    /// Whether only TLS 1.3 is taken.
    public var needsTLS13 = false
    /// Whether link-local addresses may be connected to.
    public var allowsLinkLocal = false

    /// The defaults.
    public init() {}
}

/// When an endpoint is left alone, and for how long.
public struct BreakerSetting: Sendable, Hashable {
    /// How many failures open the breaker; 0 never does.
    public var failures = 5
    /// Among how many of the last requests.
    public var window = 20
    /// For how many seconds.
    public var rest = 30.0

    /// The defaults.
    public init() {}
}

/// What of an upstream's failures is tried again.
public struct RetrySetting: Sendable, Hashable {
    /// A kind of failure.
    public enum Condition: String, Sendable, Hashable, CaseIterable {
        /// Nobody was reached: nothing was sent.
        case connect
        /// The connection broke before an answer.
        case reset
        /// No answer began in time.
        case timeout
        /// Status 429.
        case rateLimit = "429"
        /// Status 500 and above.
        case serverError = "5xx"
    }

    /// How many times after the first.
    public var attempts = 2
    /// After which failures.
    public var conditions: [Condition] = [.connect]

    /// The defaults.
    public init() {}
}

/// Sends requests to a backend of its own; all conditions that are set must hold.
public struct RoutingSetting: Sendable, Hashable {
    /// A pattern for the client's model name.
    public var model: String?
    /// The name of the task whose full prompts are meant.
    public var task: String?
    /// The most tokens of the prompt.
    public var maxPromptTokens: Int?
    /// Who answers.
    public var to: TaskSetting.Target
}

/// A model name of the gateway's own.
public struct AliasSetting: Sendable, Hashable {
    /// The name that clients send.
    public var name: String
    /// Who answers, and the model to ask there.
    public var to: TaskSetting.Target
}
