/// What the engine refuses, and why.
public enum EngineError: Error, Sendable, CustomStringConvertible {
    /// OpenBLAS is missing or unusable; the text says what to install.
    case openBLAS(String)
    /// A file cannot be read: its path and the reason.
    case unreadable(file: String, reason: String)
    /// A file is not what its name says: where, and what was expected.
    case malformed(file: String, at: String, reason: String)
    /// A file asks for something that the engine does not do; the text names it.
    case unsupported(file: String, what: String)
    /// A request does not fit the model: the text gives the limit and the request's size.
    case limit(String)
    /// The engine takes no request now: its queue is full or it is shutting down. The same request may work later.
    case busy(String)
    /// What a model computed is no number; the text says what to look at.
    case numbers(String)
    /// An answer cannot become what the request demands of it; the text says why.
    case constraint(String)
    /// No adapter is registered under this name.
    case unknownAdapter(String)

    /// One sentence: where, what was wrong, what to do.
    public var description: String {
        switch self {
        case .openBLAS(let reason): reason
        case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
        case .malformed(let file, let place, let reason): "\(file): \(place): \(reason)"
        case .unsupported(let file, let what): "\(file): not supported: \(what)"
        case .limit(let text), .busy(let text), .numbers(let text), .constraint(let text): text
        case .unknownAdapter(let name): "no adapter is registered under the name \(name.prefix(120).debugDescription)"
        }
    }
}
