/// A `format` of JSON Schema that strings can be held to.
public enum StringFormat: String, CaseIterable, Sendable {
    /// A day of the Gregorian calendar, `2024-02-29`.
    case date
    /// A time with its offset from UTC (RFC 3339), without leap seconds.
    case time
    /// Both, with a `T` between them.
    case dateTime = "date-time"
    /// 32 hexadecimal digits in five groups (RFC 4122).
    case uuid
    /// A mailbox of dotted words and a domain with a dot in it: a part of RFC 5321.
    case email
    /// Labels of letters, digits and inner hyphens, with dots between them (RFC 1123).
    case hostname
    /// Four numbers up to 255.
    case ipv4
    /// Eight groups of hexadecimal digits, none left out (RFC 4291).
    case ipv6
    /// An `http` or `https` address with a host, a port, a path, a query and a fragment: a part of RFC 3986.
    case uri
    /// A length of time in days, hours, minutes and seconds, or in weeks (RFC 3339, appendix A).
    case duration

    /// The expression that all of a string matches.
    var expression: String {
        switch self {
        case .date: Self.day
        case .time: Self.clock
        case .dateTime: "(?:\(Self.day))T\(Self.clock)"
        case .uuid: "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
        case .email: "\(Self.word){1,32}(?:\\.\(Self.word){1,31})?@\(Self.label)(?:\\.\(Self.label)){1,3}"
        case .hostname: "\(Self.label)(?:\\.\(Self.label)){0,3}"
        case .ipv4: "\(Self.octet)(?:\\.\(Self.octet)){3}"
        case .ipv6: "[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){7}"
        case .uri:
            "https?://\(Self.label)(?:\\.\(Self.label)){0,5}(?::[1-9][0-9]{0,3})?(?:/\(Self.path)*)?"
                + "(?:\\?(?:\(Self.path)|[/?])*)?(?:#(?:\(Self.path)|[/?])*)?"
        case .duration: "P(?:[0-9]{1,4}W|[0-9]{1,4}D(?:\(Self.hours))?|\(Self.hours))"
        }
    }

    private static let day =
        "[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
        + "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
        + "|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29"
    private static let clock =
        "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
    private static let word = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
    private static let label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    private static let path = "(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})"
    private static let hours =
        "T(?:[0-9]{1,4}H(?:[0-9]{1,4}M(?:[0-9]{1,4}S)?)?|[0-9]{1,4}M(?:[0-9]{1,4}S)?|[0-9]{1,4}S)"
    private static let octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
}
