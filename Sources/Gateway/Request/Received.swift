public import Access
public import Foundation

/// A request as it came in: bytes, identity and arrival; the first value of the serving flow.
public struct Received: Sendable {
    /// The request's id: 1 to 256 bytes, unique; it stands in every ledger row and in `x-request-id`.
    public let id: String
    /// The method.
    public let method: String
    /// Path and query exactly as the client sent them, starting with `/v1/`.
    public let target: String
    /// The client's header fields, in order.
    public let headers: HeaderFields
    /// The whole body.
    public let body: [UInt8]
    /// The name of the gateway key that the client authenticated with.
    ///
    /// Nil if the gateway asks for none; only then the client's own `Authorization` goes on to an upstream.
    public let gatewayKey: String?
    /// Whose key it is; nil if the gateway asks for none.
    public let caller: Caller?
    /// When the request's head had arrived; all times in the ledger count from here.
    public let arrival: ContinuousClock.Instant
    /// The same moment by the calendar.
    public let time: Date

    /// Makes a request; arrival and time are now unless given.
    public init(
        id: String, method: String = "POST", target: String = "/v1/chat/completions", headers: HeaderFields = [],
        body: [UInt8] = [], gatewayKey: String? = nil, caller: Caller? = nil, arrival: ContinuousClock.Instant = .now,
        time: Date = Date()
    ) {
        self.id = id
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.gatewayKey = gatewayKey ?? caller?.name
        self.caller = caller
        self.arrival = arrival
        self.time = time
    }

    /// A new id: `req_` and 32 hexadecimal digits, 12 of them the time in milliseconds, the others random.
    ///
    /// Ids that ascend with time land side by side in the ledger's index: half of a row's processor time there.
    public static func newID() -> String {
        let random = RandomWords.shared
        let time = UInt64(max(0, Date().timeIntervalSince1970 * 1000))
        let words: InlineArray<2, UInt64> = [time << 16 | random.next() & 0xFFFF, random.next()]
        return unsafe String(unsafeUninitializedCapacity: 36) { text in
            var count = unsafe text.initialize(fromContentsOf: "req_".utf8)
            for index in words.indices {
                for shift in stride(from: 60, through: 0, by: -4) {
                    let digit = UInt8(truncatingIfNeeded: words[index] >> UInt64(shift)) & 15
                    unsafe text[count] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit
                    count += 1
                }
            }
            return count
        }
    }

    /// The path without the query.
    var path: String { String(target.prefix { $0 != "?" }) }

    /// Whether the caller asked for the full prompt.
    var isBypassed: Bool {
        guard let value = headers.first(named: GatewayHeader.bypass) else { return false }
        return FieldName.matches(value, "true") || value == "1"
    }

    /// When the caller stops waiting, if it says so.
    var deadline: ContinuousClock.Instant? {
        guard let text = headers.first(named: GatewayHeader.timeout), let seconds = Double(text), seconds > 0,
            seconds < 1e6
        else { return nil }
        return arrival + .seconds(seconds)
    }

    /// Milliseconds since the arrival.
    var elapsed: Double {
        let (seconds, attoseconds) = (ContinuousClock.now - arrival).components
        return max(0, Double(seconds) * 1000 + Double(attoseconds) / 1e15)
    }
}
