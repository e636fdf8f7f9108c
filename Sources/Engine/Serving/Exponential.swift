import Foundation

/// Exponentials and logarithms of the C library, for files that need no other of Foundation.
enum Exponential {
    static func of(_ x: Float) -> Float { exp(x) }

    static func log(_ x: Double) -> Double { Foundation.log(x) }
}
