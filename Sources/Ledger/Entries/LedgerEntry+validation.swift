import Foundation

extension LedgerEntry {
    /// Refuses what would falsify sums: negative counts, amounts and times, or texts without an end.
    func validate() throws(LedgerError) {
        try check(!requestID.isEmpty && requestID.utf8.count <= 256, "requestID", "1 to 256 bytes")
        try check(attempt >= 1, "attempt", "1 or more")
        try check(reason.utf8.count <= 64 && !reason.isEmpty, "reason", "1 to 64 bytes")
        for (name, text) in [("task", task), ("key", key), ("backend", backend), ("model", model)] {
            try check((text?.utf8.count ?? 0) <= 512, name, "at most 512 bytes")
        }
        try check(task != "", "task", "nil for a request of no task, not empty")
        try check(key != "", "key", "nil for a request without a key, not empty")
        let counts = [tokens.full, tokens.sent].flatMap { tokens in SegmentKind.allCases.map { tokens[$0] } }
        let usual = 0...1_000_000_000
        try check(counts.allSatisfy(usual.contains), "tokens", "from 0 to 1,000,000,000")
        try check(usual.contains(tokens.completion), "tokens.completion", "from 0 to 1,000,000,000")
        try check(usual.contains(tokens.cachedPrompt), "tokens.cachedPrompt", "from 0 to 1,000,000,000")
        if let money {
            let amounts = [money.full, money.fullCached, money.paid]
            try check(amounts.allSatisfy { $0 >= 0 }, "money", "0 or more")
            try check(!money.currency.isEmpty, "money.currency", "a currency code")
        }
        try check(totalTime.isFinite && totalTime >= 0, "totalTime", "finite milliseconds, 0 or more")
        let first = timeToFirstToken ?? 0
        try check(first.isFinite && first >= 0, "timeToFirstToken", "nil or finite milliseconds, 0 or more")
        try check(abs(time.timeIntervalSince1970) < 1e11, "time", "within the calendar's reach")
    }

    private func check(_ holds: Bool, _ field: String, _ rule: String) throws(LedgerError) {
        if !holds { throw LedgerError(.invalidEntry, "ledger entry refused: \(field) must be \(rule)") }
    }
}
