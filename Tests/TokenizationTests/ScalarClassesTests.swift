import Testing

@testable import Tokenization

struct ScalarClassesTests {
    @Test("every scalar has the class that the Python package's regular expressions give it")
    func equalsReference() throws {
        let ranges = try Fixtures.value("classes.json", as: [String: String].self)
        var expected = [ScalarClass](repeating: .other, count: 0x11_0000)
        for (name, value) in [("letter", ScalarClass.letter), ("number", .number), ("whitespace", .whitespace)] {
            for range in try #require(ranges[name]).split(separator: " ") {
                let ends = range.split(separator: "-").compactMap { Int($0, radix: 16) }
                for scalar in try #require(ends.first)...(try #require(ends.last)) { expected[scalar] = value }
            }
        }
        let classes = ScalarClasses.shared
        let different = (0..<0x11_0000).filter { classes.of(UInt32($0)) != expected[$0] }
        #expect(different.map { String($0, radix: 16) } == [])
    }
}
