import Experimentation
import Foundation
import Ledger
import Synchronization

/// The flags in force, and their history in the ledger.
///
/// The newest of two things holds for each task and for the kill switch: the last change at run time, and the last
/// change of the configuration's own value. To know the latter, the start writes the configuration's value into the
/// history (by `config`) whenever it differs from the one written there before.
final class ModeBoard: Sendable {
    /// Who the configuration's changes are written down for.
    static let configuration = "config"
    private static let killSwitchValues = [true: "on", false: "off"]

    private let ledger: LedgerStore
    private let state: Mutex<State>

    private struct State {
        var flags = Flags()
        /// The configuration's own values, as they were last taken over.
        var configured: [ModeChange.Subject: String] = [:]
    }

    /// The flags in force now.
    var current: Flags { state.withLock { $0.flags } }

    init(ledger: LedgerStore, tasks: [GatewayTask], killSwitch: Bool) async throws(LedgerError) {
        self.ledger = ledger
        state = Mutex(State())
        try await adopt(tasks, killSwitch: killSwitch)
    }

    /// Takes over a configuration's own values: those that differ from the ones taken over before.
    ///
    /// A value that the configuration did not change stays as it was set at run time.
    func adopt(_ tasks: [GatewayTask], killSwitch: Bool) async throws(LedgerError) {
        var wanted: [(subject: ModeChange.Subject, text: String)] = tasks.map { (.task($0.name), $0.initialMode.text) }
        wanted.append((.killSwitch, Self.killSwitchValues[killSwitch] ?? "off"))
        let known = state.withLock { $0.configured }
        wanted.removeAll { known[$0.subject] == $0.text }
        guard !wanted.isEmpty else { return }
        let history = try await ledger.modeChanges(limit: 100_000)
        var inForce: [String] = []
        for (subject, text) in wanted {
            let last = history.first { $0.subject == subject }
            let configured = history.first { $0.subject == subject && $0.who == Self.configuration }
            guard configured?.new != text else {
                inForce.append(last?.new ?? text)
                continue
            }
            inForce.append(text)
            try await ledger.record(
                ModeChange(
                    time: Date(), subject: subject, old: last?.new ?? "", new: text, who: Self.configuration))
        }
        let taken = zip(wanted, inForce)
        state.withLock { state in
            for (value, text) in taken {
                Self.set(value.subject, text, &state.flags)
                state.configured[value.subject] = value.text
            }
        }
    }

    /// Sets the flag at once, then writes the change down; false if that failed.
    func set(_ subject: ModeChange.Subject, _ text: String, by who: String) async -> Bool {
        let old = state.withLock { state in
            let old = Self.text(subject, state.flags)
            Self.set(subject, text, &state.flags)
            return old
        }
        do throws(LedgerError) {
            try await ledger.record(ModeChange(time: Date(), subject: subject, old: old, new: text, who: who))
            return true
        } catch {
            return false
        }
    }

    private static func text(_ subject: ModeChange.Subject, _ flags: Flags) -> String {
        switch subject {
        case .task(let name): flags.mode(of: name).text
        case .killSwitch: flags.killSwitch ? "on" : "off"
        }
    }

    private static func set(_ subject: ModeChange.Subject, _ text: String, _ flags: inout Flags) {
        switch subject {
        case .task(let name): flags.modes[name] = (try? Mode(text: text)) ?? .off
        case .killSwitch: flags.killSwitch = text == "on"
        }
    }
}
