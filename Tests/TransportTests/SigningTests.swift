import TestSupport
import Testing
import Transport

@Suite("AWS signatures")
struct SigningTests {
    private static let secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    private static func signature(token: String? = nil) -> AWSSignature {
        AWSSignature(
            region: "eu-central-1", service: "bedrock", accessKey: "AKIDEXAMPLE", secretKey: secretKey,
            sessionToken: token)
    }

    private static let reference = SigningReference(secretKey: secretKey, region: "eu-central-1", service: "bedrock")

    /// Computed with botocore 1.43.11 for this request at this time.
    @Test("the reference computes what botocore computes")
    func vector() {
        let signature = Self.reference.signature(
            method: "POST", path: "/openai/v1/chat/completions", query: "",
            headers: [
                ("content-type", "application/json"), ("host", "bedrock.example.com"),
                ("x-amz-date", "20240102T030405Z"), ("x-amz-security-token", "session-token"),
            ], body: [UInt8](#"{"model":"m"}"#.utf8), date: "20240102T030405Z")
        #expect(signature == "9ac6858ae2d9b16b322f13ee48201f77bd928a3e85e6b8336c2b5e50a685a4d8")
    }

    @Test(
        "a request arrives with a signature of what arrived", arguments: [nil, "token/with+signs=="], [0, 22, 200_000])
    func signed(token: String?, size: Int) async throws {
        let body = patterned(size)
        let fixture = try TransportFixture(pathPrefix: "/openai/v1") { _ in [.response()] }
        let request = TransportRequest(
            method: "POST", path: "/chat/completions",
            headers: [
                ("Content-Type", "application/json"), ("Authorization", "Bearer of-the-client"),
                ("X-Amz-Date", "19990101T000000Z"), ("Accept", "text/event-stream"), ("X-Title", "a  b"),
            ], body: body, signature: Self.signature(token: token))
        _ = try await fixture.transport.send(request, to: fixture.endpoint).body.collect()
        let arrived = try #require(fixture.server.requests.first)
        #expect(arrived.body.elementsEqual(body))
        let authorization = try #require(arrived.header("authorization"))
        #expect(arrived.headers.count { $0.name.lowercased() == "authorization" } == 1)
        #expect(arrived.headers.count { $0.name.lowercased() == "x-amz-date" } == 1)
        #expect(arrived.header("x-amz-security-token") == token)
        let date = try #require(arrived.header("x-amz-date"))
        let names = try #require(Self.part("SignedHeaders=", of: authorization))
            .split(separator: ";").map(String.init)
        #expect(names.contains("host") && names.contains("x-amz-date"))
        #expect(token == nil || names.contains("x-amz-security-token"))
        let signed = names.map { name in
            let value = arrived.header(name) ?? ""
            return (name: name, value: value.split(separator: " ").joined(separator: " "))
        }
        let expected = Self.reference.signature(
            method: "POST", path: "/openai/v1/chat/completions", query: "", headers: signed, body: body, date: date)
        #expect(Self.part("Signature=", of: authorization).map(String.init) == expected)
        #expect(authorization.contains("Credential=AKIDEXAMPLE/\(date.prefix(8))/eu-central-1/bedrock/aws4_request"))
    }

    @Test("a request after a signed one is not signed")
    func notSigned() async throws {
        let fixture = try TransportFixture { _ in [.response()] }
        for signature in [Self.signature(), nil] {
            let request = TransportRequest(method: "POST", path: "/x", body: [1], signature: signature)
            _ = try await fixture.transport.send(request, to: fixture.endpoint).body.collect()
        }
        #expect(fixture.server.requests.map { $0.header("authorization") != nil } == [true, false])
    }

    @Test("no description of a signature shows its secrets")
    func secrecy() {
        let signature = Self.signature(token: "canary-token")
        var dumped = ""
        dump(signature, to: &dumped)
        for text in ["\(signature)", String(reflecting: signature), dumped, String(describing: Optional(signature))] {
            #expect(!text.contains(Self.secretKey) && !text.contains("canary") && !text.contains("AKID"))
        }
    }

    @Test("a region, service or key that cannot be signed with is refused before anything is sent")
    func malformed() async throws {
        let fixture = try TransportFixture { _ in [.response()] }
        for signature in [
            AWSSignature(region: "", service: "s", accessKey: "a", secretKey: "k"),
            AWSSignature(region: "r", service: "a:b", accessKey: "a", secretKey: "k"),
            AWSSignature(region: "r", service: "s", accessKey: "", secretKey: "k"),
            AWSSignature(region: "r", service: "s", accessKey: "a", secretKey: "k\n"),
            AWSSignature(region: "r", service: "s", accessKey: "a", secretKey: "k", sessionToken: "t\r\nX: 1"),
        ] {
            let request = TransportRequest(method: "POST", path: "/x", signature: signature)
            await #expect {
                _ = try await fixture.transport.send(request, to: fixture.endpoint)
            } throws: { ($0 as? TransportError)?.code == .badRequest }
        }
        #expect(fixture.server.connectionCount == 0)
    }

    private static func part(_ name: String, of authorization: String) -> Substring? {
        guard let start = authorization.firstRange(of: name) else { return nil }
        return authorization[start.upperBound...].prefix { $0 != "," }
    }
}
