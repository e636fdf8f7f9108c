import Foundation
import FuzzSupport

@testable import JournalFiles

/// Whatever a journal holds, its records are read or passed over; a row that is recorded is read back, torn or not.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJournal(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = unsafe FuzzInput(start, count)
    let sequence = UInt64(input.byte())
    let bytes = [UInt8](repeating: 0, count: JournalSegment.headerBytes) + input.rest
    read(bytes, sequence)
    recordAndTear(&input, sequence)
    return 0
}

/// The bytes as they are, as a record and as a segment.
private func read(_ bytes: [UInt8], _ sequence: UInt64) {
    unsafe bytes.withUnsafeBytes { bytes in
        let record = unsafe UnsafeRawBufferPointer(rebasing: bytes[JournalSegment.headerBytes...])
        if let view = unsafe RecordView(record) { check(view.entry) }
        for verifies in [true, false] {
            var frames = unsafe JournalFrames(
                bytes, sequence: sequence, from: 0, to: bytes.count, verifies: verifies)
            var place = frames.offset
            while let view = frames.next() {
                check(view.entry)
                require(frames.offset > place && frames.offset <= bytes.count, "a record lies inside its segment")
                place = frames.offset
            }
        }
    }
}

/// What is read of a record can be looked at; if it is an entry by the rules, it is recorded and read alike.
private func check(_ entry: LedgerEntry) {
    _ = LedgerTime.hour(entry.time)
    guard (try? entry.validate()) != nil else { return }
    let record = JournalRecord.encode(entry)
    let again = unsafe record.withUnsafeBytes { unsafe RecordView($0)?.entry }
    require(again == entry, "a recorded row is read back")
}

/// Rows in a segment: all are there again; and if one byte of the last is another, all but that one.
private func recordAndTear(_ input: inout FuzzInput, _ sequence: UInt64) {
    var segment = [UInt8](repeating: 0, count: JournalSegment.headerBytes)
    var entries: [LedgerEntry] = []
    var last = segment.count
    for number in 0...input.number(below: 4) {
        let entry = entry(&input, number)
        guard (try? entry.validate()) != nil else { continue }
        last = segment.count
        append(JournalRecord.encode(entry), to: &segment, sequence)
        entries.append(entry)
    }
    require(all(segment, sequence) == entries, "what was recorded is read back")
    guard !entries.isEmpty else { return }
    let torn = last + input.number(below: 256) % (segment.count - last)
    segment[torn] ^= max(1, input.byte())
    require(all(segment, sequence) == Array(entries.dropLast()), "a torn row at the end is passed over")
}

private func append(_ record: [UInt8], to segment: inout [UInt8], _ sequence: UInt64) {
    let sum = unsafe record.withUnsafeBytes { unsafe JournalChecksum.of($0) }
    let placed = JournalChecksum.placed(sum, sequence: sequence, offset: segment.count)
    for shift in stride(from: 0, to: 32, by: 8) {
        segment.append(UInt8(truncatingIfNeeded: UInt32(record.count) >> UInt32(shift)))
    }
    for shift in stride(from: 0, to: 64, by: 8) { segment.append(UInt8(truncatingIfNeeded: placed >> UInt64(shift))) }
    segment += record
}

private func all(_ segment: [UInt8], _ sequence: UInt64) -> [LedgerEntry] {
    unsafe segment.withUnsafeBytes { bytes in
        var frames = unsafe JournalFrames(bytes, sequence: sequence, from: 0, to: bytes.count, verifies: true)
        var entries: [LedgerEntry] = []
        while let view = frames.next() { entries.append(view.entry) }
        return entries
    }
}

private func entry(_ input: inout FuzzInput, _ number: Int) -> LedgerEntry {
    func text(_ limit: Int) -> String { String(decoding: input.word(limit), as: UTF8.self) }
    let source: CountSource = [.counted, .reported, .estimated("bytes/4")][input.number(below: 3)]
    let flags = input.byte()
    return LedgerEntry(
        requestID: "r\(number)" + text(8), attempt: 1 + input.number(below: 9), isFinal: flags & 1 != 0,
        time: LedgerTime.date(milliseconds: Int64(input.byte()) << Int64(input.number(below: 40))),
        task: flags & 2 != 0 ? text(600) : nil, schemaFingerprint: flags & 4 != 0 ? text(9) : nil,
        key: flags & 8 != 0 ? text(9) : nil, arm: .allCases[input.number(below: 3)], reason: "r" + text(9),
        backend: text(9), model: text(9),
        tokens: TokenUse(
            full: SegmentTokens(template: Int(input.byte()), query: Int(input.byte())), fullSource: source,
            sent: SegmentTokens(other: Int(input.byte())), sentSource: source, completion: Int(input.byte()),
            completionSource: .reported, cachedPrompt: Int(input.byte())),
        money: flags & 16 != 0
            ? AttemptMoney(
                full: Int64(input.byte()), fullCached: Int64(input.byte()), paid: Int64(input.byte()), currency: "USD",
                priceDate: text(9)) : nil,
        timeToFirstToken: flags & 32 != 0 ? Double(input.byte()) : nil, totalTime: Double(input.byte()),
        status: Int(input.byte()), outcome: .allCases[input.number(below: 4)], failure: flags & 64 != 0 ? text(9) : nil)
}
