/// The words that every house book is made of. Names are shared by all books; what they are coded as never is.
public enum Vocabulary {
    /// The calculations a question can ask for, with the explanation the book prints.
    static let functions: [(name: String, use: String)] = [
        ("total", "adds all amounts; for questions about sums, overall spending and how much in all"),
        ("average", "mean of the amounts; for questions about what is typical or usual per entry"),
        ("largest", "the highest single amount; for questions about the biggest or top entry"),
        ("smallest", "the lowest single amount; for questions about the least or cheapest entry"),
        ("count", "number of entries; for questions about how many and how often"),
        ("median", "the middle amount; for questions about the midpoint of the entries"),
        ("growth", "change against the year before; for questions about increase or decrease"),
        ("share", "part of the house total in percent; for questions about portion or percentage"),
    ]

    /// Questions for each function; {b} branch, {a} account, {m} month or months.
    static let questions: [String: [String]] = [
        "total": [
            "How much did {b} spend on {a} in {m}?", "What did {a} cost {b} in {m} in all?",
            "Give the sum of {a} at {b} for {m}.", "I need the overall {a} spending of {b} in {m}.",
        ],
        "average": [
            "What was a typical {a} entry at {b} in {m}?", "Give the mean of {a} for {b} in {m}.",
            "What did {b} usually pay per entry for {a} in {m}?",
            "On average, what was booked on {a} at {b} in {m}?",
        ],
        "largest": [
            "What was the biggest {a} entry at {b} in {m}?", "Show the top amount on {a} for {b} in {m}.",
            "What is the most that {b} paid at once for {a} in {m}?", "Find the highest {a} amount at {b} for {m}.",
        ],
        "smallest": [
            "What was the least {b} paid for {a} in {m}?", "Show the lowest amount on {a} for {b} in {m}.",
            "What is the cheapest {a} entry of {b} in {m}?", "Find the minimum on {a} at {b} for {m}.",
        ],
        "count": [
            "How many {a} entries did {b} book in {m}?", "How often did {b} pay for {a} in {m}?",
            "Give the number of {a} bookings at {b} for {m}.", "Count the {a} entries of {b} in {m}.",
        ],
        "median": [
            "What is the middle {a} amount at {b} in {m}?", "Give the midpoint of {a} for {b} in {m}.",
            "What amount splits the {a} entries of {b} in half in {m}?", "Find the median of {a} at {b} for {m}.",
        ],
        "growth": [
            "By how much did {a} rise at {b} in {m}?", "Show the change of {a} for {b} in {m} against last year.",
            "Did {b} pay more for {a} in {m} than a year ago?", "How did {a} at {b} develop in {m}?",
        ],
        "share": [
            "What part of the house total was {a} at {b} in {m}?", "Which percentage went to {a} at {b} in {m}?",
            "Give the portion of {a} at {b} for {m}.", "How large a slice was {a} for {b} in {m}?",
        ],
    ]

    /// Months, in calendar order.
    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    /// Places that can have a branch.
    static let branches = [
        "Harlow", "Oxted", "Selby", "Whitby", "Ludlow", "Ripon", "Thirsk", "Malton", "Corby", "Kendal", "Penrith",
        "Hexham", "Alnwick", "Morpeth", "Keswick", "Buxton", "Matlock", "Bakewell", "Leek", "Stone", "Rugby",
        "Daventry", "Banbury", "Bicester", "Thame", "Witney", "Burford", "Cirencester", "Stroud", "Dursley",
        "Thornbury", "Yate", "Frome", "Wells", "Street", "Yeovil", "Sherborne", "Dorchester", "Bridport", "Axminster",
        "Honiton", "Tiverton", "Bideford", "Bude", "Bodmin", "Truro", "Penzance", "Saltash", "Totnes", "Brixham",
        "Newquay", "Camborne", "Helston", "Liskeard", "Launceston", "Okehampton", "Tavistock", "Barnstaple", "Minehead",
        "Taunton", "Wellington", "Chard", "Ilminster", "Crewkerne",
    ]

    /// What money can be booked on.
    static let accounts = [
        "travel", "freight", "payroll", "rent", "heating", "water", "insurance", "training", "printing", "postage",
        "catering", "cleaning", "repairs", "licences", "software", "hardware", "furniture", "uniforms", "fuel", "tyres",
        "parking", "tolls", "customs", "storage", "packaging", "advertising", "events", "gifts", "donations", "audits",
        "legal", "banking", "interest", "pensions", "bonuses", "overtime", "recruiting", "security", "gardening",
        "lighting", "telephone", "internet", "stationery", "samples", "returns", "discounts", "research", "testing",
    ]

    /// Remarks that the book prints behind branches.
    static let desks = ["north desk", "south desk", "east desk", "west desk", "harbour desk", "market desk"]

    /// Remarks that the book prints behind accounts.
    static let ledgers = ["main ledger", "side ledger", "cash ledger", "trade ledger", "staff ledger", "plant ledger"]

    /// Houses.
    static let houses = [
        "Northwind Mills", "Gable and Sons", "Copperfield Trading", "Ashdown Stores", "Merton Supply", "Lakeside Foods",
        "Blackwater Timber", "Fairfax Mutual", "Oldbury Textiles", "Ravenscar Shipping",
    ]

    /// Every name that has a code, each to be one token of the demo's tokenizer, with the space in front.
    public static let codedNames = (functions.map(\.name) + branches + accounts + months).map { " " + $0 }
}
