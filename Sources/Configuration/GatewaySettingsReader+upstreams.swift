extension GatewaySettingsReader {
    /// A server or upstream: who it is, how it is reached, and what becomes of its failures.
    func upstream(_ entry: YAMLMapping.Entry) throws(ConfigurationError) -> UpstreamSetting {
        let mapping = try entry.value.mapping(keys: [
            "type", "base_url", "base_urls", "key", "key_env", "key_file", "model_map", "api_version", "deployments",
            "region", "access_key", "access_key_env", "access_key_file", "secret_key", "secret_key_env",
            "secret_key_file", "session_token", "session_token_env", "session_token_file", "ca_file",
            "client_certificate", "client_key", "proxy", "http2", "minimum_tls", "allow_link_local", "connect_seconds",
            "first_byte_seconds", "idle_seconds", "total_seconds", "breaker", "retry", "server_errors",
            "structured_outputs", "cache_salt",
        ])
        var setting = UpstreamSetting(name: entry.name, baseURL: "")
        setting.kind = try mapping["type"]?.choice(UpstreamSetting.Kind.self) ?? .openai
        if setting.kind == .bedrock { setting.aws = try aws(mapping) }
        setting.baseURLs = try baseURLs(mapping, setting)
        setting.key = try secret(mapping)
        setting.modelMap = try texts(mapping["model_map"])
        setting.deployments = try texts(mapping["deployments"])
        setting.apiVersion = try mapping["api_version"]?.nonEmptyString()
        try check(setting, mapping)
        part(mapping["breaker"]) { value throws(ConfigurationError) in setting.breaker = try breaker(value) }
        part(mapping["retry"]) { value throws(ConfigurationError) in setting.retry = try retry(value) }
        part(mapping["server_errors"]) { value throws(ConfigurationError) in
            setting.hidesServerErrors = try value.choice(ServerErrors.self) == .hide
        }
        part(mapping["structured_outputs"]) { value throws(ConfigurationError) in
            setting.structuredOutputs = try value.choice(UpstreamSetting.StructuredOutputs.self)
        }
        // A server that is known to be vLLM gets it.
        setting.saltsCache = setting.structuredOutputs == .vllm
        part(mapping["cache_salt"]) { value throws(ConfigurationError) in setting.saltsCache = try value.bool() }
        func seconds(_ key: String) throws(ConfigurationError) -> Double? {
            try mapping[key]?.double(in: 0.05...86400)
        }
        setting.connect = try seconds("connect_seconds")
        setting.firstByte = try seconds("first_byte_seconds")
        setting.idle = try seconds("idle_seconds")
        setting.total = try seconds("total_seconds")
        setting.connection = try connection(mapping)
        return setting
    }

    private enum ServerErrors: String, CaseIterable {
        case pass, hide
    }

    private func baseURLs(
        _ mapping: YAMLMapping, _ setting: UpstreamSetting
    ) throws(ConfigurationError) -> [String] {
        if mapping["base_url"] != nil, let both = mapping["base_urls"] {
            throw both.error("it has both base_url and base_urls", "keep one of them")
        }
        if let list = mapping["base_urls"] {
            var urls: [String] = []
            for item in try list.list() { urls.append(try url(item)) }
            guard !urls.isEmpty else { throw list.error("it is empty", "give at least one base URL") }
            return urls
        }
        if mapping["base_url"] == nil, let region = setting.aws?.region {
            return ["https://bedrock-runtime.\(region).amazonaws.com/openai/v1"]
        }
        return [try url(mapping.required("base_url", "give the API's base URL, with its /v1"))]
    }

    private func url(_ value: YAMLReader) throws(ConfigurationError) -> String {
        let url = try value.nonEmptyString()
        guard ["http://", "https://"].contains(where: { url.lowercased().hasPrefix($0) }) else {
            throw value.error("it must start with http:// or https://", "write a URL such as https://api.openai.com/v1")
        }
        return url
    }

    private func texts(_ value: YAMLReader?) throws(ConfigurationError) -> [String: String] {
        var texts: [String: String] = [:]
        for entry in try value?.mapping().entries ?? [] { texts[entry.name] = try entry.value.nonEmptyString() }
        return texts
    }

    /// Keys that only one kind of upstream has.
    private func check(_ setting: UpstreamSetting, _ mapping: YAMLMapping) throws(ConfigurationError) {
        let azure = ["api_version", "deployments"]
        let bedrock = [
            "region", "access_key", "access_key_env", "access_key_file", "secret_key", "secret_key_env",
            "secret_key_file", "session_token", "session_token_env", "session_token_file",
        ]
        for (kind, keys) in [(UpstreamSetting.Kind.azure, azure), (.bedrock, bedrock)] where setting.kind != kind {
            if let value = keys.lazy.compactMap({ mapping[$0] }).first {
                throw value.error("only upstreams of type \(kind.rawValue) have it", "add 'type: \(kind.rawValue)'")
            }
        }
        if setting.kind == .azure, setting.apiVersion == nil,
            setting.baseURLs.contains(where: { !$0.hasSuffix("/openai/v1") && !$0.hasSuffix("/openai/v1/") })
        {
            throw mapping.owner.error(
                "'api_version' is missing",
                "add a line such as 'api_version: 2024-10-21', or use a base URL that ends in /openai/v1")
        }
        if setting.kind == .bedrock, setting.key != nil {
            throw mapping.owner.error(
                "an upstream of type bedrock signs its requests", "remove the key, or use 'type: openai' with it")
        }
    }

    private func aws(_ mapping: YAMLMapping) throws(ConfigurationError) -> AWSSetting {
        let region = try mapping.required("region", "add a line such as 'region: eu-central-1'")
        let name = try region.nonEmptyString()
        guard name.utf8.allSatisfy({ $0 == 0x2D || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }) else {
            throw region.error("it is not a region", "write a region such as eu-central-1")
        }
        func credential(_ key: String, _ variable: String) throws(ConfigurationError) -> Secret? {
            if let given = try secret(mapping, key) { return given }
            return environment[variable].flatMap { $0.isEmpty ? nil : Secret($0) }
        }
        guard let access = try credential("access_key", "AWS_ACCESS_KEY_ID"),
            let secret = try credential("secret_key", "AWS_SECRET_ACCESS_KEY")
        else {
            throw mapping.owner.error(
                "there are no AWS credentials",
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or access_key_file and secret_key_file here")
        }
        return AWSSetting(
            region: name, accessKey: access, secretKey: secret,
            sessionToken: try credential("session_token", "AWS_SESSION_TOKEN"))
    }

    private func connection(_ mapping: YAMLMapping) throws(ConfigurationError) -> ConnectionSetting {
        var connection = ConnectionSetting()
        connection.authorities = try mapping["ca_file"].map { value throws(ConfigurationError) in try path(value) }
        connection.certificate = try mapping["client_certificate"].map { value throws(ConfigurationError) in
            try path(value)
        }
        connection.certificateKey = try mapping["client_key"].map { value throws(ConfigurationError) in
            try path(value)
        }
        if (connection.certificate == nil) != (connection.certificateKey == nil) {
            throw mapping.owner.error(
                "client_certificate and client_key belong together", "give both, or neither")
        }
        connection.proxy = try mapping["proxy"].map { value throws(ConfigurationError) in
            Secret(try value.nonEmptyString())
        }
        connection.allowsHTTP2 = try mapping["http2"]?.bool() ?? true
        connection.allowsLinkLocal = try mapping["allow_link_local"]?.bool() ?? false
        if let value = mapping["minimum_tls"] {
            guard let version = ["1.2": false, "1.3": true][try value.string()] else {
                throw value.error("it is not a version of TLS that is taken", "write 1.2 or 1.3")
            }
            connection.needsTLS13 = version
        }
        return connection
    }

    func breaker(_ value: YAMLReader) throws(ConfigurationError) -> BreakerSetting {
        let mapping = try value.mapping(keys: ["failures", "of", "rest_seconds"])
        var breaker = BreakerSetting()
        breaker.window = try mapping["of"]?.int(in: 1...64) ?? breaker.window
        breaker.failures = try mapping["failures"]?.int(in: 0...64) ?? min(breaker.failures, breaker.window)
        if breaker.failures > breaker.window, let failures = mapping["failures"] {
            throw failures.error("it is more than 'of'", "choose at most \(breaker.window)")
        }
        breaker.rest = try mapping["rest_seconds"]?.double(in: 0.05...3600) ?? breaker.rest
        return breaker
    }

    private func retry(_ value: YAMLReader) throws(ConfigurationError) -> RetrySetting {
        let mapping = try value.mapping(keys: ["attempts", "on"])
        var retry = RetrySetting()
        retry.attempts = try mapping["attempts"]?.int(in: 0...5) ?? retry.attempts
        // YAML itself reads a bare `on` as true.
        if let list = mapping["on"] {
            retry.conditions = []
            for item in try list.list() { retry.conditions.append(try item.choice(RetrySetting.Condition.self)) }
        }
        return retry
    }

    // MARK: Routing

    /// Aliases, routing rules, and what else says where a request goes.
    func routes(_ file: YAMLMapping, backends: [String], _ settings: inout GatewaySettings) {
        named(file["aliases"]) { entry throws(ConfigurationError) in
            settings.aliases.append(
                AliasSetting(name: entry.name, to: try target(entry.value, backends: backends)))
        }
        items(file["routing"]) { value throws(ConfigurationError) in
            settings.routing.append(try rule(value, backends: backends))
        }
        part(file["sticky_header"]) { value throws(ConfigurationError) in
            let name = try value.nonEmptyString().lowercased()
            guard name.utf8.allSatisfy({ $0 == 0x2D || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) })
            else {
                throw value.error("it is not a header's name", "write a name such as x-user-id")
            }
            settings.stickyHeader = name
        }
    }

    private func rule(_ value: YAMLReader, backends: [String]) throws(ConfigurationError) -> RoutingSetting {
        let mapping = try value.mapping(keys: ["model", "task", "max_prompt_tokens", "to"])
        var rule = RoutingSetting(to: try target(mapping.required("to", "name a backend"), backends: backends))
        rule.model = try mapping["model"]?.nonEmptyString()
        rule.task = try mapping["task"]?.nonEmptyString()
        rule.maxPromptTokens = try mapping["max_prompt_tokens"]?.int(in: 1...100_000_000)
        if rule.model == nil, rule.task == nil, rule.maxPromptTokens == nil {
            throw value.error("it has no condition", "add model, task or max_prompt_tokens; or set passthrough")
        }
        return rule
    }
}
