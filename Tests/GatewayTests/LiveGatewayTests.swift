import ChatAPI
import Experimentation
import Gateway
import Ledger
import Testing

@Suite("a configuration that takes over while requests are under way")
struct LiveGatewayTests {
    private func configuration(_ mode: Mode, killSwitch: Bool = false) throws -> GatewayConfiguration {
        GatewayConfiguration(
            tasks: [try GatewayFixture.task(mode: mode)], defaultBackend: "full", killSwitch: killSwitch)
    }

    private func backends(_ text: String) -> [any Backend] {
        [
            ScriptedBackend("full") { _ in Answers.whole(text) }, ScriptedBackend("tuned") { _ in Answers.whole(text) },
        ]
    }

    private func service(_ mode: Mode, _ ledger: LedgerStore) async throws -> GatewayService {
        try await GatewayService(try configuration(mode), backends: backends("old"), ledger: ledger)
    }

    @Test("requests that began before it end on the old configuration, those after it use the new one")
    func swap() async throws {
        let folder = try LedgerFolder()
        let ledger = try LedgerStore(path: folder.path + "/ledger.sqlite")
        let first = try await service(.off, ledger)
        let live = LiveGateway(first)
        let started = live.current
        live.replace(with: try await GatewayService(try configuration(.off), backends: backends("new"), after: first))
        let old = await started.chat(Received(id: "a", body: GatewayFixture.body()))
        let new = await live.current.chat(Received(id: "b", body: GatewayFixture.body()))
        #expect(String(decoding: try await old.body.collect(upTo: 1 << 20), as: UTF8.self).contains("old"))
        #expect(String(decoding: try await new.body.collect(upTo: 1 << 20), as: UTF8.self).contains("new"))
        #expect(try await ledger.entries(requestID: "a").count == 1)
        #expect(try await ledger.entries(requestID: "b").count == 1)
    }

    @Test("a replaced service goes with the last of its requests")
    func release() async throws {
        let folder = try LedgerFolder()
        let ledger = try LedgerStore(path: folder.path + "/ledger.sqlite")
        weak var replaced: GatewayService?
        let live: LiveGateway
        do {
            let first = try await service(.on, ledger)
            replaced = first
            live = LiveGateway(first)
        }
        do {
            let current = live.current
            live.replace(
                with: try await GatewayService(try configuration(.on), backends: backends("new"), after: current))
            #expect(replaced != nil)
        }
        #expect(replaced == nil)
    }

    @Test("a mode set at run time stays unless the configuration's own value changed")
    func modes() async throws {
        let folder = try LedgerFolder()
        let ledger = try LedgerStore(path: folder.path + "/ledger.sqlite")
        let first = try await service(.audit, ledger)
        _ = try await first.setMode(.canary(percent: 5), of: "formulas", by: "admin")
        let same = try await GatewayService(try configuration(.audit), backends: backends("new"), after: first)
        #expect(same.flags.mode(of: "formulas") == .canary(percent: 5))
        let changed = try await GatewayService(
            try configuration(.on, killSwitch: true), backends: backends("new"), after: same)
        #expect(changed.flags.mode(of: "formulas") == .on && changed.flags.killSwitch)
        #expect(first.flags == changed.flags)
        let history = try await changed.modeChanges().filter { $0.subject == .task("formulas") }
        #expect(history.map(\.new) == ["on", "canary:5", "audit"])
    }

    @Test("a configuration that contradicts itself changes nothing, the ledger's failures are counted on")
    func refused() async throws {
        let folder = try LedgerFolder()
        let ledger = try LedgerStore(path: folder.path + "/ledger.sqlite")
        let first = try await service(.audit, ledger)
        await #expect(throws: GatewayError.self) {
            _ = try await GatewayService(try configuration(.on), backends: [], after: first)
        }
        #expect(first.flags.mode(of: "formulas") == .audit)
        let next = try await GatewayService(try configuration(.audit), backends: backends("new"), after: first)
        await ledger.close()
        let reply = await first.chat(Received(id: "r", body: GatewayFixture.body()))
        _ = try await reply.body.collect(upTo: 1 << 20)
        #expect(next.health.ledgerErrors == 1)
        await #expect(throws: LedgerError.self) {
            _ = try await GatewayService(try configuration(.on), backends: backends("new"), after: next)
        }
        #expect(next.flags.mode(of: "formulas") == .audit)
    }
}
