public import Foundation

/// One audited change of a task's mode or of the global kill switch.
public struct ModeChange: Sendable, Equatable {
    /// What was changed.
    public enum Subject: Sendable, Hashable {
        /// The mode of a task.
        case task(String)
        /// The global kill switch; its values are `on` and `off`.
        case killSwitch
    }

    /// When.
    public var time: Date
    /// What was changed.
    public var subject: Subject
    /// The text form before the change.
    public var old: String
    /// The text form after it.
    public var new: String
    /// Who asked for it, such as the admin listener's peer.
    public var who: String

    /// Makes a change.
    public init(time: Date, subject: Subject, old: String, new: String, who: String) {
        self.time = time
        self.subject = subject
        self.old = old
        self.new = new
        self.who = who
    }
}

/// The modes as the last changes left them; a task that never was changed is not in it.
public struct ModeSnapshot: Sendable, Equatable {
    /// The last text form by task.
    public var modes: [String: String]
    /// The kill switch, nil if it never was changed.
    public var killSwitch: Bool?

    /// Makes a snapshot.
    public init(modes: [String: String] = [:], killSwitch: Bool? = nil) {
        self.modes = modes
        self.killSwitch = killSwitch
    }
}
