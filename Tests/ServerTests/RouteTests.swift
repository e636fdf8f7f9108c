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

    @Test(
        "a key may stand in Authorization, in api-key and in x-api-key",
        arguments: [
            (Credential.Place.authorization, "Authorization", "Bearer foo", "foo"),
            (.authorization, "authorization", "bearer  foo", "foo"),
            (.authorization, "authorization", "Basic foo", "-"),
            (.authorization, "authorization", "Bearer", "-"), (.authorization, "authorization", "foo", "-"),
            (.authorization, "api-key", "foo", nil), (.azure, "API-Key", "foo", "foo"), (.azure, "apikey", "foo", nil),
            (.header, "X-Api-Key", "foo", "foo"),
        ] as [(Credential.Place, String, String, String?)])
    func credentials(_ place: Credential.Place, _ name: String, _ value: String, _ key: String?) {
        switch Credential.find(place, in: [(name: name, value: value)]) {
        case .none: #expect(key == nil)
        case .malformed: #expect(key == "-")
        case .key(let bytes): #expect(String(decoding: bytes, as: UTF8.self) == key)
        }
    }

    @Test("a path in the log is short, printable and without its query")
    func loggedPath() {
        #expect(RequestRecord.path("/v1/x?key=secret") == "/v1/x")
        #expect(RequestRecord.path("/v1/\u{1B}[31m\n") == "/v1/?[31m?")
        #expect(RequestRecord.path("/" + String(repeating: "a", count: 999)).count == 200)
    }
}
