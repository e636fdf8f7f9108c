import Ledger
import TestSupport
import Testing

@Suite("Prices")
struct PriceTests {
    private static let large = ModelPrice(
        input: 2_000_000_000, cachedInput: 500_000_000, output: 8_000_000_000, currency: "USD", date: "2026-06-21")
    private static let small = ModelPrice(input: 100_000_000, output: 200_000_000, currency: "USD", date: "2026-05-01")
    private static let table = PriceTable(prices: [
        "large": large, "small": small,
        "euro": ModelPrice(input: 1, output: 1, currency: "EUR", date: "2026-05-01"),
    ])

    @Test(
        "make the exact cost, rounded once",
        arguments: [
            (1000, 0, 10, 2_080_000), (1000, 400, 10, 1_480_000), (1000, 5000, 0, 500_000), (0, 0, 0, 0),
            (1, 0, 0, 2000),
        ] as [(Int, Int, Int, Int64)])
    func cost(prompt: Int, cached: Int, completion: Int, nano: Int64) {
        #expect(Self.large.cost(prompt: prompt, cached: cached, completion: completion) == nano)
    }

    @Test(
        "round half up to a billionth where a token costs less",
        arguments: [
            (1, 0), (4, 0), (5, 1), (14, 1), (15, 2), (1_000_000, 100_000),
        ] as [(Int, Int64)])
    func rounding(tokens: Int, nano: Int64) {
        let price = ModelPrice(input: 100_000, output: 0, currency: "USD", date: "2026-06-21")
        #expect(price.cost(prompt: tokens, cached: 0, completion: 0) == nano)
    }

    @Test("agree with wide integers for 5,000 random cases, and never overflow")
    func random() {
        let seed: UInt64 = 43
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        for _ in 0..<5000 {
            let price = ModelPrice(
                input: .random(in: 0..<100_000_000_000, using: &random),
                cachedInput: .random(in: 0..<100_000_000_000, using: &random),
                output: .random(in: 0..<100_000_000_000, using: &random), currency: "USD", date: "2026-06-21")
            let prompt = Int.random(in: 0..<3_000_000, using: &random)
            let cached = Int.random(in: 0...prompt, using: &random)
            let completion = Int.random(in: 0..<300_000, using: &random)
            // In halves of 10^-15: quotient and remainder of 10^6 taken apart, each term below 2^63.
            let terms = [(prompt - cached, price.input), (cached, price.cachedInput), (completion, price.output)]
            let whole = terms.reduce(0) { $0 + Int64($1.0) * ($1.1 / 1_000_000) }
            let rest = terms.reduce(0) { $0 + Int64($1.0) * ($1.1 % 1_000_000) }
            let expected = whole + (rest / 1_000_000) + (rest % 1_000_000 >= 500_000 ? 1 : 0)
            #expect(price.cost(prompt: prompt, cached: cached, completion: completion) == expected)
        }
        let absurd = ModelPrice(input: .max, output: .max, currency: "USD", date: "2026-06-21")
        #expect(absurd.cost(prompt: .max, cached: 0, completion: 0) == .max)
    }

    @Test("compare the full prompt at the full-prompt model's price with what was paid")
    func money() {
        let tokens = LedgerEntry.tuned("r").tokens
        let money = Self.table.money(model: "small", fullModel: "large", tokens: tokens)
        #expect(
            money
                == AttemptMoney(
                    full: 1000 * 2000 + 5 * 8000, fullCached: 980 * 500 + 20 * 2000 + 5 * 8000,
                    paid: 20 * 100 + 5 * 200,
                    currency: "USD", priceDate: "2026-05-01"))
    }

    @Test("are unknown, not made up, without a price for each model in one currency")
    func unknown() {
        let tokens = LedgerEntry.tuned("r").tokens
        #expect(Self.table.money(model: "small", fullModel: "larger", tokens: tokens) == nil)
        #expect(Self.table.money(model: "tiny", fullModel: "large", tokens: tokens) == nil)
        #expect(Self.table.money(model: "euro", fullModel: "large", tokens: tokens) == nil)
        #expect(Self.table.price(of: "Large") == nil)
        #expect(PriceTable().money(model: "a", fullModel: "a", tokens: tokens) == nil)
    }

    @Test(
        "are read from decimal text exactly",
        arguments: [
            ("2", 2_000_000_000), ("2.50", 2_500_000_000), ("0.075", 75_000_000), (".5", 500_000_000),
            ("3.", 3_000_000_000),
            ("0.000000001", 1), ("9000000000", 9_000_000_000_000_000_000),
        ] as [(String, Int64)])
    func parsing(text: String, nano: Int64) {
        #expect(NanoAmount.parse(text) == nano)
    }

    @Test(
        "are refused in any other form",
        arguments: [
            "", ".", "-1", "+1", "1e3", "1,5", "0.0000000001", "9000000001", "99999999999", " 1", "1 ", "$1", "1.2.3",
            "٣",
        ])
    func refusing(text: String) {
        #expect(NanoAmount.parse(text) == nil)
    }

    @Test(
        "are written with at least two places",
        arguments: [
            (0, "0.00"), (150_000_000, "0.15"), (-1200, "-0.0000012"), (12_000_000_000, "12.00"), (1, "0.000000001"),
            (.min, "-9223372036.854775808"),
        ] as [(Int64, String)])
    func writing(nano: Int64, text: String) {
        #expect(NanoAmount.text(nano) == text)
    }

    @Test(
        "carry a day of the calendar",
        arguments: [
            ("2026-06-21", true), ("2024-02-29", true), ("2026-02-29", false), ("2026-6-21", false), ("", false),
            ("2026-06-21T00:00:00Z", false), ("June 2026", false),
        ])
    func days(text: String, isDay: Bool) {
        #expect(ModelPrice.isDay(text) == isDay)
    }
}
