import ArgumentParser
import ChatAPI
import Transport

/// Where the commands that change a running gateway find it.
struct AdminOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The gateway's admin listener.", valueName: "base-url"))
    var admin = "http://127.0.0.1:8081"

    /// Sends a request to the admin listener; throws what it objects to.
    func send(_ method: String, _ path: String, body: [UInt8] = []) async throws -> JSONDocument {
        let transport = try CurlTransport()
        defer { transport.shutdown() }
        let reply: (status: Int, body: [UInt8])
        do throws(TransportError) {
            let response = try await transport.send(
                TransportRequest(
                    method: method, path: path, headers: [("content-type", "application/json")], body: body),
                to: UpstreamEndpoint(admin))
            reply = (response.status, try await response.body.collect(upTo: 16 << 20))
        } catch {
            throw Failure(
                "the admin listener at \(admin) does not answer (\(error)): start `promptintern serve`, or give --admin"
            )
        }
        guard let document = try? JSONDocument(reply.body) else {
            throw Failure("\(admin)\(path) answered \(reply.status) and no JSON: is that the admin listener?")
        }
        guard reply.status < 300 else {
            throw Failure(
                document.root["error"]?["message"]?.string?.text ?? "\(admin)\(path) answered \(reply.status)")
        }
        return document
    }

    /// A path's segment with everything but letters, digits and `-._~` as `%XX`.
    static func escaped(_ segment: String) -> String {
        segment.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
