// Unchecked sendability: the table is a constant of C function pointers, chosen once and never written again.

import CKernels

/// The packed products and the attention of one instruction set.
@safe public struct ProductTable: @unchecked Sendable {
    let functions: pi_products

    /// The fastest table that this processor runs and whose answers on small inputs are right.
    public static let best = unsafe ProductTable(functions: pi_products_best().pointee)

    /// The portable table: the twin of every other.
    public static let scalar = unsafe ProductTable(functions: pi_products_scalar().pointee)

    /// The table named "scalar", "avx2", "avx512vnni" or "amx"; nil when this processor cannot run it.
    public static func named(_ name: String) -> ProductTable? {
        guard let table = unsafe pi_products_named(name) else { return nil }
        return unsafe ProductTable(functions: table.pointee)
    }

    /// The names of the tables, the fastest first.
    private static let ladder = ["amx", "avx512vnni", "avx2", "scalar"]

    /// The faster tables that this processor runs, and that are not used because they compute something else than the
    /// scalar table.
    public static let leftOut = ladder.prefix { $0 != best.name }.filter { named($0) != nil }

    /// Rows that are best multiplied together.
    var rowStep: Int { unsafe functions.row_step }

    /// True where a product in bfloat16 rounds the rows too.
    var roundsRows: Bool { unsafe functions.rounds_rows }

    /// The instruction set's name.
    public var name: String { unsafe String(cString: functions.name) }
}
