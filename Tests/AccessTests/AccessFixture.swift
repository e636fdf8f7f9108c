import Foundation
import Synchronization

@testable import Access

/// A folder of its own for one test, removed with it.
final class KeyFolder: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var file: String { path + "/keys.sqlite" }
}

/// Keeps what a key ring told.
final class Events: Sendable {
    private let events = Mutex<[AccessEvent]>([])

    var all: [AccessEvent] { events.withLock { $0 } }

    func add(_ event: AccessEvent) { events.withLock { $0.append(event) } }
}

extension KeyRing {
    func caller(_ token: KeyToken) -> Caller? { caller(Array(token.text.utf8)) }

    func caller(_ text: String) -> Caller? { caller(Array(text.utf8)) }
}

extension AccessClock.Moment {
    /// A moment so many milliseconds after the clocks began, on 2026-11-21 at noon.
    static func at(_ steady: Int64, utc: Int64 = 1_795_262_400) -> AccessClock.Moment {
        AccessClock.Moment(steady: steady, utcMilliseconds: utc * 1000 + steady)
    }
}

/// Asks again and again, for ten seconds at most.
func soon(_ holds: () -> Bool) async throws -> Bool {
    for _ in 0..<1000 {
        if holds() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return holds()
}
