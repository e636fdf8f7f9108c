/// Which way a request was answered; the raw value is the name in the ledger, the headers and the metrics.
public enum Arm: String, Sendable, Hashable, Codable, CaseIterable {
    /// The tuned model answered what was left after the internalized part was taken out.
    case internalized
    /// A request of a known task went to the full-prompt backend, with its original bytes.
    case fullPrompt = "full_prompt"
    /// A request of no task was forwarded with its original bytes.
    case passthrough
}
