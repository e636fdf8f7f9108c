import Experimentation
import Testing

@Suite("Sticky assignment")
struct BucketTests {
    /// Computed with Python's hashlib by the formula in `Bucket`'s documentation.
    @Test(
        "gives the buckets that an independent implementation gives",
        arguments: [
            ("house", "alice", 343), ("house", "bob", 1272), ("other", "alice", 4311), ("", "", 3192),
            ("houses", "", 1181), ("house", "s", 8385), ("t\u{E2}che", "cl\u{E9}-\u{E9}t\u{E9}", 3986),
            ("house", "sk-" + String(repeating: "0", count: 60), 9881),
        ])
    func stored(task: String, key: String, bucket: Int) {
        #expect(Bucket(task: task, key: key).number == bucket)
    }

    @Test("spreads 100,000 keys evenly, and a raised percentage takes no key away")
    func hundredThousandKeys() {
        let numbers = (0..<100_000).map { Bucket(task: "house", key: "key-\($0)").number }
        #expect(numbers.allSatisfy((0..<Bucket.count).contains))

        var counts = [Int](repeating: 0, count: 20)
        for number in numbers { counts[number / 500] += 1 }
        // As Python's hashlib counts them.
        #expect(
            counts == [
                4982, 5043, 5082, 4964, 4985, 4918, 4969, 5093, 5027, 4998, 4951, 4925, 5046, 5086, 4927, 4953, 4966,
                4945, 5105, 5035,
            ])
        let chiSquare = counts.reduce(0.0) { $0 + Double(($1 - 5000) * ($1 - 5000)) / 5000 }
        // 19 degrees of freedom: above 43.82 in one of a thousand cases.
        #expect(chiSquare < 43.82)

        var inside = [Bool](repeating: false, count: numbers.count)
        for percent in [0, 1, 2, 5, 10, 25, 50, 51, 99, 100] {
            let limit = Mode.canary(percent: percent).internalizedBuckets
            let now = numbers.map { $0 < limit }
            #expect(!zip(inside, now).contains { $0 && !$1 }, "a key left at \(percent) %")
            #expect(abs(now.count { $0 } - percent * 1000) < 600)
            inside = now
        }
        #expect(!inside.contains(false))
    }

    @Test("keeps tasks apart: the keys of one task's canary are not those of another's")
    func tasksApart() {
        let both = (0..<10_000).count { index in
            Bucket(task: "a", key: "\(index)").number < 5000 && Bucket(task: "b", key: "\(index)").number < 5000
        }
        #expect((2300...2700).contains(both))
    }

    @Test("reduces a given number into the range", arguments: [(0, 0), (9999, 9999), (10_000, 0), (-1, 9999)])
    func numbers(number: Int, reduced: Int) {
        #expect(Bucket(number: number).number == reduced)
    }

    @Test(
        "takes the first key that is there and not empty",
        arguments: [
            ("h", "u", "k", StickyKey.Source.header, "h"), (nil, "u", "k", .user, "u"), ("", "u", "k", .user, "u"),
            (nil, nil, "k", .apiKey, "k"), ("", "", "", .requestID, "r"), (nil, nil, nil, .requestID, "r"),
        ] as [(String?, String?, String?, StickyKey.Source, String)])
    func order(header: String?, user: String?, apiKey: String?, source: StickyKey.Source, value: String) {
        let key = StickyKey(header: header, user: user, apiKey: apiKey, requestID: "r")
        #expect(key.source == source)
        #expect(key.value == value)
        #expect(key.bucket(task: "house") == Bucket(task: "house", key: value))
    }
}
