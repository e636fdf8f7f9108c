import Foundation

/// The request ids in a ledger's file, found in its bytes, so that the check does not depend on the code under test.
///
/// Only the main file of a ledger that was closed is read: what is in it was committed.
enum LedgerBytes {
    static func requestIDs(_ path: String) -> Set<String> {
        let bytes = [UInt8](FileManager.default.contents(atPath: path) ?? Data())
        let prefix = Array("req_".utf8)
        var ids: Set<String> = []
        var index = 0
        while index + 36 <= bytes.count {
            if bytes[index] == prefix[0], bytes[index..<index + 4].elementsEqual(prefix) {
                let id = bytes[index..<index + 36]
                if id.dropFirst(4).allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) {
                    ids.insert(String(decoding: id, as: UTF8.self))
                }
            }
            index += 1
        }
        return ids
    }
}
