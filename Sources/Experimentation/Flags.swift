/// The switches as they stand at one moment: a value, so that one request sees one state throughout.
public struct Flags: Sendable, Hashable, Codable {
    /// True sends every request in full, whatever the tasks' modes say.
    public var killSwitch: Bool
    /// The modes that have been set, by task.
    public var modes: [String: Mode]

    /// Makes a state.
    public init(killSwitch: Bool = false, modes: [String: Mode] = [:]) {
        self.killSwitch = killSwitch
        self.modes = modes
    }

    /// The task's mode; `off` for a task that has none.
    public func mode(of task: String) -> Mode {
        modes[task] ?? .off
    }
}
