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

    /// Its endpoints, as they are now.
    var endpoints: [EndpointState] {
        (backend as? UpstreamBackend)?.endpoints ?? (backend as? ServerBackend)?.endpoints ?? []
    }

    /// Makes a backend of its setting; connects to nobody.
    init(
        _ section: String, _ setting: UpstreamSetting, in settings: GatewaySettings, transport: CurlTransport
    ) throws(ConfigurationError) {
        self.section = section
        self.setting = setting
        limits = settings.limits
        let endpoints = try Self.endpoints(section, setting, in: settings)
        let (name, key, options) = (setting.name, setting.key?.value, Self.options(setting, settings.limits))
        backend =
            section == "servers"
            ? ServerBackend(name: name, endpoints: endpoints, key: key, transport: transport, options: options)
            : UpstreamBackend(name: name, endpoints: endpoints, key: key, transport: transport, options: options)
    }

    private static func endpoints(
        _ section: String, _ setting: UpstreamSetting, in settings: GatewaySettings
    ) throws(ConfigurationError) -> [UpstreamEndpoint] {
        let place = "\(section).\(setting.name)"
        var options = EndpointOptions(
            allowsHTTP2: setting.connection.allowsHTTP2,
            minimumTLS: setting.connection.needsTLS13 ? .tls13 : .tls12,
            certificateAuthorities: setting.connection.authorities,
            allowsLinkLocal: setting.connection.allowsLinkLocal)
        if let certificate = setting.connection.certificate, let key = setting.connection.certificateKey {
            options.clientCertificate = ClientCertificate(certificate: certificate, key: key)
        }
        if let proxy = setting.connection.proxy {
            do throws(TransportError) {
                options.proxy = try ProxyAddress(proxy.value)
            } catch {
                throw settings.error(at: "\(place).proxy", "\(error)")
            }
        }
        var endpoints: [UpstreamEndpoint] = []
        for (index, url) in setting.baseURLs.enumerated() {
            do throws(TransportError) {
                endpoints.append(try UpstreamEndpoint(url, options: options))
            } catch {
                let key = setting.baseURLs.count == 1 ? "base_url" : "base_urls[\(index)]"
                throw settings.error(at: "\(place).\(key)", "\(error)")
            }
        }
        return endpoints
    }

    private static func options(_ setting: UpstreamSetting, _ limits: LimitSettings) -> UpstreamOptions {
        var options = UpstreamOptions()
        options.limits = TransportLimits(
            connect: .seconds(setting.connect ?? limits.connect),
            firstByte: .seconds(setting.firstByte ?? limits.firstByte), idle: .seconds(setting.idle ?? limits.idle),
            total: .seconds(setting.total ?? limits.total))
        options.dialect = dialect(setting)
        options.breaker = CircuitBreaker.Options(setting.breaker)
        var conditions: RetryPolicy.Conditions = []
        for condition in setting.retry.conditions { conditions.insert(self.condition(condition)) }
        options.retry = RetryPolicy(retries: setting.retry.attempts, conditions: conditions)
        options.hidesServerErrors = setting.hidesServerErrors
        options.structuredOutputs = StructuredOutputs(rawValue: setting.structuredOutputs.rawValue)
        options.saltsCache = setting.saltsCache
        return options
    }

    private static func dialect(_ setting: UpstreamSetting) -> UpstreamDialect {
        switch setting.kind {
        case .openai: return .openAI
        case .azure: return .azure(AzureDeployments(version: setting.apiVersion, names: setting.deployments))
        case .bedrock:
            guard let aws = setting.aws else { return .openAI }
            return .aws(
                AWSSignature(
                    region: aws.region, service: "bedrock", accessKey: aws.accessKey.value,
                    secretKey: aws.secretKey.value, sessionToken: aws.sessionToken?.value))
        }
    }

    private static func condition(_ setting: RetrySetting.Condition) -> RetryPolicy.Conditions {
        switch setting {
        case .connect: .connect
        case .reset: .reset
        case .timeout: .timeout
        case .rateLimit: .rateLimit
        case .serverError: .serverError
        }
    }
}

extension RoutingRule {
    init(_ setting: RoutingSetting) {
        self.init(
            model: setting.model, task: setting.task, maxPromptTokens: setting.maxPromptTokens,
            backend: setting.to.backend, target: setting.to.model)
    }
}

extension CircuitBreaker.Options {
    init(_ setting: BreakerSetting) {
        self.init(failures: setting.failures, window: setting.window, rest: .seconds(setting.rest))
    }
}
