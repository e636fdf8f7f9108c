import Foundation

/// What a key ring knows of its store, and the accounts of its keys. A value with one owner at a time.
struct KeyKeeper: Sendable {
    let path: String?
    let hasher: KeyHasher
    var fixed: [StaticKey]
    var spent: KeyRing.SpendSource?
    let onEvent: @Sendable (AccessEvent) -> Void

    private let clock = AccessClock()
    private var opened: KeyStore?
    private var identity: KeyFile.Identity?
    private var version: Int64 = 0
    private var records: [KeyRecord] = []
    /// When the accepted keys change by themselves, in milliseconds since 1970.
    private var nextChange = Int64.max
    private var accounts: [String: KeyAccount] = [:]
    private var hasFailed = false
    private var wasRequired = false

    init(
        path: String?, hasher: KeyHasher, fixed: [StaticKey], onEvent: @escaping @Sendable (AccessEvent) -> Void
    ) {
        self.path = path
        self.hasher = hasher
        self.fixed = fixed
        self.onEvent = onEvent
    }

    /// Opens the store if its file is there, and reads it.
    mutating func open() throws(AccessError) {
        if let path, let found = KeyFile.identity(path) {
            opened = try KeyStore(path: path, hasher: hasher)
            identity = found
        }
        try reload()
    }

    /// The store, nil as long as it has no file.
    mutating func store() throws(AccessError) -> KeyStore? {
        if opened == nil { try open() }
        return opened
    }

    /// The store; throws `unknownKey` as long as it has no file, since it then has no key.
    mutating func existingStore() throws(AccessError) -> KeyStore {
        if let store = try store() { return store }
        throw AccessError.unknownKey
    }

    /// The store; makes its file.
    mutating func madeStore() throws(AccessError) -> KeyStore {
        if let store = try store() { return store }
        guard let path else {
            throw AccessError(.cannotOpen, "this gateway has no key store: give keys.file in its configuration")
        }
        let store = try KeyStore(path: path, hasher: hasher)
        opened = store
        identity = KeyFile.identity(path)
        return store
    }

    /// Reads the keys, and makes accounts for those that have limits and none yet.
    mutating func reload() throws(AccessError) {
        if let opened {
            version = try opened.version()
            records = try opened.keys()
        }
        wasRequired = wasRequired || !records.isEmpty || !fixed.isEmpty
        accounts = try accountsNow()
        let now = clock.now.utc
        let times =
            records.flatMap { [$0.policy.expiry, $0.previousUntil].compactMap { $0 } }
            + fixed.compactMap(\.policy.expiry)
        nextChange = times.map(KeyRow.milliseconds).filter { $0 > now }.min() ?? .max
        let unusable = records.filter { $0.revoked == nil && hasher.hash([], $0.current.scheme) == nil }
        if !unusable.isEmpty { onEvent(.pepperMissing(keys: unusable.map(\.policy.name))) }
    }

    /// Makes the accounts anew from what was spent before; for the start, before the first request.
    mutating func seed() throws(AccessError) {
        accounts = [:]
        accounts = try accountsNow()
    }

    /// Looks whether the file, or the time, has changed what is accepted; true if so. A failure changes nothing.
    mutating func refresh() -> Bool {
        do throws(AccessError) {
            let changed = try hasChanged()
            if changed { try reload() }
            hasFailed = false
            if changed { onEvent(.keysChanged(live: snapshot().liveCount)) }
            return changed
        } catch {
            if !hasFailed { onEvent(.storeUnreadable(error)) }
            hasFailed = true
            return false
        }
    }

    private mutating func hasChanged() throws(AccessError) -> Bool {
        if clock.now.utcMilliseconds >= nextChange { return true }
        guard let path else { return false }
        guard let found = KeyFile.identity(path) else {
            if opened == nil { return false }
            throw AccessError(
                .cannotOpen, "the key store \(path) is gone: its keys stay as they were until the gateway is restarted")
        }
        guard let opened, found == identity else {
            self.opened = try KeyStore(path: path, hasher: hasher)
            identity = found
            return true
        }
        return try opened.version() != version
    }

    /// The accounts of the keys that have limits: those of before where the limits are the same.
    private func accountsNow() throws(AccessError) -> [String: KeyAccount] {
        var result: [String: KeyAccount] = [:]
        var before: [UTCPeriod: [String: Int64]]?
        for policy in records.filter({ $0.revoked == nil }).map(\.policy) + fixed.map(\.policy) {
            let limits = policy.limits
            if limits.isEmpty { continue }
            if let account = accounts[policy.name], account.limits == limits {
                result[policy.name] = account
            } else {
                if limits.hasBudget, before == nil { before = try spentBefore() }
                let spent = before ?? [:]
                result[policy.name] = KeyAccount(limits, clock: clock) { spent[$0]?[policy.name] ?? 0 }
            }
        }
        return result
    }

    private func spentBefore() throws(AccessError) -> [UTCPeriod: [String: Int64]] {
        guard let spent else { return [:] }
        let utc = clock.now.utc
        var before: [UTCPeriod: [String: Int64]] = [:]
        do {
            for period in UTCPeriod.allCases { before[period] = try spent(period.start(period.index(utc))) }
        } catch {
            throw AccessError(.store, "what keys have spent cannot be read from the ledger: \(error)")
        }
        return before
    }

    func report(on key: KeyRecord) -> KeyReport {
        let account = accounts[key.policy.name]
        func amount(_ period: UTCPeriod) -> KeyReport.Amount? {
            account?.budget(period).map { KeyReport.Amount(spent: $0.spent, reserved: $0.reserved) }
        }
        return KeyReport(key: key, day: amount(.day), month: amount(.month))
    }

    /// The keys that are accepted now.
    func snapshot() -> KeySnapshot {
        let now = Date(timeIntervalSince1970: Double(clock.now.utcMilliseconds) / 1000)
        var stored: [UInt64: KeySnapshot.Entry] = [:]
        for record in records {
            let accepted = record.accepted(at: now)
            guard !accepted.isEmpty else { continue }
            let caller = Caller(record.policy, account: accounts[record.policy.name])
            stored[record.id.bits] = KeySnapshot.Entry(accepted: accepted, caller: caller)
        }
        var callers: [KeyHash: Caller] = [:]
        for key in fixed where key.policy.expiry.map({ $0 > now }) ?? true {
            callers[key.hash] = Caller(key.policy, account: accounts[key.policy.name])
        }
        return KeySnapshot(stored: stored, fixed: callers, isRequired: wasRequired)
    }
}
