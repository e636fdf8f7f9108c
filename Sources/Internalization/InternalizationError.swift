/// What the pipeline refuses, and what to do about it.
public enum InternalizationError: Error, Sendable, CustomStringConvertible {
    /// A file cannot be read or written.
    case file(path: String, reason: String)
    /// A row of a data file is not usable.
    case row(path: String, line: Int, reason: String)
    /// A setting cannot work; the text names it and its limits.
    case setting(String)
    /// A run folder belongs to another recipe.
    case run(folder: String, reason: String)
    /// Promotion was refused; the text lists the thresholds that do not hold.
    case refused(String)

    /// One sentence: where, what was wrong, what to do.
    public var description: String {
        switch self {
        case .file(let path, let reason): "\(path): \(reason)"
        case .row(let path, let line, let reason): "\(path):\(line): \(reason)"
        case .setting(let text): text
        case .run(let folder, let reason): "\(folder): \(reason)"
        case .refused(let text): "not promoted: \(text)"
        }
    }
}
