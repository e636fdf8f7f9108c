import Configuration
import Logging
import Server

/// Writes each event as a line like those of the requests, in the same format and through the same writer.
struct LineLogHandler: LogHandler {
    let format: LogLine.Format
    let writer: LogWriter
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level

    /// Writes what the settings ask for.
    init(_ settings: LogSettings, to writer: LogWriter = .standardError) {
        format = LogLine.Format(settings)
        self.writer = writer
        logLevel = Logger.Level(settings.level)
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = LogLine(format, level: event.level.text, event: "\(event.message)")
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (name, value) in all.sorted(by: { $0.key < $1.key }) { line.add(field: name, "\(value)") }
        writer.write(line.finished())
    }
}

extension LogLine.Format {
    /// The format that the settings ask for.
    init(_ settings: LogSettings) {
        self = settings.format == .json ? .json : .line
    }
}

extension Logger.Level {
    fileprivate init(_ level: LogSettings.Level) {
        self =
            switch level {
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            }
    }

    fileprivate var text: StaticString {
        switch self {
        case .trace: "trace"
        case .debug: "debug"
        case .info: "info"
        case .notice: "notice"
        case .warning: "warning"
        case .error: "error"
        case .critical: "critical"
        }
    }
}
