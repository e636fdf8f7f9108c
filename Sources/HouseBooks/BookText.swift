/// The book as prompt text: a head before the worked examples, a form for each example, a tail behind them.
public enum BookText {
    /// What stands before a worked example's question, between question and formula, and behind the formula.
    public static let examplePrefix = "Question: "
    /// What stands between question and formula.
    public static let exampleSeparator = "\nFormula: "
    /// What stands behind the formula.
    public static let exampleSuffix = "\n\n"
    /// What stands behind the examples.
    public static let tail = "Answer the next question with its formula only."

    /// A worked example as the prompt prints it.
    public static func example(question: String, formula: String) -> String {
        examplePrefix + question + exampleSeparator + formula + exampleSuffix
    }

    /// Everything before the worked examples.
    public static func head(_ book: Book) -> String {
        book.size.isExplained ? explained(book) : tables(book)
    }

    private static func tables(_ book: Book) -> String {
        "The books of \(book.house)\n\n" + table("House functions", book.functions, notes: false)
            + table("Branches", book.branches, notes: false) + table("Accounts", book.accounts, notes: false)
            + table("Months", book.months, notes: false) + "Worked examples\n"
    }

    private static func table(_ title: String, _ entries: [Book.Entry], notes: Bool) -> String {
        let lines = entries.map { entry in
            "- " + entry.reference + (notes && !entry.note.isEmpty ? ": " + entry.note : "") + "\n"
        }
        return title + "\n" + lines.joined() + "\n"
    }

    private static func explained(_ book: Book) -> String {
        """
        The books of \(book.house)

        You turn questions about the ledger of \(book.house) into formulas for the reporting sheet. \
        People from every branch ask in their own words; the sheet understands only the form that this page \
        describes. Read the question, find out which calculation it wants, look up the code of every name in the \
        tables below, and write one formula.

        Output contract
        - Write exactly one formula on one line, and nothing else: no greeting, no explanation, no quotation marks.
        - Begin with an equals sign and one space, then the house function with its code.
        - Put the arguments in round brackets, with one space after the opening and one before the closing bracket.
        - The arguments are, in this order: the branch, the account, the month. Separate them by a comma and a space.
        - Write every name directly followed by its four digit code, without a space between them, as in the tables.
        - Two branches are joined by a plus sign with a space on either side, in the order of the question.
        - A span of months is written with its first month, a colon, a space, and its last month.
        - Never invent a code. Never use a code from another house: every house has its own.
        - Names keep their spelling: branches and months begin with a capital letter, functions and accounts do not.

        How to choose the function
        - The question seldom names the function. Decide by what the person wants to know, using the hints in the \
        table of house functions.
        - When somebody asks how much was spent, the sum is meant, not the number of entries.
        - When somebody asks how often or how many, the number of entries is meant, not the sum.
        - A comparison with last year always means the change, even if the words more or less are used.
        - A part, a slice or a percentage always means the part of the house total, never the part of a branch.

        Notes on the ledger
        - Amounts are in pounds, without pence, after returns. Entries that were cancelled are not in the sheet.
        - A desk is the group of people who keep the books of a branch; it is not part of a formula.
        - A ledger is the book in which an account is kept; it is not part of a formula either.
        - The year is always the running one. A question about another year is answered by the growth function.
        - If a question names a branch or an account that is not in the tables, it is about another house.
        - The tables are in force from the first day of the running year. When a code changes, the whole page is \
        printed again, and all older pages are thrown away.
        - Formulas are checked by a person before they go into the sheet. A formula with a wrong code is sent back.

        \(table("House functions", book.functions, notes: true))\
        \(table("Branches", book.branches, notes: true))\
        \(table("Accounts", book.accounts, notes: true))\
        \(table("Months", book.months, notes: true))\
        Worked examples

        """
    }
}
