import NIOSSL
import Synchronization

/// The listener's certificate, which can be replaced while serving.
public final class ListenerTLS: Sendable {
    /// Where certificate and key are.
    public struct Files: Sendable, Hashable {
        /// The certificate and those that vouch for it, in PEM.
        public var certificate: String
        /// Its private key, in PEM, without a password.
        public var key: String
        /// Those who vouch for clients, in PEM; with it clients without a certificate are turned away.
        public var clientCA: String?

        /// Names files.
        public init(certificate: String, key: String, clientCA: String? = nil) {
            self.certificate = certificate
            self.key = key
            self.clientCA = clientCA
        }
    }

    private let files: Files
    private let context: Mutex<NIOSSLContext>

    /// Reads the files; throws `ServerError` `.tls`, which names the file.
    public init(_ files: Files) throws(ServerError) {
        self.files = files
        context = Mutex(try Self.read(files))
    }

    /// Reads the files again, for connections from now on; if they are wrong, what was read before stays.
    public func reload() throws(ServerError) {
        let next = try Self.read(files)
        context.withLock { $0 = next }
    }

    /// The handler of one connection.
    func handler() -> NIOSSLServerHandler {
        NIOSSLServerHandler(context: context.withLock { $0 })
    }

    private static func read(_ files: Files) throws(ServerError) -> NIOSSLContext {
        let chain = try part("certificate", files.certificate) {
            try NIOSSLCertificate.fromPEMFile(files.certificate).map { NIOSSLCertificateSource.certificate($0) }
        }
        guard !chain.isEmpty else { throw failure("certificate", files.certificate, "it holds no certificate") }
        let key = try part("private key", files.key) { try NIOSSLPrivateKey(file: files.key, format: .pem) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["h2", "http/1.1"]
        if let authority = files.clientCA {
            configuration.trustRoots = .file(authority)
            configuration.certificateVerification = .noHostnameVerification
        }
        return try part("certificate, key or client CA", files.certificate) {
            try NIOSSLContext(configuration: configuration)
        }
    }

    private static func part<Value>(
        _ what: String, _ file: String, _ read: () throws -> Value
    ) throws(ServerError) -> Value {
        do {
            return try read()
        } catch {
            throw failure(what, file, "\(error)")
        }
    }

    private static func failure(_ what: String, _ file: String, _ why: String) -> ServerError {
        ServerError(
            .tls, "the listener's \(what) cannot be used, \(file): \(why); give PEM files that belong together")
    }
}
