import Gateway

/// The keys in a request's fields.
enum Credential {
    /// Where a key may stand, in the order in which they are tried.
    enum Place: CaseIterable {
        /// `Authorization: Bearer KEY`.
        case authorization
        /// `api-key: KEY`, as Azure's clients send it.
        case azure
        /// `x-api-key: KEY`.
        case header
    }

    /// What stands in a place.
    enum Found {
        case none
        /// An `Authorization` field of another form.
        case malformed
        case key([UInt8])
    }

    static func find(_ place: Place, in fields: HeaderFields) -> Found {
        switch place {
        case .authorization: fields.first(named: "authorization").map(bearer) ?? .none
        case .azure: fields.first(named: "api-key").map { .key(Array($0.utf8)) } ?? .none
        case .header: fields.first(named: "x-api-key").map { .key(Array($0.utf8)) } ?? .none
        }
    }

    /// The token of a bearer authorization.
    private static func bearer(_ value: String) -> Found {
        guard value.utf8.count > 7, FieldName.hasPrefix(value, "bearer ") else { return .malformed }
        let bytes = Array(value.utf8)
        let start = bytes[7...].firstIndex { $0 != 0x20 } ?? bytes.endIndex
        return .key(Array(bytes[start...]))
    }
}
