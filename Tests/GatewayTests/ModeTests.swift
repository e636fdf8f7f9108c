import Experimentation
import Gateway
import Ledger
import Testing

@Suite("Modes and who sets them")
struct ModeTests {
    private func service(_ ledger: LedgerStore, mode: Mode, killSwitch: Bool = false) async throws -> GatewayService {
        try await GatewayService(
            GatewayConfiguration(
                tasks: [try GatewayFixture.task(mode: mode)], defaultBackend: "full", killSwitch: killSwitch),
            backends: [
                ScriptedBackend("full") { _ in Answers.whole() }, ScriptedBackend("tuned") { _ in Answers.whole() },
            ],
            ledger: ledger)
    }

    @Test("a change at run time outlives restarts until the configuration's own value changes")
    func precedence() async throws {
        let folder = try LedgerFolder()
        let ledger = try LedgerStore(path: folder.path + "/ledger.sqlite")
        var gateway = try await service(ledger, mode: .audit)
        #expect(gateway.flags.mode(of: "formulas") == .audit)
        let status = try await gateway.setMode(.canary(percent: 5), of: "formulas", by: "127.0.0.1")
        #expect(status.mode == .canary(percent: 5) && status.configuredMode == .audit)
        gateway = try await service(ledger, mode: .audit)
        #expect(gateway.flags.mode(of: "formulas") == .canary(percent: 5))
        gateway = try await service(ledger, mode: .on)
        #expect(gateway.flags.mode(of: "formulas") == .on)
        gateway = try await service(ledger, mode: .on)
        #expect(gateway.flags.mode(of: "formulas") == .on)
        _ = try await gateway.setMode(.off, of: "formulas", by: "admin")
        gateway = try await service(ledger, mode: .on)
        #expect(gateway.flags.mode(of: "formulas") == .off)
        let history = try await gateway.modeChanges().filter { $0.subject == .task("formulas") }
        #expect(history.map(\.new) == ["off", "on", "canary:5", "audit"])
        #expect(history.map(\.who) == ["admin", "config", "127.0.0.1", "config"])
    }

    @Test("the kill switch works at once, and after a restart")
    func killSwitch() async throws {
        let folder = try LedgerFolder()
        let ledger = try LedgerStore(path: folder.path + "/ledger.sqlite")
        let first = try await service(ledger, mode: .on)
        try await first.setKillSwitch(true, by: "admin")
        let reply = await first.chat(Received(id: "r", body: GatewayFixture.body()))
        #expect(reply.header("x-promptintern-reason") == "kill_switch")
        #expect(try await service(ledger, mode: .on).flags.killSwitch)
    }

    @Test("an unknown task is refused and the known ones are named")
    func unknown() async throws {
        let gateway = try await GatewayFixture()
        await #expect(throws: GatewayError(.unknownTask, "there is no task \"nope\": the tasks are formulas")) {
            _ = try await gateway.service.setMode(.on, of: "nope", by: "x")
        }
    }

    @Test("a change that cannot be written down is in force and says so")
    func notPersisted() async throws {
        let gateway = try await GatewayFixture()
        await gateway.ledger.close()
        let error = await #expect(throws: GatewayError.self) {
            _ = try await gateway.service.setMode(.off, of: "formulas", by: "x")
        }
        #expect(error?.code == .notPersisted)
        #expect(gateway.service.flags.mode(of: "formulas") == .off)
        #expect(gateway.service.tasks().map(\.mode) == [.off])
    }

    @Test("a configuration that names a backend nobody has is refused")
    func wrongBackend() async throws {
        let folder = try LedgerFolder()
        let ledger = try LedgerStore(path: folder.path + "/ledger.sqlite")
        let error = await #expect(throws: GatewayError.self) {
            _ = try await GatewayService(
                GatewayConfiguration(tasks: [try GatewayFixture.task(mode: .on)]),
                backends: [ScriptedBackend("full") { _ in Answers.whole() }], ledger: ledger)
        }
        #expect(error?.message.contains("the tuned backend of task \"formulas\" is \"tuned\"") == true)
    }
}
