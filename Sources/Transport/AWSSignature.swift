/// What it takes to sign a request with AWS Signature Version 4; libcurl computes the signature.
///
/// Its descriptions leave the secrets out.
public struct AWSSignature: Sendable, Hashable {
    /// The region, such as `eu-central-1`.
    public var region: String
    /// The service, such as `bedrock`.
    public var service: String
    /// The access key's identifier.
    public var accessKey: String
    /// The secret that belongs to it.
    public var secretKey: String
    /// The token of temporary credentials; goes out as `X-Amz-Security-Token` and is signed. Default: nil.
    public var sessionToken: String?

    /// Makes a value; the request is refused if region or service are empty or hold a `:`.
    public init(region: String, service: String, accessKey: String, secretKey: String, sessionToken: String? = nil) {
        self.region = region
        self.service = service
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
    }

    /// libcurl's name for provider, region and service.
    var scope: String { "aws:amz:\(region):\(service)" }

    /// Why it cannot be used, or nil if it can.
    var problem: String? {
        let isName = [region, service].allSatisfy { text in
            !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
        }
        if !isName { return "is to be signed for a region or service that is not a name" }
        let areSecrets = [accessKey, secretKey].allSatisfy { text in
            !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        }
        return areSecrets ? nil : "is to be signed with an access key or secret key that is empty or malformed"
    }
}

extension AWSSignature: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Region and service.
    public var description: String { scope }
    /// Region and service.
    public var debugDescription: String { scope }
    /// Region and service only: the other parts are secrets.
    public var customMirror: Mirror { Mirror(self, children: ["region": region, "service": service]) }
}
