import Foundation

/// An IP address as a connection uses it.
enum SocketAddress: Equatable, Sendable {
    case v4([UInt8])
    case v6([UInt8])
    /// A family that has no such addresses.
    case other

    /// Reads the system's form of an address.
    init(sockaddr bytes: [UInt8], family: Int32) {
        switch family {
        case AF_INET where bytes.count >= 8: self = .v4(Array(bytes[4..<8]))
        case AF_INET6 where bytes.count >= 24: self = Self.unmapped(Array(bytes[8..<24]))
        default: self = .other
        }
    }

    /// The address in network order.
    var bytes: [UInt8] {
        switch self {
        case .v4(let bytes), .v6(let bytes): bytes
        case .other: []
        }
    }

    /// Whether it is link-local, or the address at which a cloud hands credentials to the machines in it.
    var isLinkLocal: Bool {
        switch self {
        case .v4(let bytes): bytes[0] == 169 && bytes[1] == 254
        case .v6(let bytes):
            bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80 || bytes.starts(with: [0xFD, 0x00, 0x0E, 0xC2])
        case .other: false
        }
    }

    /// An IPv4 address in IPv6's clothes (::ffff:a.b.c.d, or NAT64's 64:ff9b::a.b.c.d) is what it stands for.
    static func unmapped(_ bytes: [UInt8]) -> SocketAddress {
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        let translated: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
        return bytes.starts(with: mapped) || bytes.starts(with: translated) ? .v4(Array(bytes[12...])) : .v6(bytes)
    }
}
