import Foundation
import Testing

@testable import Engine

@Suite("Products of other processors")
struct EmulationTests {
    @Test("The source of the AMX products, run by a model of the tiles, computes what the portable one computes")
    func tiles() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let check = Process()
        check.executableURL = URL(fileURLWithPath: "/bin/sh")
        check.arguments = [
            root.appending(path: "Tests/Emulation/check.sh").path, "\(UInt32.random(in: 0 ... .max))",
        ]
        let output = Pipe()
        check.standardOutput = output
        check.standardError = output
        try check.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        check.waitUntilExit()
        #expect(check.terminationStatus == 0, "\(text)")
        #expect(text.contains("amx: agrees"), "\(text)")
        // It says so where the package of the AVX-512 instructions is missing.
        #expect(text.contains("avx512vnni: "), "\(text)")
    }

    @Test("No instruction set that this processor has is left out for computing something else")
    func ladder() {
        #expect(ProductTable.leftOut.isEmpty)
        #expect(KernelTable.leftOut.isEmpty)
    }
}
