import ChatAPI
import Foundation
import Testing

@testable import Server

@Suite("routes")
struct RouteTests {
    @Test(
        "patterns match literal parts byte by byte and take parameters",
        arguments: [
            ("/v1/models", "/v1/models", [:]), ("/v1/models", "/v1/models/", nil), ("/v1/models", "/v1/Models", nil),
            ("/v1/models", "/v1/%6dodels", nil), ("/a/{x}/b", "/a/1/b", ["x": "1"]), ("/a/{x}/b", "/a//b", nil),
            ("/a/{x}", "/a/b%2Fc%20d", ["x": "b/c d"]), ("/a/{x}", "/a/%zz", nil), ("/a/{x}", "/a/%ff", nil),
            ("/a/{x}", "/a/b/c", nil), ("/a/{+x}", "/a/b/c", ["x": "b/c"]), ("/a/{+x}", "/a", nil),
            ("/v1/*", "/v1/", [:]), ("/v1/*", "/v1", nil), ("/v1/*", "/v1/a/b", [:]), ("/v1/*", "/v10/a", nil),
        ] as [(String, String, [String: String]?)])
    func patterns(_ pattern: String, _ path: String, _ expected: [String: String]?) {
        #expect(PathPattern(pattern).match(path[...]) == expected)
    }

    @Test(
        "queries are split and decoded",
        arguments: [
            ("/v1/savings", []), ("/v1/savings?", []), ("/x?a=1&b=%20x%3D", ["a=1", "b= x="]), ("/x?a", ["a="]),
            ("/x?a=b=c&", ["a=b=c"]), ("/x?a=+", ["a=+"]), ("/x?a=%", nil),
        ] as [(String, [String]?)])
    func queries(_ target: String, _ expected: [String]?) {
        #expect(PathPattern.query(of: target)?.map { "\($0.name)=\($0.value)" } == expected)
    }

    @Test("dates are those of Foundation, at 2,000 moments of 130 years")
    func dates() {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        for step in 0..<2000 {
            let second = step * 2_051_347
            #expect(ResponseDate.text(second) == formatter.string(from: Date(timeIntervalSince1970: Double(second))))
        }
    }

    @Test("client keys are recognised by their hash, in either form")
    func keys() {
        var keys = ClientKeys()
        #expect(keys.isEmpty)
        keys.accept(key: "foo")
        #expect(!keys.isEmpty)
        #expect(keys.name(authorization: "Bearer foo") == "key_2c26b46b68ff")
        #expect(keys.name(authorization: "bearer  foo") != nil)
        for wrong in [nil, "", "Bearer", "Bearer ", "Bearer fo", "Bearer foo ", "foo", "Basic foo"] {
            #expect(keys.name(authorization: wrong) == nil)
        }
        var hashed = ClientKeys()
        let isHash = hashed.accept(sha256: "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae")
        #expect(isHash)
        #expect(hashed.name(authorization: "Bearer foo") == "key_2c26b46b68ff")
        let isShort = hashed.accept(sha256: "2c26")
        #expect(!isShort)
        let isOther = hashed.accept(sha256: String(repeating: "g", count: 64))
        #expect(!isOther)
        #expect(!"\(keys)".contains("foo"))
    }

    @Test("a path in the log is short, printable and without its query")
    func loggedPath() {
        #expect(RequestRecord.path("/v1/x?key=secret") == "/v1/x")
        #expect(RequestRecord.path("/v1/\u{1B}[31m\n") == "/v1/?[31m?")
        #expect(RequestRecord.path("/" + String(repeating: "a", count: 999)).count == 200)
    }
}
