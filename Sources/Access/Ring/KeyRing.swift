import Dispatch
import Foundation
import Synchronization

/// The keys of a running gateway: those of the configuration, and those of the key store as it is now.
///
/// A request costs one hash and one look into a snapshot. The store's file is looked at every half second on a thread
/// of its own, so that what another process revokes ends within a second; what is changed here holds at once.
public final class KeyRing: Sendable {
    /// What keys have spent since a time (seconds since 1970, the beginning of a day of UTC), in billionths by name.
    ///
    /// May block: it is asked at the start, and for keys with budgets that turn up later.
    public typealias SpendSource = @Sendable (_ since: Int64) throws -> [String: Int64]

    /// The store's file, nil without one.
    public let path: String?
    private let hasher: KeyHasher
    private let interval: Duration
    private let snapshot: Mutex<KeySnapshot>
    private let queue = DispatchQueue(label: "keys")
    /// Touched on `queue` only, or before the ring is shared.
    private let keeper: Mutex<KeyKeeper>
    private let timer = Mutex<(any DispatchSourceTimer)?>(nil)

    /// Reads the keys; the file need not exist yet.
    ///
    /// - Parameters:
    ///   - path: the key store's file; nil if there are only the configuration's keys.
    ///   - fixed: the configuration's keys.
    ///   - interval: how often the file is looked at.
    public init(
        path: String?, hasher: KeyHasher = KeyHasher(), fixed: [StaticKey] = [],
        interval: Duration = .milliseconds(500),
        onEvent: @escaping @Sendable (AccessEvent) -> Void = { _ in }
    ) throws(AccessError) {
        self.path = path
        self.hasher = hasher
        self.interval = interval
        var keeper = KeyKeeper(path: path, hasher: hasher, fixed: fixed, onEvent: onEvent)
        try keeper.open()
        snapshot = Mutex(keeper.snapshot())
        self.keeper = Mutex(keeper)
    }

    deinit { stop() }

    /// Whether callers must present a key: once any key was configured or made, revoked ones included.
    public var isRequired: Bool { current.isRequired }

    /// How many keys are accepted now.
    public var liveCount: Int { current.liveCount }

    /// What is to become of a request with this key, nil for none: one look into one snapshot.
    public func check(_ key: [UInt8]?) -> KeyCheck {
        let snapshot = current
        guard snapshot.isRequired else { return .notRequired }
        guard let key else { return .missing }
        return snapshot.caller(key, hasher).map { .accepted($0) } ?? .refused
    }

    /// The caller with this key, nil if it is not accepted now.
    func caller(_ key: [UInt8]) -> Caller? { current.caller(key, hasher) }

    /// Takes over what keys with budgets have spent, and begins to follow the file.
    public func start(spent: SpendSource? = nil) throws {
        try queue.sync {
            try keeper.withLock { keeper in
                keeper.spent = spent
                try keeper.seed()
                publish(keeper)
            }
        }
        guard path != nil else { return }
        let pause = DispatchTimeInterval.nanoseconds(
            Int(interval.components.seconds) * 1_000_000_000 + Int(interval.components.attoseconds / 1_000_000_000))
        timer.withLock { timer in
            let source = DispatchSource.makeTimerSource(queue: queue)
            source.schedule(deadline: .now() + pause, repeating: pause, leeway: .milliseconds(50))
            source.setEventHandler { [weak self] in self?.look() }
            source.resume()
            timer = source
        }
    }

    /// Stops following the file.
    public func stop() {
        timer.withLock { timer in
            timer?.cancel()
            timer = nil
        }
    }

    /// Replaces the configuration's keys, at once; accounts of keys whose limits stay the same stay too.
    public func replace(fixed: [StaticKey]) async {
        _ = try? await change { keeper throws(AccessError) in keeper.fixed = fixed }
    }

    /// Every key of the store, revoked ones too.
    public func keys() async throws(AccessError) -> [KeyRecord] {
        try await change { keeper throws(AccessError) in try keeper.store()?.keys() ?? [] }
    }

    /// Every key of the store with what it has used, revoked ones too.
    public func reports() async throws(AccessError) -> [KeyReport] {
        try await change { keeper throws(AccessError) in
            guard let store = try keeper.store() else { return [] }
            return try store.keys().map { keeper.report(on: $0) }
        }
    }

    /// Makes a key; it is accepted at once.
    public func create(_ policy: KeyPolicy) async throws(AccessError) -> IssuedKey {
        // A policy that makes no sense makes no store either.
        try policy.validate(now: Date())
        return try await change { keeper throws(AccessError) in try keeper.madeStore().create(policy) }
    }

    /// Ends a key at once.
    public func revoke(_ nameOrID: String) async throws(AccessError) -> KeyRecord {
        try await change { keeper throws(AccessError) in try keeper.existingStore().revoke(nameOrID) }
    }

    /// Gives a key a new secret at once; the one before is accepted for `grace` seconds more.
    public func rotate(_ nameOrID: String, grace: Double) async throws(AccessError) -> IssuedKey {
        try await change { keeper throws(AccessError) in try keeper.existingStore().rotate(nameOrID, grace: grace) }
    }

    private var current: KeySnapshot { snapshot.withLock { $0 } }

    private func publish(_ keeper: KeyKeeper) {
        let new = keeper.snapshot()
        snapshot.withLock { $0 = new }
    }

    /// One look at the file.
    private func look() {
        keeper.withLock { keeper in
            if keeper.refresh() { publish(keeper) }
        }
    }

    /// Works on the store on its own thread, then takes over what changed.
    private func change<Value: Sendable>(
        _ body: @escaping @Sendable (inout KeyKeeper) throws(AccessError) -> Value
    ) async throws(AccessError) -> Value {
        let result: Result<Value, AccessError> = await withCheckedContinuation { continuation in
            queue.async {
                let result: Result<Value, AccessError> = self.keeper.withLock { keeper in
                    do throws(AccessError) {
                        let value = try body(&keeper)
                        try keeper.reload()
                        self.publish(keeper)
                        return .success(value)
                    } catch {
                        return .failure(error)
                    }
                }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }
}
