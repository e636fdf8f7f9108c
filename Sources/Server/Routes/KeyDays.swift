import ChatAPI
import Foundation
import Ledger

/// What a key used, by day of UTC and currency, as JSON.
enum KeyDays {
    static func json(_ key: String, _ days: [KeyUsage]) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("object", "key_usage")
            json.member("key", key)
            json.array("days") { json in
                for day in days {
                    json.object { json in
                        json.member("day", String(day.day.formatted(.iso8601).prefix(10)))
                        json.member("requests", day.requests)
                        json.member("prompt_tokens", day.promptTokens)
                        json.member("completion_tokens", day.completionTokens)
                        json.member("paid", NanoAmount.text(day.paidNano))
                        json.member("currency", day.currency)
                        json.member("unpriced", day.unpriced)
                    }
                }
            }
        }
        return json.bytes
    }
}
