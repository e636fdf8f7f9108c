// Unchecked sendability: the kernel table is a constant of C function pointers, chosen once and never written again.

import CKernels

/// The float32 kernels of one instruction set.
@safe public struct KernelTable: @unchecked Sendable {
    let functions: pi_kernels

    /// The fastest table that this processor runs and whose answers on small inputs are right.
    public static let best = unsafe KernelTable(functions: pi_kernels_best().pointee)

    /// The portable table: each kernel's scalar twin.
    public static let scalar = unsafe KernelTable(functions: pi_kernels_scalar().pointee)

    /// The table named "scalar", "avx2" or "avx512", or nil when this processor cannot run it.
    public static func named(_ name: String) -> KernelTable? {
        guard let table = unsafe pi_kernels_named(name) else { return nil }
        return unsafe KernelTable(functions: table.pointee)
    }

    /// The names of the tables, the fastest first.
    private static let ladder = ["avx512", "avx2", "scalar"]

    /// The faster tables that this processor runs, and that are not used because they compute something else than the
    /// scalar table.
    public static let leftOut = ladder.prefix { $0 != best.name }.filter { named($0) != nil }

    /// The instruction set's name.
    public var name: String {
        unsafe String(cString: functions.name)
    }

    /// The packed products that belong to this instruction set.
    var products: ProductTable {
        switch name {
        case Self.best.name: .best
        case "avx2": ProductTable.named("avx2") ?? .scalar
        default: .scalar
        }
    }
}
