import Foundation
import TestSupport
import Testing

@testable import Transport

@Suite("Everything at once", .allCarriers)
struct ChaosTests {
    /// What the server does with a request that names the number.
    private static func steps(_ number: Int, _ body: [UInt8]) -> [ScriptedStep] {
        switch number % 10 {
        case 0: [.close]
        case 1: [.reset]
        case 2: [.text("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"), .close]
        case 3: [.chunkedHead(), .chunk("a"), .wait(milliseconds: number % 7), .reset]
        case 4: [.chunkedHead(), .chunk("a"), .hold]
        case 5: [.text("HTTP/1.1 100 Continue\r\n\r\n"), .wait(milliseconds: 2), .response(body: body)]
        case 6: [.response(body: body), .close]
        case 7: [.text("nonsense\r\n\r\n"), .close]
        case 8: [.chunkedHead(), .chunk(body), .wait(milliseconds: number % 5), .lastChunk]
        default: [.response(503, headers: [("Retry-After", "1")], body: body)]
        }
    }

    @Test(
        "among faults and callers that leave, every exchange ends with its own answer or an error, and nothing is left")
    func chaos() async throws {
        let seed: UInt64 = 20_241_122
        print("Chaos, seed \(seed), carrier \(Carrier.current)")
        var random = SeededRandom(seed: seed)
        let before = try Self.openDescriptors()
        do {
            var fixture = try TransportFixture { request in
                Self.steps(Int(request.target.dropFirst()) ?? 0, request.body)
            }
            fixture.limits.idle = .milliseconds(100)
            fixture.limits.firstByte = .milliseconds(1500)
            let start = ContinuousClock.now
            for _ in 0..<5 {
                let sent = (0..<60).map { _ in
                    let number = Int.random(in: 0..<10_000, using: &random)
                    let size = Int.random(in: 1...90_000, using: &random)
                    return (number, [UInt8](repeating: UInt8(number % 251), count: size))
                }
                let tasks = sent.map { [fixture] number, body in
                    Task { () throws(TransportError) -> [UInt8] in
                        try await fixture.send("POST", "/\(number)", body: body).body.collect()
                    }
                }
                for task in tasks where Int.random(in: 0..<4, using: &random) == 0 {
                    await Task.yield()
                    task.cancel()
                }
                for (task, (number, body)) in zip(tasks, sent) {
                    guard case .success(let answer) = await task.result else { continue }
                    #expect([5, 6, 8, 9].contains(number % 10) && answer.elementsEqual(body))
                }
            }
            #expect(start.duration(to: .now) < .seconds(20))
            let response = try await fixture.send("POST", "/9", body: [9])
            #expect(response.status == 503)
            #expect(try await response.body.collect() == [9])
            fixture.transport.shutdown()
            fixture.server.stop()
        }
        #expect(await eventually { ((try? Self.openDescriptors()) ?? .max) <= before + 2 })
    }

    private static func openDescriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }
}
