internal import ContainerNetwork
internal import ContainerRuntime
internal import OCISpec
internal import WirePrimitives

/// What containers.conf(5) sets, as far as it is honoured here; nil where no file says anything. Keys that are not
/// named here mean nothing, as unknown keys mean nothing to Podman.
///
/// Values are looked at while a file is decoded, so that a mistake is told with its file and line.
struct ContainersConfiguration: Hashable, Sendable, Decodable {
    var containers: Containers?
    var engine: EngineTable?
    var network: Network?

    /// `[containers]`: what every new container has, unless its own options say otherwise.
    struct Containers: Hashable, Sendable, Decodable {
        var capabilities: [CapabilityName]?
        var ulimits: [Ulimit]?
        var dnsOptions: [String]?
        var dnsSearches: [String]?
        var dnsServers: [ServerAddress]?
        var environment: [String]?
        var networkMode: String?
        var pidsLimit: Int?

        enum CodingKeys: String, CodingKey {
            case capabilities = "default_capabilities"
            case ulimits = "default_ulimits"
            case dnsOptions = "dns_options"
            case dnsSearches = "dns_searches"
            case dnsServers = "dns_servers"
            case environment = "env"
            case networkMode = "netns"
            case pidsLimit = "pids_limit"
        }
    }

    /// `[engine]`.
    struct EngineTable: Hashable, Sendable, Decodable {
        var runtime: String?
        var stopTimeout: Seconds?

        enum CodingKeys: String, CodingKey {
            case runtime
            case stopTimeout = "stop_timeout"
        }
    }

    /// `[network]`.
    struct Network: Hashable, Sendable, Decodable {
        var defaultName: NetworkName?
        var defaultSubnet: Subnet?
        var subnetPools: [Pool]?
        var namesPort: Port?
        var configurationDirectory: String?
        var firewallDriver: FirewallDriver?

        enum CodingKeys: String, CodingKey {
            case defaultName = "default_network"
            case defaultSubnet = "default_subnet"
            case subnetPools = "default_subnet_pools"
            case namesPort = "dns_bind_port"
            case configurationDirectory = "network_config_dir"
            case firewallDriver = "firewall_driver"
        }
    }

    /// Takes over what a later file says.
    mutating func override(with later: ContainersConfiguration) {
        func take<Table, Value>(_ ours: inout Table, _ theirs: Table, _ key: WritableKeyPath<Table, Value?>) {
            if let value = theirs[keyPath: key] { ours[keyPath: key] = value }
        }
        if let theirs = later.containers {
            var ours = containers ?? theirs
            take(&ours, theirs, \.capabilities)
            take(&ours, theirs, \.ulimits)
            take(&ours, theirs, \.dnsOptions)
            take(&ours, theirs, \.dnsSearches)
            take(&ours, theirs, \.dnsServers)
            take(&ours, theirs, \.environment)
            take(&ours, theirs, \.networkMode)
            take(&ours, theirs, \.pidsLimit)
            containers = ours
        }
        if let theirs = later.engine {
            var ours = engine ?? theirs
            take(&ours, theirs, \.runtime)
            take(&ours, theirs, \.stopTimeout)
            engine = ours
        }
        if let theirs = later.network {
            var ours = network ?? theirs
            take(&ours, theirs, \.defaultName)
            take(&ours, theirs, \.defaultSubnet)
            take(&ours, theirs, \.subnetPools)
            take(&ours, theirs, \.namesPort)
            take(&ours, theirs, \.configurationDirectory)
            take(&ours, theirs, \.firewallDriver)
            network = ours
        }
    }
}

// MARK: What the engine asks for

extension ContainersConfiguration {
    /// The OCI runtime; this engine's choice if nil.
    var runtime: String? { engine?.runtime.flatMap { $0.isEmpty ? nil : $0 } }

    /// Where definitions of networks are, if not in the usual place.
    var networkDirectory: String? { network?.configurationDirectory.flatMap { $0.isEmpty ? nil : $0 } }

    /// The network that containers get when none is named.
    var defaultNetwork: NetworkDefinition {
        .podmanDefault(name: network?.defaultName?.value, subnet: network?.defaultSubnet?.value)
    }

    /// Where `network create` takes subnets from.
    var subnetPools: [SubnetPool] { network?.subnetPools?.map(\.value) ?? SubnetPool.podman }

    /// Where the networks' own resolver listens.
    var namesPort: UInt16 { network?.namesPort?.value ?? 53 }

    /// What `--network` stands for when it is not given: a mode without networks, or nil for the default network.
    var networkMode: String? {
        containers?.networkMode.flatMap { ["", "private", "bridge"].contains($0) ? nil : $0 }
    }

    /// Seconds between the stop signal and SIGKILL.
    var stopTimeout: Int64? { engine?.stopTimeout?.value }

    /// Variables of every container, which its image may set otherwise.
    var environment: [String] { containers?.environment?.filter { $0.contains("=") } ?? [] }

    /// What a container wants of resolv.conf, with the host's wishes where it has none.
    func completing(_ own: ResolverOptions) -> ResolverOptions {
        var whole = own
        if whole.servers.isEmpty { whole.servers = containers?.dnsServers?.map { "\($0.value)" } ?? [] }
        if whole.search.isEmpty { whole.search = containers?.dnsSearches ?? [] }
        if whole.options.isEmpty { whole.options = containers?.dnsOptions ?? [] }
        return whole
    }
}
