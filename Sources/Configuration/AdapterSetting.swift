/// An adapter that an engine serves.
public struct AdapterSetting: Sendable, Hashable {
    /// The name under which clients reach it.
    public var name: String
    /// The PEFT folder.
    public var folder: String
    /// The SHA-256 that its matrices' file must have, in hexadecimal; nil: any.
    public var sha256: String?

    /// An adapter.
    public init(name: String, folder: String, sha256: String? = nil) {
        self.name = name
        self.folder = folder
        self.sha256 = sha256
    }
}
