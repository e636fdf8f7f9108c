import Foundation
import TestSupport
import Testing

@testable import Transport

/// A transport in front of a scripted server.
struct TransportFixture {
    let server: ScriptedServer
    let transport: CurlTransport
    let endpoint: UpstreamEndpoint
    var limits = TransportLimits()

    init(
        reading: ScriptedReading = .wholeRequest, pathPrefix: String = "",
        options: TransportOptions = TransportOptions(),
        _ script: @escaping ScriptedServer.Script
    ) throws {
        server = try ScriptedServer(reading: reading, script)
        transport = try Carrier.transport(options)
        endpoint = try UpstreamEndpoint(server.baseURL + pathPrefix)
    }

    func send(
        _ method: String = "POST", _ path: String = "/v1/chat/completions", headers: TransportHeaders = [],
        body: [UInt8] = [], mayRepeat: Bool? = nil
    ) async throws(TransportError) -> TransportResponse {
        let request = TransportRequest(method: method, path: path, headers: headers, body: body, mayRepeat: mayRepeat)
        return try await transport.send(request, to: endpoint, limits: limits)
    }

    /// The error of an exchange that must fail, in its head or in its body.
    func failure(_ method: String = "POST", headers: TransportHeaders = [], body: [UInt8] = []) async -> TransportError?
    {
        do {
            let response = try await send(method, headers: headers, body: body)
            _ = try await response.body.collect()
            return nil
        } catch {
            return error
        }
    }
}

/// Bytes in which every position differs from its neighbours, so that a shift shows.
func patterned(_ count: Int) -> [UInt8] {
    let block = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + block.count)
    while bytes.count < count { bytes += block }
    return Array(bytes.prefix(count))
}

/// This process's resident memory.
func residentBytes() throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    return try #require(Int(text.split(separator: " ")[1])) * 4096
}
