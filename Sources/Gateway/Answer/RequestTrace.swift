/// How a request went through the gateway, for the operator's log: names of the configuration, hashes and times only.
public struct RequestTrace: Sendable {
    /// The backend that was asked last.
    public let backend: String
    /// The fingerprint of the schema that the prompt was recognized by, if it was.
    public let schemaFingerprint: String?
    /// From the request's head to the moment it was handed to its first backend.
    public let overhead: Duration

    init(_ attempt: Attempt, overhead: Duration) {
        backend = attempt.backend
        schemaFingerprint = attempt.schemaFingerprint
        self.overhead = overhead
    }
}
