import Telemetry
import Testing

@Suite("metrics and their text")
struct MetricsPageTests {
    @Test("counters, gauges, histograms and readings are written as a strict reader wants them")
    func text() throws {
        let page = MetricsPage()
        page.counter("pi_errors_total", "Errors, all of them.").add(3)
        let requests = page.counters("pi_requests_total", "Requests.", labels: ["route", "status"], limit: 5)
        requests.add(2, Labels("/v1/chat/completions", "200"))
        requests.add(1, Labels("a \"quoted\\\" value\nof two lines", "500"))
        page.gauge("pi_open", "Open\nones \\.").set(-4)
        let histogram = page.histogram("pi_seconds", "Times.", bounds: [0.5, 0.001])
        for duration in [Duration.milliseconds(1), .milliseconds(2), .seconds(3), .seconds(-1)] {
            histogram.observe(duration)
        }
        page.readings("process_cpu_seconds_total", "CPU.", .counter) { [Reading(1.25)] }
        page.readings("pi_depth", "Depths.", labels: ["engine"], limit: 2) {
            [Reading(7, Labels("a")), Reading(8, Labels("b")), Reading(9, Labels("c"))]
        }
        let text = try PrometheusText(page.text)
        #expect(text.types["pi_seconds"] == "histogram" && text.types["process_cpu_seconds_total"] == "counter")
        #expect(text.value("pi_errors_total") == 3)
        #expect(text.value("pi_requests_total", ["route": "/v1/chat/completions", "status": "200"]) == 2)
        let odd = ["route": "a \"quoted\\\" value\nof two lines", "status": "500"]
        #expect(text.value("pi_requests_total", odd) == 1)
        #expect(text.value("pi_open") == -4)
        #expect(text.value("pi_seconds_bucket", ["le": "0.001"]) == 2)
        #expect(text.value("pi_seconds_bucket", ["le": "0.5"]) == 3)
        #expect(text.value("pi_seconds_count") == 4 && text.value("pi_seconds_sum") == 3.003)
        #expect(text.value("process_cpu_seconds_total") == 1.25)
        #expect(text.value("pi_depth", ["engine": "b"]) == 8 && text.value("pi_depth", ["engine": "c"]) == nil)
        #expect(page.seriesLimit == 1 + 6 + 1 + 5 + 1 + 2)
        #expect(page.text.contains("pi_requests_total{route=\"/v1/chat/completions\",status=\"200\"} 2\n"))
    }

    @Test("beyond its limit a family counts everything else together")
    func limit() throws {
        let page = MetricsPage()
        let family = page.counters("pi_x_total", "X.", labels: ["task"], limit: 2, known: [Labels("known")])
        for name in ["a", "b", "c", "b"] { family.add(1, Labels(name)) }
        let text = try PrometheusText(page.text)
        #expect(text.value("pi_x_total", ["task": "known"]) == 0)
        #expect(text.value("pi_x_total", ["task": "a"]) == 1)
        #expect(text.value("pi_x_total", ["task": "other"]) == 3)
        #expect(text.samples.count == 3)
    }

    @Test("counts from many tasks at once all arrive")
    func concurrency() async throws {
        let family = CounterFamily(limit: 10)
        let histogram = Histogram(bounds: [1])
        let gauge = Gauge()
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for round in 0..<1000 {
                        family.add(1, Labels("\(task % 3)"))
                        histogram.observe(nanoseconds: round)
                        gauge.add(round % 2 == 0 ? 1 : -1)
                    }
                }
            }
        }
        #expect((0..<3).map { family[Labels("\($0)")].value }.reduce(0, +) == 8000)
        #expect(histogram.counts == [8000, 0] && gauge.value == 0)
    }
}
