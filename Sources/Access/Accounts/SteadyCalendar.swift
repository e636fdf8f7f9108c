/// UTC that does not follow a jump of the wall clock until the jump has held for ten minutes.
///
/// Between jumps it follows the wall clock's own corrections. Pure: the caller gives both clocks' times.
struct SteadyCalendar: Sendable {
    /// What counts as a jump, in milliseconds.
    static let jump: Int64 = 30_000
    /// How long a jump must hold, in milliseconds.
    static let patience: Int64 = 600_000

    private var offset: Int64
    private var candidate: (offset: Int64, since: Int64)?

    init(wall: Int64, steady: Int64) {
        offset = wall - steady
    }

    /// UTC in milliseconds since 1970.
    mutating func now(wall: Int64, steady: Int64) -> Int64 {
        let shown = wall - steady
        if abs(shown - offset) < Self.jump {
            offset = shown
            candidate = nil
        } else if let (other, since) = candidate, abs(shown - other) < Self.jump {
            if steady - since >= Self.patience {
                offset = shown
                candidate = nil
            }
        } else {
            candidate = (shown, steady)
        }
        return steady + offset
    }
}
