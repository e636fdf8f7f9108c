import Gateway

/// One line for each request.
public struct RequestLog: Sendable {
    private let format: LogLine.Format
    private let writer: LogWriter
    /// Whether the health checks have lines too.
    private let includesHealth: Bool

    /// A log of the requests.
    public init(_ format: LogLine.Format, to writer: LogWriter, includesHealth: Bool = false) {
        self.format = format
        self.writer = writer
        self.includesHealth = includesHealth
    }

    /// Writes the request's line, which the writer's thread makes: the client's thread has others to serve.
    public func write(_ record: RequestRecord) {
        if record.isHealthCheck, !includesHealth { return }
        let (format, time) = (format, LogTime.Moment.now)
        writer.write(later: { Self.line(record, format, at: time) })
    }

    private static func line(_ record: RequestRecord, _ format: LogLine.Format, at time: LogTime.Moment) -> [UInt8] {
        var line = LogLine(format, level: "info", event: "request", at: time)
        line.add("request_id", record.id)
        line.add("trace_id", record.traceID)
        line.add("method", record.method)
        line.add("path", record.path)
        line.add("route", record.route)
        line.add("status", record.status)
        let decision = record.decision
        line.add("task", decision.task)
        line.add("arm", decision.arm)
        line.add("reason", decision.reason)
        line.add("template_hash", record.trace?.schemaFingerprint)
        line.add("upstream", record.trace?.backend)
        line.add("model", decision.model)
        line.add("tokens_full", decision.tokensBefore.flatMap { Int($0) })
        line.add("tokens_sent", decision.tokensAfter.flatMap { Int($0) })
        line.add("tokens_saved", decision.tokensSaved.flatMap { Int($0) })
        line.add("bytes", record.bytes)
        line.add("overhead_us", record.trace.map { Int($0.overhead / .microseconds(1)) })
        line.add("ttft_ms", milliseconds: record.firstByte)
        line.add("total_ms", milliseconds: record.total)
        if record.end != .complete { line.add("end", record.end.rawValue) }
        return line.finished()
    }
}
