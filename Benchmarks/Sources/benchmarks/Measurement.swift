import Foundation

/// How long one operation takes: quantiles over samples of which each is the mean of a batch, in nanoseconds.
///
/// The clock is the thread's own processor time: a neighbour on the machine does not stand in the figures.
struct Measurement {
    let best: Double
    let median: Double
    let p99: Double

    /// Times `body`, which returns something that depends on its work, until `seconds` are over.
    ///
    /// - Parameter batch: operations per sample; 1 keeps slow single operations visible in the 99th percentile.
    init(seconds: Double = 0.4, batch: Int? = nil, _ body: () -> Int) {
        var sink = 0
        let once = Self.time { for _ in 0..<3 { sink &+= body() } } / 3
        let size = batch ?? max(1, min(100_000, Int(200_000 / max(once, 1))))
        var samples: [Double] = []
        var total = 0.0
        while samples.count < 100 || total < seconds * 1e9 {
            let elapsed = Self.time { for _ in 0..<size { sink &+= body() } }
            samples.append(elapsed / Double(size))
            total += elapsed
        }
        precondition(sink != Int.min, "keeps the work from being optimised away")
        samples.sort()
        best = samples[0]
        median = samples[samples.count / 2]
        p99 = samples[samples.count * 99 / 100]
    }

    private static func time(_ body: () -> Void) -> Double {
        let start = processorTime()
        body()
        return processorTime() - start
    }

    private static func processorTime() -> Double {
        var time = timespec()
        let result = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        precondition(result == 0, "the thread has a processor clock")
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
}
