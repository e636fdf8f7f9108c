/// AWS Signature Version 4, computed from a request as an upstream received it, apart from libcurl.
struct SigningReference {
    var secretKey: String
    var region: String
    var service: String

    /// The signature of the request.
    ///
    /// - Parameters:
    ///   - headers: the signed fields, names in lower case and sorted.
    ///   - date: the value of `X-Amz-Date`.
    func signature(
        method: String, path: String, query: String, headers: [(name: String, value: String)], body: [UInt8],
        date: String
    ) -> String {
        let canonical =
            [method, path, query]
            + headers.map { "\($0.name):\($0.value)" }
            + ["", headers.map(\.name).joined(separator: ";"), Self.hex(SHA256.hash(body))]
        let day = String(date.prefix(8))
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let toSign = [
            "AWS4-HMAC-SHA256", date, scope, Self.hex(SHA256.hash([UInt8](canonical.joined(separator: "\n").utf8))),
        ]
        var key = [UInt8]("AWS4\(secretKey)".utf8)
        for part in [day, region, service, "aws4_request"] { key = SHA256.authenticate([UInt8](part.utf8), key: key) }
        return Self.hex(SHA256.authenticate([UInt8](toSign.joined(separator: "\n").utf8), key: key))
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}

/// SHA-256 and HMAC (FIPS 180-4, RFC 2104), for tests only.
enum SHA256 {
    private static let primes = (2...311).filter { number in !(2..<number).contains { number % $0 == 0 } }
    /// The first 32 bits of the fractional parts of the primes' cube roots, and of the first eight square roots.
    private static let constants = primes.prefix(64).map { fraction($0, power: 3) }
    private static let start = primes.prefix(8).map { fraction($0, power: 2) }

    static func hash(_ message: [UInt8]) -> [UInt8] {
        var bytes = message + [0x80]
        while bytes.count % 64 != 56 { bytes.append(0) }
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: (message.count * 8) >> shift))
        }
        var state = start
        for block in stride(from: 0, to: bytes.count, by: 64) { mix(&state, bytes[block..<block + 64]) }
        return state.flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) } }
    }

    static func authenticate(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        let short = key.count > 64 ? hash(key) : key
        let padded = short + [UInt8](repeating: 0, count: 64 - short.count)
        return hash(padded.map { $0 ^ 0x5C } + hash(padded.map { $0 ^ 0x36 } + message))
    }

    private static func mix(_ state: inout [UInt32], _ block: ArraySlice<UInt8>) {
        var words = stride(from: block.startIndex, to: block.endIndex, by: 4).map { index in
            block[index..<index + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        for index in 16..<64 {
            let (one, two) = (words[index - 15], words[index - 2])
            let first = turn(one, 7) ^ turn(one, 18) ^ one >> 3
            let second = turn(two, 17) ^ turn(two, 19) ^ two >> 10
            words.append(words[index - 16] &+ first &+ words[index - 7] &+ second)
        }
        var s = state
        for index in 0..<64 {
            let choice = s[4] & s[5] ^ ~s[4] & s[6]
            let majority = s[0] & s[1] ^ s[0] & s[2] ^ s[1] & s[2]
            let first =
                s[7] &+ (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) &+ choice &+ constants[index] &+ words[index]
            let second = (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) &+ majority
            s = [first &+ second, s[0], s[1], s[2], s[3] &+ first, s[4], s[5], s[6]]
        }
        for index in 0..<8 { state[index] &+= s[index] }
    }

    private static func turn(_ word: UInt32, _ count: UInt32) -> UInt32 {
        word >> count | word << (32 - count)
    }

    /// The first 32 bits behind the point of a prime's root.
    private static func fraction(_ prime: Int, power: Int) -> UInt32 {
        var root: UInt64 = 0
        for shift in stride(from: 36, through: 0, by: -1) {
            let candidate = root | 1 << UInt64(shift)
            if reaches(candidate, power, prime) { root = candidate }
        }
        return UInt32(truncatingIfNeeded: root)
    }

    /// Whether (candidate / 2^32)^power <= prime, in whole numbers.
    private static func reaches(_ candidate: UInt64, _ power: Int, _ prime: Int) -> Bool {
        let wide = UInt128(candidate)
        let limit = UInt128(prime)
        if power == 2 { return wide * wide <= limit << 64 }
        return wide * wide * wide <= limit << 96
    }
}
