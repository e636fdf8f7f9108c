import Foundation
import Ledger
import Testing

@testable import Configuration

@Suite("Price files")
struct PricesFileTests {
    private func table(_ text: String) throws(ConfigurationError) -> PriceTable {
        try PricesFile.table(YAMLReader.parse(text, file: "prices.yaml"))
    }

    @Test("give exact prices, each with its currency and day")
    func prices() throws {
        let table = try table(
            """
            currency: USD
            date: 2026-06-21
            models:
              large: { input: 2.00, cached_input: 0.50, output: 8.00, aliases: [large-2026-04-14] }
              "7b": { input: 0.000000001, output: 0, currency: EUR, date: 2025-12-31 }
            """)
        let large = ModelPrice(
            input: 2_000_000_000, cachedInput: 500_000_000, output: 8_000_000_000, currency: "USD", date: "2026-06-21")
        let own = ModelPrice(input: 1, cachedInput: 1, output: 0, currency: "EUR", date: "2025-12-31")
        #expect(table == PriceTable(prices: ["large": large, "large-2026-04-14": large, "7b": own]))
    }

    @Test(
        "with a mistake say where it is and what to do",
        arguments: [
            (
                "date: 2026-06-21\nmodels: {}",
                "prices.yaml:1: 'currency' is missing; add a line such as 'currency: USD'"
            ),
            (
                "currency: dollars\ndate: 2026-06-21\nmodels: {}",
                "prices.yaml:1: currency: it must be a currency code of three capital letters; write a code such as USD"
            ),
            (
                "currency: USD\ndate: 2026-02-30\nmodels: {}",
                "prices.yaml:2: date: it must be a day of the calendar; write it as YYYY-MM-DD, such as 2026-06-21"
            ),
            (
                "currency: USD\ndate: 2026-06-21\nmodels:\n  a: { input: 1 }",
                "prices.yaml:4: models.a: 'output' is missing; add the line 'output: …'"
            ),
            (
                "currency: USD\ndate: 2026-06-21\nmodels:\n  a:\n    input: -1\n    output: 2",
                "prices.yaml:5: models.a.input: it must be the price of a million tokens, with at most nine decimal places; "
                    + "write a number such as 0.15"
            ),
            (
                "currency: USD\ndate: 2026-06-21\nmodels:\n  a: { input: 1, output: 1, aliases: [b] }\n"
                    + "  b: { input: 1, output: 1 }",
                "prices.yaml:5: models.b: the model 'b' has a price already; keep one of them"
            ),
            (
                "currency: USD\ndate: 2026-06-21\nmodels:\n  a: { input: 1, outputs: 1 }",
                "prices.yaml:4: models.a.outputs: it is not a known key; did you mean 'output'?"
            ),
        ])
    func mistakes(text: String, description: String) {
        let error = #expect(throws: ConfigurationError.self) { try table(text) }
        #expect(error?.description == description)
    }

    @Test("in the repository is one of them, and prices the demo's models")
    func shipped() throws {
        let path = #filePath.replacingOccurrences(
            of: "Tests/ConfigurationTests/PricesFileTests.swift", with: "config/prices.yaml")
        let table = try PricesFile.load(path: path)
        for model in ["house-books-tuned", "house-books-base", "gpt-4.1"] {
            let price = try #require(table.price(of: model))
            #expect(price.input > 0 && price.cachedInput <= price.input && price.currency == "USD")
        }
    }
}
