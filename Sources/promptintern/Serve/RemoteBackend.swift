import Backends
import Configuration
import Gateway
import Transport

/// A server or an upstream of the configuration, as the gateway asks it.
struct RemoteBackend: Sendable {
    /// Where it stands in the configuration: `servers` or `upstreams`.
    let section: String
    let setting: UpstreamSetting
    let limits: LimitSettings
    let backend: any Backend

    /// Makes a backend of its setting; connects to nobody.
    init(
        _ section: String, _ setting: UpstreamSetting, in settings: GatewaySettings, transport: CurlTransport
    ) throws(ConfigurationError) {
        self.section = section
        self.setting = setting
        limits = settings.limits
        let endpoint: UpstreamEndpoint
        do throws(TransportError) {
            endpoint = try UpstreamEndpoint(setting.baseURL)
        } catch {
            throw settings.error(at: "\(section).\(setting.name).base_url", "\(error)")
        }
        let (name, key, limits) = (setting.name, setting.key?.value, TransportLimits(settings.limits))
        backend =
            section == "servers"
            ? ServerBackend(name: name, endpoint: endpoint, key: key, transport: transport, limits: limits)
            : UpstreamBackend(name: name, endpoint: endpoint, key: key, transport: transport, limits: limits)
    }
}

extension TransportLimits {
    init(_ limits: LimitSettings) {
        self.init(
            connect: .seconds(limits.connect), firstByte: .seconds(limits.firstByte), idle: .seconds(limits.idle),
            total: .seconds(limits.total))
    }
}
