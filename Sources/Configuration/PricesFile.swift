public import Ledger

/// Reads a price file: per model the prices of a million tokens, with their currency and the day they were noted.
public enum PricesFile {
    /// The prices in the file at `path`. Amounts are read as decimal text, exactly.
    public static func load(path: String) throws(ConfigurationError) -> PriceTable {
        try table(YAMLReader.load(path: path))
    }

    static func table(_ root: YAMLReader) throws(ConfigurationError) -> PriceTable {
        let file = try root.mapping(keys: ["currency", "date", "models"])
        let currency = try currency(file.required("currency", "add a line such as 'currency: USD'"))
        let date = try date(file.required("date", "add the day the prices were noted, such as 'date: 2026-06-21'"))
        var table = PriceTable()
        for model in try file.required("models").mapping().entries {
            let keys = ["input", "cached_input", "output", "currency", "date", "aliases"]
            let entry = try model.value.mapping(keys: keys)
            var price = ModelPrice(
                input: try amount(entry.required("input")), output: try amount(entry.required("output")),
                currency: currency, date: date)
            if let value = entry["cached_input"] { price.cachedInput = try amount(value) }
            if let value = entry["currency"] { price.currency = try Self.currency(value) }
            if let value = entry["date"] { price.date = try Self.date(value) }
            try add(price, for: model.name, at: model.value, to: &table)
            for alias in try entry["aliases"]?.list() ?? [] {
                try add(price, for: try alias.nonEmptyString(), at: alias, to: &table)
            }
        }
        return table
    }

    private static func add(
        _ price: ModelPrice, for model: String, at place: YAMLReader, to table: inout PriceTable
    ) throws(ConfigurationError) {
        guard table.prices.updateValue(price, forKey: model) == nil else {
            throw place.error("the model '\(model)' has a price already", "keep one of them")
        }
    }

    private static func amount(_ value: YAMLReader) throws(ConfigurationError) -> Int64 {
        if let nano = NanoAmount.parse(try value.string()) { return nano }
        throw value.error(
            "it must be the price of a million tokens, with at most nine decimal places", "write a number such as 0.15")
    }

    private static func currency(_ value: YAMLReader) throws(ConfigurationError) -> String {
        let text = try value.string()
        if text.utf8.count == 3, text.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) { return text }
        throw value.error("it must be a currency code of three capital letters", "write a code such as USD")
    }

    private static func date(_ value: YAMLReader) throws(ConfigurationError) -> String {
        let text = try value.string()
        if ModelPrice.isDay(text) { return text }
        throw value.error("it must be a day of the calendar", "write it as YYYY-MM-DD, such as 2026-06-21")
    }
}
