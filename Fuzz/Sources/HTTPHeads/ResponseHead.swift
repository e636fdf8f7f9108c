// Transport defines these two beside types that need its event loop.

/// Header fields in order, as names and values.
public typealias TransportHeaders = [(name: String, value: String)]

struct ResponseHead: Sendable {
    var status: Int
    var headers: TransportHeaders
}
