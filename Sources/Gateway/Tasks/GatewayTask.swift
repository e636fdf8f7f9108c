public import Experimentation
public import PromptSchema

/// A task as the gateway serves it: its schema, who answers in full, who answers tuned, and whether that may be.
public struct GatewayTask: Sendable {
    /// The tuned model of a task.
    public struct Tuned: Sendable {
        /// The backend's name.
        public var backend: String
        /// The model to ask there: the adapter's name.
        public var model: String
        /// How long it may take before the full prompt is sent instead.
        public var limits: BackendRequest.Limits

        /// Names a tuned model.
        public init(
            backend: String, model: String, limits: BackendRequest.Limits = .init(firstByte: .seconds(20))
        ) {
            self.backend = backend
            self.model = model
            self.limits = limits
        }
    }

    /// The model that gets full prompts.
    public struct Full: Sendable {
        /// The backend's name.
        public var backend: String
        /// The model to ask there; nil asks the one the client named, and leaves its bytes as they are.
        public var model: String?

        /// Names a model.
        public init(backend: String, model: String? = nil) {
            self.backend = backend
            self.model = model
        }
    }

    /// The schema; its id is the task's name.
    public let schema: Schema
    /// Who answers full prompts.
    public let full: Full
    /// Who answers stripped prompts; nil if nobody does yet.
    public let tuned: Tuned?
    /// Whether prompts may be stripped.
    public let manifest: ManifestCheck
    /// Counts prompts as the tuned model reads them; nil estimates.
    public let counter: PromptCounter?
    /// The mode in the configuration.
    public let initialMode: Mode
    /// Keeps requests from a tuned model that fails.
    public let breaker: CircuitBreaker

    /// Makes a task.
    public init(
        schema: Schema, full: Full, tuned: Tuned? = nil, manifest: ManifestCheck = .missing,
        counter: PromptCounter? = nil, initialMode: Mode, breaker: CircuitBreaker = CircuitBreaker()
    ) {
        self.schema = schema
        self.full = full
        self.tuned = tuned
        self.manifest = manifest.fitting(schema)
        self.counter = counter
        self.initialMode = initialMode
        self.breaker = breaker
    }

    /// The task's name.
    public var name: String { schema.id }

    /// What the tuned model still needs of a prompt: the query, and at an intermediate stage cuts of the template and
    /// the last examples. Nil if that cannot be cut out of this request.
    func strip(_ prompt: RecognizedPrompt, from messages: [PromptMessage]) -> StrippedPrompt? {
        guard case .matches(let manifest) = manifest, let plan = manifest.stage.plan else {
            return PromptSchema.strip(prompt, from: messages)
        }
        return PromptSchema.strip(prompt, from: messages, keeping: plan, of: schema)
    }

    /// Whether the mode may lead to stripping.
    var mayStrip: Bool { tuned != nil && manifest.isMatch }
}
