import Access
import Configuration
import Foundation
import Ledger
import Logging

extension KeyRing {
    /// The keys of the settings and of the key store, as they are now; makes no file.
    convenience init(
        _ settings: GatewaySettings, environment: [String: String] = ProcessInfo.processInfo.environment,
        onEvent: @escaping @Sendable (AccessEvent) -> Void = { _ in }
    ) throws(AccessError) {
        try self.init(
            path: settings.keysFile, hasher: KeyHasher(environment: environment),
            fixed: StaticKey.all(settings.clientKeys),
            onEvent: onEvent)
    }
}

extension KeyRing {
    /// Begins to follow the key store; budgets go on from what the ledger says was spent.
    func start(spentIn ledger: LedgerStore) throws {
        try start(spent: { since in
            let usage = try ledger.keyUsage(from: Date(timeIntervalSince1970: Double(since)))
            return Dictionary(usage.map { ($0.key, $0.paidNano) }, uniquingKeysWith: +)
        })
    }
}

extension KeyHasher {
    /// Hashes with the pepper of `PROMPTINTERN_KEY_PEPPER`, if it is set.
    init(environment: [String: String]) {
        self.init(pepper: environment["PROMPTINTERN_KEY_PEPPER"])
    }
}

extension StaticKey {
    /// The keys of the settings.
    static func all(_ settings: [ClientKeySetting]) -> [StaticKey] {
        settings.compactMap { setting in
            switch setting.form {
            case .key(let secret): return StaticKey(key: secret.value, policy: setting.policy)
            case .sha256(let text):
                // The reader lets nothing pass that is no hash.
                return KeyHash(hexadecimal: text).map { StaticKey(hash: $0, policy: setting.policy) }
            }
        }
    }
}

extension EventLog {
    /// Tells what happens to keys; never a secret.
    func write(_ event: AccessEvent) {
        switch event {
        case .keysChanged(let live): logger.notice("keys changed", metadata: ["live": "\(live)"])
        case .storeUnreadable(let error): logger.error("key store unreadable", metadata: ["error": "\(error)"])
        case .pepperMissing(let keys):
            logger.error(
                "keys are not accepted: PROMPTINTERN_KEY_PEPPER is not set, and they were made with it",
                metadata: ["keys": "\(keys.joined(separator: ", "))"])
        }
    }
}
