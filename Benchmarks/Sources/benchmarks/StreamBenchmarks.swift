import ChatAPI

/// Reading along an answer.
enum StreamBenchmarks {
    static func run() -> [Row] {
        var stream = StreamObserver()
        let observed = Measurement {
            stream.observe(Texts.chunk)
            return stream.sawContent ? 1 : 0
        }
        var rows = [Row(name: "StreamObserver, one chunk a read", measurement: observed, bytes: Texts.chunk.count)]
        let halves = [Array(Texts.chunk[..<100]), Array(Texts.chunk[100...])]
        var split = StreamObserver()
        let cut = Measurement {
            for half in halves { split.observe(half) }
            return split.sawContent ? 1 : 0
        }
        rows.append(Row(name: "StreamObserver, a chunk in two reads", measurement: cut, bytes: Texts.chunk.count))
        for (name, body) in [
            ("1 KB", Texts.answer(.escapes, bytes: 1 << 10)), ("32 KB", Texts.answer(.escapes, bytes: 32 << 10)),
            ("plain 128 KB", Texts.answer(.plain, bytes: 128 << 10)), ("16 embeddings", Texts.embeddings(16)),
        ] {
            let measurement = Measurement {
                var observer = ResponseObserver()
                observer.observe(body)
                return observer.usage?.totalTokens ?? 0
            }
            rows.append(Row(name: "ResponseObserver, \(name)", measurement: measurement, bytes: body.count))
        }
        return rows
    }
}
