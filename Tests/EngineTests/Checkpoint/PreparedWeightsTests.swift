import Foundation
import TestSupport
import Testing

@testable import Engine

@Suite("files of packed weights")
struct PreparedWeightsTests {
    private let folder: TinyModelFolder
    private let prompt: [Int32] = [3, 17, 42, 9, 5, 60, 23]

    init() throws {
        folder = try TinyModelFolder()
        for name in ["config.json", "model.safetensors"] {
            try FileManager.default.copyItem(
                atPath: TinyModelFixture.path("untied") + "/" + name, toPath: folder.path + "/" + name)
        }
    }

    private func prepared(_ precision: WeightPrecision, in other: String? = nil) -> PreparedWeights {
        var prepared = PreparedWeights(modelFolder: other ?? folder.path, precision: precision)
        prepared.least = 0
        return prepared
    }

    private func logits(
        _ prepared: PreparedWeights, _ precision: WeightPrecision, of model: String? = nil
    ) throws -> (logits: [Float], outcome: PreparedWeights.Outcome) {
        let (model, outcome) = try prepared.model(
            of: Checkpoint(folder: model ?? folder.path), options: .init(precision: precision))
        var cache = KeyValueCache(model.config)
        return (try model.logits(prompt, cache: &cache), outcome)
    }

    private func expected(_ precision: WeightPrecision) throws -> [Float] {
        let model = try DecoderModel(
            checkpoint: Checkpoint(folder: folder.path), options: .init(precision: precision))
        var cache = KeyValueCache(model.config)
        return try model.logits(prompt, cache: &cache)
    }

    @Test(
        "the second start maps what the first one wrote, and computes the same to the last bit",
        arguments: WeightPrecision.allCases)
    func roundTrip(precision: WeightPrecision) throws {
        let prepared = prepared(precision)
        let expected = try expected(precision)
        let first = try logits(prepared, precision)
        let size = try #require(try FileManager.default.attributesOfItem(atPath: prepared.path)[.size] as? Int)
        #expect(first.outcome == .written(size, instead: nil))
        let second = try logits(prepared, precision)
        #expect(second.outcome == .used(size))
        #expect(first.logits == expected && second.logits == expected)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
                == ["config.json", "model.\(precision.rawValue).packed", "model.safetensors"])
    }

    @Test("an adapter is added into a mapped model as into any other")
    func adapter() throws {
        let source = TinyModelFixture.path("tied")
        let prepared = prepared(.int8)
        let checkpoint = try Checkpoint(folder: source)
        _ = try prepared.model(of: checkpoint, options: .init(precision: .int8))
        let (model, outcome) = try prepared.model(of: checkpoint, options: .init(precision: .int8))
        guard case .used = outcome else { throw PreparationUnused() }
        let adapter = try LoRAAdapter.load(folder: TinyModelFixture.path("adapter"), model: checkpoint.config)
        let merged = try model.merging(adapter)
        let plain = try DecoderModel(checkpoint: checkpoint, adapter: adapter, options: .init(precision: .int8))
        #expect(try merged.score(prompt) == plain.score(prompt))
        #expect(try merged.score(prompt) != model.score(prompt))
    }

    private struct PreparationUnused: Error {}

    @Test("a changed bit anywhere, a missing end and an added byte are found, and the file is made anew")
    func damage() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)
        let prepared = prepared(.int8)
        let expected = try expected(.int8)
        _ = try logits(prepared, .int8)
        let good = [UInt8](try Data(contentsOf: URL(fileURLWithPath: prepared.path)))
        var files = [
            Array(good.dropLast()), good + [0], [], Array(good.prefix(PreparedHeader.count)), good.map { _ in 0 },
        ]
        let places =
            [0, 31, 32, 64, 96, 128, 160, PreparedHeader.count - 1, PreparedHeader.count, good.count - 1]
            + (0..<10).map { _ in Int.random(in: good.indices, using: &random) }
        for place in places {
            files.append(good)
            files[files.count - 1][place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
        for (number, bytes) in files.enumerated() {
            try Data(bytes).write(to: URL(fileURLWithPath: prepared.path))
            let again = try logits(prepared, .int8)
            guard case .written(good.count, instead: .some) = again.outcome else {
                Issue.record("file \(number), seed \(seed): \(again.outcome)")
                continue
            }
            #expect(again.logits == expected)
            #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: prepared.path))) == good, "seed \(seed)")
        }
    }

    @Test("a file of other weights, of another precision or of another model is not used")
    func stale() throws {
        let prepared = prepared(.int8)
        _ = try logits(prepared, .int8)
        var weights = try ModelWeights.load(folder: folder.path)
        for index in weights.values.indices { weights.values[index] *= 1.25 }
        try weights.save(folder: folder.path, precision: .float32)
        let changed = try logits(prepared, .int8)
        guard case .written(_, instead: "the model's files have changed") = changed.outcome else {
            Issue.record("\(changed.outcome)")
            return
        }
        #expect(changed.logits == (try expected(.int8)))
        let other = self.prepared(.int4)
        _ = try logits(other, .int4)
        try FileManager.default.removeItem(atPath: prepared.path)
        try FileManager.default.copyItem(atPath: other.path, toPath: prepared.path)
        guard case .written(_, instead: .some) = try logits(prepared, .int8).outcome else {
            Issue.record("an int4 file was used for int8")
            return
        }
    }

    @Test("a copied folder's file is used, as its content is the same; a name alone is not enough")
    func copies() throws {
        let prepared = prepared(.bfloat16)
        _ = try logits(prepared, .bfloat16)
        let copy = try TinyModelFolder()
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            try FileManager.default.copyItem(atPath: folder.path + "/" + name, toPath: copy.path + "/" + name)
        }
        let found = try logits(self.prepared(.bfloat16, in: copy.path), .bfloat16, of: copy.path)
        guard case .used = found.outcome else {
            Issue.record("\(found.outcome)")
            return
        }
        #expect(found.logits == (try expected(.bfloat16)))
        // The copy now has the stamps of its own sources: nothing is left to change.
        func file() throws -> Data {
            try Data(contentsOf: URL(fileURLWithPath: self.prepared(.bfloat16, in: copy.path).path))
        }
        let renewed = try file()
        let original = try Data(contentsOf: URL(fileURLWithPath: prepared.path))
        #expect(renewed != original && renewed.dropFirst(64 << 10) == original.dropFirst(64 << 10))
        guard case .used = try logits(self.prepared(.bfloat16, in: copy.path), .bfloat16, of: copy.path).outcome else {
            Issue.record("the copy's file was not used again")
            return
        }
        #expect(try file() == renewed)
    }

    @Test("what a killed writer left goes with the next write, unless somebody is writing it or it is new")
    func leftovers() throws {
        let prepared = prepared(.int8)
        let names = ["1.2", "3.4", "5.6"].map { prepared.path + "." + $0 + AtomicFile.suffix }
        for name in names { try Data("x".utf8).write(to: URL(fileURLWithPath: name)) }
        for name in names.dropFirst() {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -3_600)], ofItemAtPath: name)
        }
        let writer = unsafe open(names[2], O_RDONLY)
        defer { close(writer) }
        #expect(flock(writer, LOCK_EX | LOCK_NB) == 0)
        _ = try logits(prepared, .int8)
        #expect(names.map { FileManager.default.fileExists(atPath: $0) } == [true, false, true])
    }

    @Test("a folder that takes no file, and a folder in the file's place, cost the packing only")
    func unwritable() throws {
        let expected = try expected(.int8)
        let nowhere = try logits(prepared(.int8, in: folder.path + "/missing"), .int8)
        guard case .notWritten = nowhere.outcome else {
            Issue.record("\(nowhere.outcome)")
            return
        }
        let prepared = prepared(.int8)
        try FileManager.default.createDirectory(atPath: prepared.path + "/full", withIntermediateDirectories: true)
        let blocked = try logits(prepared, .int8)
        guard case .notWritten = blocked.outcome else {
            Issue.record("\(blocked.outcome)")
            return
        }
        #expect(nowhere.logits == expected && blocked.logits == expected)
    }

    @Test("small models have no file")
    func small() throws {
        let found = try logits(PreparedWeights(modelFolder: folder.path, precision: .int8), .int8)
        let expected = try expected(.int8)
        #expect(found.outcome == .notNeeded && found.logits == expected)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
    }
}
