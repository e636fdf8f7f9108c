/// A place in a message that a parse of the pattern's first parts can reach.
struct Boundary {
    let position: Int
    /// In how many ways; two stands for many.
    var ways: Int
    /// Where there is one way: the boundary before the last variable part that it came from.
    let previous: Int

    init(_ position: Int, ways: Int = 1, previous: Int = 0) {
        self.position = position
        self.ways = ways
        self.previous = previous
    }
}
