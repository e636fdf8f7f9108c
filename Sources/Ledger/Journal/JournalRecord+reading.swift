import Foundation

/// A record's bytes where they lie, in a mapped segment or a file that was read; valid as long as those are.
@safe struct RecordView {
    private let bytes: UnsafeRawBufferPointer
    private let places: InlineArray<13, (offset: Int32, count: Int32)>

    /// Finds the texts; nil if the bytes are not a row's record.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= JournalRecord.Place.texts,
            unsafe (bytes[0] == JournalRecord.attemptKind || bytes[0] == JournalRecord.earlierKind),
            unsafe bytes[JournalRecord.Place.arm] < 3, unsafe bytes[JournalRecord.Place.outcome] < 4
        else { return nil }
        var places = InlineArray<13, (offset: Int32, count: Int32)>(repeating: (0, -1))
        var offset = JournalRecord.Place.texts
        let isEarlier = unsafe bytes[0] == JournalRecord.earlierKind
        for index in 0..<(isEarlier ? JournalRecord.Text.failure.rawValue : JournalRecord.textCount) {
            guard offset + 2 <= bytes.count else { return nil }
            let length = UInt16(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
            offset += 2
            if length == JournalRecord.absent { continue }
            guard offset + Int(length) <= bytes.count else { return nil }
            places[index] = (Int32(offset), Int32(length))
            offset += Int(length)
        }
        unsafe self.bytes = bytes
        self.places = places
        guard isWithinReach else { return nil }
    }

    /// Whether times and amounts are such as `LedgerEntry.validate()` lets through: sums and hours can be made of them.
    private var isWithinReach: Bool {
        let time: Int64 = number(JournalRecord.Place.time)
        guard (-100_000_000_000_000...100_000_000_000_000).contains(time) else { return false }
        for duration in [firstToken ?? 0, total] where !(duration.isFinite && duration >= 0) { return false }
        for place in 0..<3 where number(JournalRecord.Place.money + 8 * place, as: Int64.self) < 0 { return false }
        return true
    }

    /// A number at its place.
    func number<Number: FixedWidthInteger>(_ place: Int, as type: Number.Type = Number.self) -> Number {
        Number(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: place, as: Number.self))
    }

    /// The bytes of a text; nil if it is absent.
    func utf8(_ text: JournalRecord.Text) -> UnsafeRawBufferPointer? {
        let place = places[text.rawValue]
        guard place.count >= 0 else { return nil }
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[Int(place.offset)..<Int(place.offset + place.count)])
    }

    func text(_ text: JournalRecord.Text) -> String? {
        unsafe utf8(text).map { unsafe String(decoding: $0, as: UTF8.self) }
    }

    private func has(_ flag: UInt8) -> Bool { unsafe bytes[JournalRecord.Place.flags] & flag != 0 }

    var isFinal: Bool { has(JournalRecord.Flag.isFinal) }
    var hasMoney: Bool { has(JournalRecord.Flag.hasMoney) }
    var arm: LedgerEntry.Arm { LedgerEntry.Arm.allCases[Int(unsafe bytes[JournalRecord.Place.arm])] }
    var outcome: LedgerEntry.Outcome { LedgerEntry.Outcome.allCases[Int(unsafe bytes[JournalRecord.Place.outcome])] }

    var firstToken: Double? {
        has(JournalRecord.Flag.hasFirstToken)
            ? Double(bitPattern: number(JournalRecord.Place.firstToken, as: UInt64.self)) : nil
    }

    var total: Double { Double(bitPattern: number(JournalRecord.Place.total, as: UInt64.self)) }

    /// The source of a count: 0 full, 1 sent, 2 completion.
    func source(_ index: Int) -> CountSource {
        switch unsafe bytes[JournalRecord.Place.sources + index] {
        case 0: .counted
        case 1: .reported
        default: .estimated(text([.fullSource, .sentSource, .completionSource][index]) ?? "")
        }
    }

    func segments(_ place: Int) -> SegmentTokens {
        SegmentTokens(
            template: Int(number(place, as: UInt32.self)), examples: Int(number(place + 4, as: UInt32.self)),
            context: Int(number(place + 8, as: UInt32.self)), query: Int(number(place + 12, as: UInt32.self)),
            other: Int(number(place + 16, as: UInt32.self)))
    }

    /// The entry that was recorded, its time to the millisecond.
    var entry: LedgerEntry {
        LedgerEntry(
            requestID: text(.requestID) ?? "", attempt: Int(number(JournalRecord.Place.attempt, as: UInt32.self)),
            isFinal: isFinal,
            time: LedgerTime.date(milliseconds: number(JournalRecord.Place.time)), task: text(.task),
            schemaFingerprint: text(.schemaFingerprint), key: text(.key), arm: arm, reason: text(.reason) ?? "",
            backend: text(.backend) ?? "", model: text(.model) ?? "", tokens: tokens, money: money,
            timeToFirstToken: firstToken, totalTime: total,
            status: Int(number(JournalRecord.Place.status, as: Int32.self)), outcome: outcome,
            failure: text(.failure))
    }

    private var tokens: TokenUse {
        TokenUse(
            full: segments(JournalRecord.Place.full), fullSource: source(0),
            sent: segments(JournalRecord.Place.sent), sentSource: source(1),
            completion: Int(number(JournalRecord.Place.completion, as: UInt32.self)), completionSource: source(2),
            cachedPrompt: Int(number(JournalRecord.Place.cachedPrompt, as: UInt32.self)))
    }

    private var money: AttemptMoney? {
        guard hasMoney else { return nil }
        return AttemptMoney(
            full: number(JournalRecord.Place.money), fullCached: number(JournalRecord.Place.money + 8),
            paid: number(JournalRecord.Place.money + 16), currency: text(.currency) ?? "",
            priceDate: text(.priceDate) ?? "")
    }
}
