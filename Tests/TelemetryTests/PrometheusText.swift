/// A strict reading of the Prometheus text format, version 0.0.4: anything that is not spelled as the format says throws.
struct PrometheusText {
    struct Sample: Equatable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    struct Malformed: Error, CustomStringConvertible {
        var description: String
    }

    var types: [String: String] = [:]
    var samples: [Sample] = []

    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples.first { $0.name == name && $0.labels == labels }?.value
    }

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Malformed(description: "the last line has no end") }
        var family = ""
        var seen: Set<String> = []
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("# HELP ") {
                family = String(line.dropFirst(7).prefix { $0 != " " })
                try Self.check(name: family)
            } else if line.hasPrefix("# TYPE ") {
                let words = line.dropFirst(7).split(separator: " ", omittingEmptySubsequences: false).map(String.init)
                guard words.count == 2, words[0] == family, types[family] == nil,
                    ["counter", "gauge", "histogram"].contains(words[1])
                else { throw Malformed(description: "a TYPE out of place: \(line)") }
                types[family] = words[1]
            } else {
                let sample = try Self.sample(line)
                let suffixes = types[family] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
                guard suffixes.contains(where: { sample.name == family + $0 }) else {
                    throw Malformed(description: "a sample outside its family: \(line)")
                }
                let identity = "\(sample.name) \(sample.labels.sorted { $0.key < $1.key })"
                guard seen.insert(identity).inserted else { throw Malformed(description: "twice: \(line)") }
                samples.append(sample)
            }
        }
        for (name, type) in types where type == "histogram" { try checkHistogram(name) }
    }

    private static func check(name: String) throws {
        let isValid = name.utf8.enumerated().allSatisfy { place, byte in
            let isLetter = (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || byte == 0x5F
            return isLetter || byte == 0x3A || place > 0 && (0x30...0x39).contains(byte)
        }
        if name.isEmpty || !isValid { throw Malformed(description: "no name: \(name)") }
    }

    private static func sample(_ line: Substring) throws -> Sample {
        var rest = line[...]
        let name = String(rest.prefix { $0 != "{" && $0 != " " })
        try check(name: name)
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            while rest.first != "}" {
                let label = String(rest.prefix { $0 != "=" })
                try check(name: label)
                rest = rest.dropFirst(label.count)
                guard rest.hasPrefix("=\"") else { throw Malformed(description: "a label without a value: \(line)") }
                rest = rest.dropFirst(2)
                var value = ""
                while let character = rest.popFirst(), character != "\"" {
                    guard character == "\\" else {
                        value.append(character)
                        continue
                    }
                    switch rest.popFirst() {
                    case "\\": value.append("\\")
                    case "n": value.append("\n")
                    case "\"": value.append("\"")
                    default: throw Malformed(description: "an unknown escape: \(line)")
                    }
                }
                guard labels.updateValue(value, forKey: label) == nil else {
                    throw Malformed(description: "a label twice: \(line)")
                }
                if rest.first == "," {
                    rest = rest.dropFirst()
                } else if rest.first != "}" {
                    throw Malformed(description: "labels do not end: \(line)")
                }
            }
            rest = rest.dropFirst()
        }
        guard rest.first == " ", let value = number(rest.dropFirst()) else {
            throw Malformed(description: "no value: \(line)")
        }
        return Sample(name: name, labels: labels, value: value)
    }

    private static func number(_ text: Substring) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": .nan
        default: Double(text)
        }
    }

    private func checkHistogram(_ name: String) throws {
        let buckets = samples.filter { $0.name == name + "_bucket" }
        let bounds = buckets.compactMap { $0.labels["le"].flatMap { Self.number($0[...]) } }
        let counts = buckets.map(\.value)
        guard bounds.count == buckets.count, bounds == bounds.sorted(), bounds.last == .infinity,
            counts == counts.sorted(), counts.last == value(name + "_count"), value(name + "_sum") != nil
        else { throw Malformed(description: "the histogram \(name) contradicts itself") }
    }
}
