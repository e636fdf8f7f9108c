import Foundation
import Synchronization

/// A loaded base model with its queue and the thread that computes; ends when the last service that uses it goes.
final class EngineCore: Sendable {
    let base: DecoderModel
    let baseVersion: AdapterVersion
    let queue: GenerationQueue
    private let lastNumber = Atomic<Int>(0)

    init(_ base: DecoderModel, options: EngineOptions) throws(EngineError) {
        try options.check()
        self.base = base
        baseVersion = AdapterVersion(base: base)
        queue = GenerationQueue(limit: options.queueLimit, sequences: options.sequences)
        // The thread must not keep the core: it ends with it.
        let thread = Thread { [queue] in
            var scheduler = Scheduler(queue: queue, base: base, options: options)
            scheduler.run()
        }
        thread.name = "engine"
        thread.stackSize = 4 << 20
        thread.start()
    }

    deinit {
        queue.close()
    }

    /// The versions of adapters that are served together: kept ones as they are, and new ones.
    ///
    /// One alone is added into a copy of the weights; several are computed beside the base. A kept one for which that
    /// changes gets a version of its own, and requests under way go on with the former.
    func versions(
        keeping kept: [String: AdapterVersion], adding new: [String: LoRAAdapter]
    ) throws(EngineError) -> [String: AdapterVersion] {
        let isAlone = Set(kept.keys).union(new.keys).count == 1
        var versions: [String: AdapterVersion] = [:]
        for (name, version) in kept where new[name] == nil {
            guard let adapter = version.adapter else { continue }
            let fits = (version.beside == nil) == isAlone
            versions[name] = try fits ? version : self.version(adapter, isAlone: isAlone)
        }
        for (name, adapter) in new { versions[name] = try version(adapter, isAlone: isAlone) }
        return versions
    }

    private func version(_ adapter: LoRAAdapter, isAlone: Bool) throws(EngineError) -> AdapterVersion {
        guard adapter.model == base.config else {
            throw .limit("the adapter was made for a model of another shape than this one")
        }
        let number = lastNumber.add(1, ordering: .relaxed).newValue
        return isAlone
            ? try AdapterVersion(adapter, number: number, mergedInto: base, queue: queue)
            : AdapterVersion(adapter, number: number, beside: base, queue: queue)
    }
}
