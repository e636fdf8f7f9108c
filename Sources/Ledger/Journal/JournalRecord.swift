import Foundation

/// The journal's form of a row: numbers at fixed places, then its texts as UTF-8 with their lengths.
///
/// All numbers are little-endian. A record says what a `LedgerEntry` says and nothing else.
enum JournalRecord {
    /// The places of the numbers.
    enum Place {
        static let kind = 0
        static let arm = 1
        static let outcome = 2
        static let flags = 3
        static let sources = 4
        static let attempt = 8
        static let status = 12
        static let time = 16
        static let firstToken = 24
        static let total = 32
        static let money = 40
        static let full = 64
        static let sent = 84
        static let completion = 104
        static let cachedPrompt = 108
        static let texts = 112
    }

    enum Flag {
        static let isFinal: UInt8 = 1
        static let hasMoney: UInt8 = 2
        static let hasFirstToken: UInt8 = 4
    }

    /// The texts in their order.
    enum Text: Int {
        case requestID, task, schemaFingerprint, key, reason, backend, model, fullSource, sentSource, completionSource
        case currency, priceDate, failure
    }

    static let textCount = 13
    /// The first byte of a row's record; other kinds may come.
    static let attemptKind: UInt8 = 2
    /// The first byte of a row's record of an earlier version, which has no `failure`.
    static let earlierKind: UInt8 = 1
    /// The length that stands for an absent text.
    static let absent: UInt16 = .max

    /// The record of an entry that `validate()` let through.
    static func encode(_ entry: LedgerEntry) -> [UInt8] {
        let money = entry.money
        let tokens = entry.tokens
        let texts: InlineArray<13, String?> = [
            entry.requestID, entry.task, entry.schemaFingerprint, entry.key, entry.reason, entry.backend, entry.model,
            tokens.fullSource.how, tokens.sentSource.how, tokens.completionSource.how, money?.currency,
            money?.priceDate, entry.failure,
        ]
        var size = Place.texts
        for index in 0..<textCount { size += 2 + (texts[index]?.utf8.count ?? 0) }
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            unsafe bytes[Place.kind] = attemptKind
            unsafe bytes[Place.arm] = entry.arm.code
            unsafe bytes[Place.outcome] = entry.outcome.code
            unsafe bytes[Place.flags] =
                (entry.isFinal ? Flag.isFinal : 0) | (money == nil ? 0 : Flag.hasMoney)
                | (entry.timeToFirstToken == nil ? 0 : Flag.hasFirstToken)
            unsafe bytes[Place.sources] = tokens.fullSource.code
            unsafe bytes[Place.sources + 1] = tokens.sentSource.code
            unsafe bytes[Place.sources + 2] = tokens.completionSource.code
            unsafe bytes[Place.sources + 3] = 0
            unsafe store(UInt32(truncatingIfNeeded: entry.attempt), bytes, Place.attempt)
            unsafe store(Int32(truncatingIfNeeded: entry.status), bytes, Place.status)
            unsafe store(LedgerTime.milliseconds(entry.time), bytes, Place.time)
            unsafe store((entry.timeToFirstToken ?? 0).bitPattern, bytes, Place.firstToken)
            unsafe store(entry.totalTime.bitPattern, bytes, Place.total)
            unsafe store(money?.full ?? 0, bytes, Place.money)
            unsafe store(money?.fullCached ?? 0, bytes, Place.money + 8)
            unsafe store(money?.paid ?? 0, bytes, Place.money + 16)
            unsafe store(tokens.full, bytes, Place.full)
            unsafe store(tokens.sent, bytes, Place.sent)
            unsafe store(UInt32(truncatingIfNeeded: tokens.completion), bytes, Place.completion)
            unsafe store(UInt32(truncatingIfNeeded: tokens.cachedPrompt), bytes, Place.cachedPrompt)
            var offset = Place.texts
            for index in 0..<textCount { unsafe store(texts[index], bytes, &offset) }
            count = offset
        }
    }

    @inline(__always)
    private static func store<Number: FixedWidthInteger>(
        _ value: Number, _ bytes: UnsafeMutableRawBufferPointer, _ place: Int
    ) {
        unsafe bytes.storeBytes(of: value.littleEndian, toByteOffset: place, as: Number.self)
    }

    private static func store(_ tokens: SegmentTokens, _ bytes: UnsafeMutableRawBufferPointer, _ place: Int) {
        unsafe store(UInt32(truncatingIfNeeded: tokens.template), bytes, place)
        unsafe store(UInt32(truncatingIfNeeded: tokens.examples), bytes, place + 4)
        unsafe store(UInt32(truncatingIfNeeded: tokens.context), bytes, place + 8)
        unsafe store(UInt32(truncatingIfNeeded: tokens.query), bytes, place + 12)
        unsafe store(UInt32(truncatingIfNeeded: tokens.other), bytes, place + 16)
    }

    private static func store(_ text: String?, _ bytes: UnsafeMutableRawBufferPointer, _ offset: inout Int) {
        guard var text else {
            unsafe store(absent, bytes, offset)
            offset += 2
            return
        }
        let count = text.withUTF8 { utf8 in
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[(offset + 2)...])
            unsafe rest.copyMemory(from: UnsafeRawBufferPointer(utf8))
            return utf8.count
        }
        unsafe store(UInt16(count), bytes, offset)
        offset += 2 + count
    }
}

extension LedgerEntry.Arm {
    var code: UInt8 {
        switch self {
        case .internalized: 0
        case .fullPrompt: 1
        case .passthrough: 2
        }
    }
}

extension LedgerEntry.Outcome {
    var code: UInt8 {
        switch self {
        case .complete: 0
        case .partial: 1
        case .aborted: 2
        case .failed: 3
        }
    }
}

extension CountSource {
    var code: UInt8 {
        switch self {
        case .counted: 0
        case .reported: 1
        case .estimated: 2
        }
    }

    /// How it was estimated; nil if it was not.
    var how: String? {
        if case .estimated(let how) = self { how } else { nil }
    }
}
