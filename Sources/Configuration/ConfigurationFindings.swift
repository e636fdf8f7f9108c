/// What is wrong with a configuration, collected in one pass, so that all of it is told at once.
public final class ConfigurationFindings {
    /// The errors so far, in the order in which they were found.
    public private(set) var errors: [ConfigurationError] = []
    /// The line of each key that was read, by its path.
    private(set) var lines: [String: Int] = [:]
    /// The keys that may stand in each mapping that was read, by its path.
    private(set) var keys: [String: [String]] = [:]

    /// Nothing found yet.
    public init() {}

    /// Notes an error, with those that it brings along; one that was noted before is left out.
    public func add(_ error: ConfigurationError) {
        for error in error.all where !errors.contains(error) { errors.append(error) }
    }

    /// Reads a part; if it is wrong, that is noted, and the result is nil.
    public func part<Value>(_ read: () throws(ConfigurationError) -> Value) -> Value? {
        do throws(ConfigurationError) {
            return try read()
        } catch {
            add(error)
            return nil
        }
    }

    /// Throws what was found, if anything was.
    public func check() throws(ConfigurationError) {
        guard var first = errors.first else { return }
        first.others = Array(errors.dropFirst())
        throw first
    }

    func note(keys: [String], of mapping: String) { self.keys[mapping] = keys }

    func note(line: Int?, of key: String) {
        if let line { lines[key] = line }
    }
}
