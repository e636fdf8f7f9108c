/// How much was used in the last minute: one slot a second, so that in any 60 seconds no more is admitted than the
/// limit.
///
/// A slot counts until all of it is 60 seconds old. Pure: the caller gives the time, in milliseconds of a steady clock.
struct RateWindow: Sendable {
    private static let length: Int64 = 61
    private var slots: [Int] = []
    private var newest: Int64 = 0
    /// The sum over the window, as of the last `advance`.
    private(set) var used = 0

    /// Lets go of what is older than the window; a time before the last one counts as the last one.
    mutating func advance(to milliseconds: Int64) {
        let second = milliseconds / 1000
        guard second > newest else { return }
        if used != 0, second - newest < Self.length {
            for passed in (newest + 1)...second {
                let place = Self.place(passed)
                used -= slots[place]
                slots[place] = 0
            }
        } else if used != 0 {
            used = 0
            for place in slots.indices { slots[place] = 0 }
        }
        newest = second
    }

    /// Counts an amount in the newest second; gives the second, for `change`.
    mutating func add(_ amount: Int) -> Int64 {
        if slots.isEmpty { slots = Array(repeating: 0, count: Int(Self.length)) }
        slots[Self.place(newest)] += amount
        used += amount
        return newest
    }

    /// Changes what was counted in a second: in the newest one if that second is no longer in the window and the change
    /// adds; what is out of the window is not given back.
    mutating func change(second: Int64, by amount: Int) {
        if second > newest - Self.length, second <= newest, !slots.isEmpty {
            slots[Self.place(second)] += amount
            used += amount
        } else if amount > 0 {
            _ = add(amount)
        }
    }

    /// Milliseconds until no more than `amount` is used, if nothing is added.
    func delay(untilUsed amount: Int, from milliseconds: Int64) -> Int64 {
        guard used > amount, !slots.isEmpty else { return 0 }
        var rest = used
        for second in (newest - Self.length + 1)...newest {
            rest -= slots[Self.place(second)]
            if rest <= amount { return max(1, (second + Self.length) * 1000 - milliseconds) }
        }
        return 0
    }

    private static func place(_ second: Int64) -> Int {
        Int(((second % length) + length) % length)
    }
}
