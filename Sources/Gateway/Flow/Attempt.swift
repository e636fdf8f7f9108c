import Access
import ChatAPI
import Experimentation
import Foundation
import Ledger

/// One attempt to answer a request: everything its ledger row holds that is known before the answer.
struct Attempt: Sendable {
    let requestID: String
    /// The name of the caller's key.
    let key: String?
    let arrival: ContinuousClock.Instant
    let time: Date
    let number: Int
    let task: String?
    let schemaFingerprint: String?
    let arm: Arm
    let reason: Reason
    let backend: String
    let model: String
    /// The model that the full prompt would have gone to, for its price.
    let fullModel: String
    /// The full prompt's tokens as counted here.
    let full: SegmentTokens
    /// The tokens of what is sent as counted here.
    let sent: SegmentTokens
    let source: CountSource
    /// What was set aside for the request; shared by its attempts.
    var reservation: Reservation?

    /// The row for an attempt that ended this way.
    func entry(_ ending: AttemptEnding, prices: PriceTable) -> LedgerEntry {
        let tokens = tokenUse(ending)
        return LedgerEntry(
            requestID: requestID, attempt: number, isFinal: ending.isFinal, time: time, task: task,
            schemaFingerprint: schemaFingerprint, key: key,
            arm: LedgerEntry.Arm(arm),
            reason: reason.rawValue, backend: backend, model: String(decoding: model.utf8.prefix(256), as: UTF8.self),
            tokens: tokens,
            money: prices.money(model: model, fullModel: fullModel, tokens: tokens),
            timeToFirstToken: ending.firstToken.map { milliseconds(until: $0) },
            totalTime: milliseconds(until: .now), status: ending.status, outcome: ending.outcome,
            failure: ending.cause)
    }

    private func milliseconds(until instant: ContinuousClock.Instant) -> Double {
        let (seconds, attoseconds) = (instant - arrival).components
        return max(0, Double(seconds) * 1000 + Double(attoseconds) / 1e15)
    }

    /// Whether the caller's own rates are limited, so that those of the upstream are none of its business.
    var hidesRates: Bool { reservation?.rates.isEmpty == false }

    /// The backend's own count, else the reported usage, else nothing if it refused, else what was planned.
    private func tokenUse(_ ending: AttemptEnding) -> TokenUse {
        // What a tuned model refuses stays a cost without a saving (docs/ledger.md).
        let isUnbilled = !ending.wasSent || ending.isRefusal && arm != .internalized
        var sent = sent
        var sentSource = source
        var cached = 0
        if isUnbilled {
            sent = .zero
        } else if let counter = ending.counted {
            sent = sent.scaled(to: counter.prompt)
            sentSource = .counted
        } else if let usage = ending.usage {
            sent = sent.scaled(to: usage.promptTokens)
            sentSource = .reported
            cached = min(usage.cachedTokens ?? 0, usage.promptTokens)
        }
        let (completion, completionSource) = completion(ending)
        let isStripped = arm == .internalized || isUnbilled
        return TokenUse(
            full: isStripped ? full : sent, fullSource: isStripped ? source : sentSource, sent: sent,
            sentSource: sentSource, completion: completion, completionSource: completionSource,
            cachedPrompt: max(0, cached))
    }

    private func completion(_ ending: AttemptEnding) -> (Int, CountSource) {
        if let counter = ending.counted { return (counter.completion, .counted) }
        if let usage = ending.usage { return (usage.completionTokens, .reported) }
        return (ending.estimatedCompletion, .estimated(ending.estimate))
    }
}

/// How an attempt ended, and what is known of its tokens.
struct AttemptEnding: Sendable {
    var outcome: LedgerEntry.Outcome
    /// 0 if the backend did not answer.
    var status: Int
    var isFinal = true
    var wasSent = true
    var firstToken: ContinuousClock.Instant?
    var usage: Usage?
    var counted: TokenCounter?
    var estimatedCompletion = 0
    /// How `estimatedCompletion` was made.
    var estimate = "no answer"
    /// The code of what went wrong, if it was told.
    var failure: String?

    /// True if the backend answered with an error and told no tokens: nothing was billed. A proxy whose upstream did not
    /// answer in time, which says 504 or 524, does not know that.
    var isRefusal: Bool { status >= 400 && status != 504 && status != 524 && usage == nil && counted == nil }

    /// The code of what went wrong: the one that was told, else what the backend's status says.
    var cause: String? {
        if failure != nil || outcome != .failed || !wasSent { return failure }
        switch status {
        case 429: return "rate_limited"
        case 500...: return "upstream_5xx"
        case 400...: return "upstream_4xx"
        default: return nil
        }
    }
}

extension LedgerEntry.Arm {
    init(_ arm: Arm) {
        self =
            switch arm {
            case .internalized: .internalized
            case .fullPrompt: .fullPrompt
            case .passthrough: .passthrough
            }
    }
}

extension SegmentTokens {
    /// The same proportions with exactly this total; largest remainders are rounded up.
    func scaled(to total: Int) -> SegmentTokens {
        let total = max(0, total)
        let current = self.total
        if current == total { return self }
        // The usual case, and no rounding: an unrecognized prompt is one segment.
        if other == current { return SegmentTokens(other: total) }
        var result = SegmentTokens.zero
        var remainders: [(kind: Ledger.SegmentKind, remainder: Int)] = []
        for kind in Ledger.SegmentKind.allCases {
            let (quotient, remainder) = (self[kind] * total).quotientAndRemainder(dividingBy: current)
            result[kind] = quotient
            remainders.append((kind, remainder))
        }
        let missing = total - result.total
        for (kind, _) in remainders.sorted(by: { $0.remainder > $1.remainder }).prefix(missing) { result[kind] += 1 }
        return result
    }
}
