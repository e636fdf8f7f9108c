import Foundation

extension LedgerEntry {
    /// Refuses what would falsify sums: negative counts, amounts and times, or texts without an end.
    ///
    /// Runs for every request, so it allocates nothing.
    func validate() throws(LedgerError) {
        try check(Self.fits(requestID, 1...256), "requestID", "1 to 256 bytes")
        try check((1...1_000_000).contains(attempt), "attempt", "from 1 to 1,000,000")
        try check((0...1_000_000).contains(status), "status", "from 0 to 1,000,000")
        try check(Self.fits(reason, 1...64), "reason", "1 to 64 bytes")
        try check(Self.fits(backend, 0...512), "backend", "at most 512 bytes")
        try check(Self.fits(model, 0...512), "model", "at most 512 bytes")
        try check(
            task.map { Self.fits($0, 1...512) } ?? true, "task", "nil for a request of no task, or 1 to 512 bytes")
        try check(key.map { Self.fits($0, 1...512) } ?? true, "key", "nil for a request without one, or 1 to 512 bytes")
        try check(schemaFingerprint.map { Self.fits($0, 0...512) } ?? true, "schemaFingerprint", "at most 512 bytes")
        try check(failure.map { Self.fits($0, 1...64) } ?? true, "failure", "nil, or 1 to 64 bytes")
        try check(tokens.full.isUsual && tokens.sent.isUsual, "tokens", "from 0 to 1,000,000,000")
        try check(SegmentTokens.usual.contains(tokens.completion), "tokens.completion", "from 0 to 1,000,000,000")
        try check(SegmentTokens.usual.contains(tokens.cachedPrompt), "tokens.cachedPrompt", "from 0 to 1,000,000,000")
        let isShort =
            Self.fits(tokens.fullSource.how ?? "", 0...64) && Self.fits(tokens.sentSource.how ?? "", 0...64)
            && Self.fits(tokens.completionSource.how ?? "", 0...64)
        try check(isShort, "tokens", "from sources that are told in at most 64 bytes")
        if let money {
            try check(money.full >= 0 && money.fullCached >= 0 && money.paid >= 0, "money", "0 or more")
            try check(Self.fits(money.currency, 1...16), "money.currency", "a currency code")
            try check(Self.fits(money.priceDate, 0...64), "money.priceDate", "at most 64 bytes")
        }
        try check(totalTime.isFinite && totalTime >= 0, "totalTime", "finite milliseconds, 0 or more")
        let first = timeToFirstToken ?? 0
        try check(first.isFinite && first >= 0, "timeToFirstToken", "nil or finite milliseconds, 0 or more")
        try check(abs(time.timeIntervalSince1970) < 1e11, "time", "within the calendar's reach")
    }

    @inline(__always)
    private static func fits(_ text: String, _ length: ClosedRange<Int>) -> Bool { length.contains(text.utf8.count) }

    @inline(__always)
    private func check(_ holds: Bool, _ field: StaticString, _ rule: StaticString) throws(LedgerError) {
        if !holds { throw LedgerError(.invalidEntry, "ledger entry refused: \(field) must be \(rule)") }
    }
}

extension SegmentTokens {
    fileprivate static let usual = 0...1_000_000_000

    fileprivate var isUsual: Bool {
        Self.usual.contains(template) && Self.usual.contains(examples) && Self.usual.contains(context)
            && Self.usual.contains(query) && Self.usual.contains(other)
    }
}
