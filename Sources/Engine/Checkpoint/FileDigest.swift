import Crypto

/// Digests that name the files a run depends on.
public enum FileDigest {
    /// The SHA-256 of a file's bytes in lower-case hexadecimal, read in pieces.
    public static func sha256(path: String) throws(EngineError) -> String {
        let file = try InputFile(path: path)
        var hash = SHA256()
        var offset = 0
        while offset < file.size {
            let end = min(offset + 1 << 20, file.size)
            hash.update(data: try file.bytes(offset..<end))
            offset = end
        }
        return hexadecimal(hash.finalize())
    }

    /// Bytes in lower-case hexadecimal.
    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
