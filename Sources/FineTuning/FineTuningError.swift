/// Why a fine-tuning at a provider stopped. No text holds the key or a row of the data.
public enum FineTuningError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The provider refused a request: status, its code if any, and its message.
    case refused(request: String, status: Int, code: String?, message: String)
    /// The provider could not be reached, or stopped answering, although the request was tried again.
    case unreachable(request: String, reason: String)
    /// The provider's answer is not what its reference describes.
    case malformed(request: String, reason: String)
    /// The provider says that a job failed.
    case failed(job: String, reason: String)
    /// Somebody cancelled a job at the provider.
    case cancelled(job: String)
    /// The state file cannot be used.
    case state(path: String, reason: String)

    /// One sentence: what was asked, what came back, what to do.
    public var description: String {
        switch self {
        case .refused(let request, let status, let code, let message):
            "\(request): the provider answered \(status)\(code.map { " (\($0))" } ?? ""): \(message)"
        case .unreachable(let request, let reason):
            "\(request): \(reason); run the command again to go on from here"
        case .malformed(let request, let reason): "\(request): \(reason); check that the address is the provider's"
        case .failed(let job, let reason): "\(job) failed: \(reason); run the command again for a new job of this stage"
        case .cancelled(let job): "\(job) was cancelled; run the command again for a new job of this stage"
        case .state(let path, let reason): "\(path): \(reason)"
        }
    }
}
