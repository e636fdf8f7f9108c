import Foundation
import Telemetry

/// The process's memory, processor time and descriptors, read when somebody asks, under the names that dashboards know.
enum ProcessMetrics {
    static func add(to page: MetricsPage) {
        let start = Date().timeIntervalSince1970
        page.readings("process_start_time_seconds", "When the process began, since 1970.") { [Reading(start)] }
        page.readings("process_resident_memory_bytes", "Resident memory.") {
            let pages = text("/proc/self/statm").split(separator: " ").dropFirst().first.flatMap { Int($0) }
            return pages.map { [Reading($0 * Int(sysconf(Int32(_SC_PAGESIZE))))] } ?? []
        }
        page.readings("process_cpu_seconds_total", "User and system processor time.", .counter) {
            var usage = rusage()
            guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return [] }
            return [Reading(seconds(usage.ru_utime) + seconds(usage.ru_stime))]
        }
        page.readings("process_open_fds", "Open file descriptors.") {
            let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            // Reading the folder takes one descriptor itself.
            return names.map { [Reading(max(0, $0.count - 1))] } ?? []
        }
        page.readings("process_max_fds", "How many file descriptors may be open.") {
            var limit = rlimit()
            guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return [] }
            return [Reading(Double(limit.rlim_cur))]
        }
        page.readings("process_threads", "Threads.") {
            let line = text("/proc/self/status").split(separator: "\n").first { $0.hasPrefix("Threads:") }
            return line.flatMap { Int($0.dropFirst(8).drop(while: \.isWhitespace)) }.map { [Reading($0)] } ?? []
        }
    }

    private static func text(_ path: String) -> String {
        guard let file = FileHandle(forReadingAtPath: path), let data = try? file.read(upToCount: 1 << 16) else {
            return ""
        }
        return String(decoding: data, as: UTF8.self)
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
}
