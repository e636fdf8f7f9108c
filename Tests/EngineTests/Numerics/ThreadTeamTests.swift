import Dispatch
import Synchronization
import Testing

@testable import Engine

@Suite("Thread teams")
struct ThreadTeamTests {
    @Test("Every part runs once, for teams of any size", arguments: [1, 2, 3, 5], [0, 1, 2, 7, 64])
    func once(threads: Int, parts: Int) {
        let team = ThreadTeam(threads: threads)
        let counts = Mutex([Int](repeating: 0, count: parts))
        for _ in 0..<200 {
            team.run(parts: parts) { part in counts.withLock { $0[part] += 1 } }
        }
        #expect(counts.withLock { $0 } == [Int](repeating: 200, count: parts))
    }

    @Test("Callers on several threads at once, and a call within a part, all get their work done")
    func callers() {
        let team = ThreadTeam(threads: 2)
        let total = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for _ in 0..<100 {
                team.run(parts: 3) { _ in
                    team.run(parts: 2) { _ in _ = total.add(1, ordering: .relaxed) }
                }
            }
        }
        #expect(total.load(ordering: .relaxed) == 4 * 100 * 6)
    }

    @Test("A team that slept wakes for the next call")
    func sleep() async throws {
        let team = ThreadTeam(threads: 2)
        let total = Atomic<Int>(0)
        for _ in 0..<3 {
            team.run(parts: 8) { _ in _ = total.add(1, ordering: .relaxed) }
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(total.load(ordering: .relaxed) == 24)
    }
}
