public import WirePrimitives

/// What `network create` is asked for, as it is written.
public struct NetworkRequest: Hashable, Sendable {
    /// The name; that of the bridge if nil or empty.
    public var name: String?
    /// `--driver`: `bridge`, `macvlan` or `ipvlan`.
    public var driver = "bridge"
    /// `--interface-name`: the bridge, or the parent of a macvlan.
    public var interfaceName: String?
    /// `--subnet`, in CIDR form.
    public var subnets: [String] = []
    /// `--gateway`, each of the subnet at its position, or of the one that it lies in.
    public var gateways: [String] = []
    /// `--ip-range`: a CIDR block, or `FIRST-LAST`.
    public var ranges: [String] = []
    /// `--route`: `DESTINATION,GATEWAY[,METRIC]`, or `DESTINATION,blackhole|unreachable|prohibit[,METRIC]`.
    public var routes: [String] = []
    /// `--ipv6`.
    public var ipv6 = false
    /// `--internal`.
    public var isInternal = false
    /// `--disable-dns`.
    public var disablesDNS = false
    /// `--dns`: servers for what is no name of the network.
    public var dnsServers: [String] = []
    /// `--label`.
    public var labels: [String: String] = [:]
    /// `--opt`, Docker's names among them.
    public var options: [String: String] = [:]
    /// `--ipam-driver`: `host-local`, `none` or `dhcp`.
    public var ipamDriver: String?
    /// Where an IPv4 subnet comes from when none is asked for.
    public var subnetPools = SubnetPool.podman

    /// A network with every default.
    public init() {}
}

/// What exists already and a new network must keep clear of.
public struct NetworkSurroundings: Hashable, Sendable {
    /// Every network that is defined.
    public var networks: [NetworkDefinition]
    /// Names of the host's interfaces.
    public var interfaces: Set<String>
    /// Networks that the host has addresses in or routes to.
    public var hostNetworks: [CIDR]

    /// The surroundings of a new network.
    public init(networks: [NetworkDefinition], interfaces: Set<String>, hostNetworks: [CIDR]) {
        self.networks = networks
        self.interfaces = interfaces
        self.hostNetworks = hostNetworks
    }

    func uses(_ subnet: CIDR) -> Bool { user(of: subnet) != nil }

    /// A network that has addresses of this one.
    func user(of subnet: CIDR) -> CIDR? {
        hostNetworks.first { $0.prefixLength > 0 && $0.overlaps(subnet) }
            ?? networks.lazy.flatMap(\.subnets).map(\.subnet).first { $0.overlaps(subnet) }
    }

    /// The lowest `podmanN` that is neither an interface nor anybody's bridge nor a network's name.
    func freeBridgeName() -> String {
        let taken = interfaces.union(networks.compactMap(\.networkInterface)).union(networks.map(\.name))
        return (1...).lazy.map { "podman\($0)" }.first { !taken.contains($0) } ?? "podman1"
    }
}

extension NetworkRequest {
    /// The definition that the request stands for.
    ///
    /// - Parameters:
    ///   - surroundings: what exists already.
    ///   - created: the time, RFC 3339 with nanoseconds.
    ///   - random: where id and IPv6 subnet come from.
    /// - Returns: a definition that is complete.
    /// - Throws: `NetworkError` in Podman's words.
    public func definition(
        among surroundings: NetworkSurroundings, created: String, _ random: inout some RandomNumberGenerator
    ) throws(NetworkError) -> NetworkDefinition {
        if let request = try readingDockerIPv6() {
            return try request.definition(among: surroundings, created: created, &random)
        }
        let name = name == "" ? nil : name
        if let name { try check(name: name, surroundings) }
        guard ["bridge", "macvlan", "ipvlan"].contains(driver) else {
            throw NetworkError(.invalid, "unsupported driver \(driver): invalid argument")
        }
        var network = NetworkDefinition(
            name: "", id: Self.id(surroundings, &random), driver: driver, networkInterface: nil, created: created,
            subnets: [])
        network.isInternal = isInternal
        network.labels = labels
        try takeOptions(into: &network)
        try chooseInterface(&network, surroundings)
        network.name = name ?? (driver == "bridge" ? network.networkInterface : nil) ?? surroundings.freeBridgeName()
        try chooseSubnets(&network, surroundings, &random)
        network.dnsEnabled =
            driver == "bridge" && !disablesDNS
            && ["", "host-local"].contains(network.ipamOptions["driver"] ?? "")
        try completeSubnets(&network)
        network.routes = try routes.map { text throws(NetworkError) in try Self.route(text) }
        network.dnsServers = try servers(network)
        try Self.checkServers(network)
        return network
    }

    /// Names that `--network` takes for something else.
    private static let modes: Set<String> = [
        "host", "none", "bridge", "container", "private", "ns", "slirp4netns", "pasta", "default",
    ]

    private func check(name: String, _ surroundings: NetworkSurroundings) throws(NetworkError) {
        if Self.modes.contains(name) {
            throw NetworkError(
                .invalid, "cannot create network with name \"\(name)\" because it conflicts with a valid network mode")
        }
        guard NetworkFiles.isName(name) else {
            throw NetworkError(
                .invalid,
                "network name \(name) invalid: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument")
        }
        if surroundings.networks.contains(where: { $0.name == name }) {
            throw NetworkError(.conflict, "network name \(name) already used: network already exists")
        }
    }

    /// 64 random hexadecimal digits; not such that a command could take their beginning for a number or for another's.
    private static func id(_ surroundings: NetworkSurroundings, _ random: inout some RandomNumberGenerator) -> String {
        while true {
            let id = (0..<4).map { _ in
                let digits = String(random.next(), radix: 16)
                return String(repeating: "0", count: 16 - digits.count) + digits
            }.joined()
            let start = id.prefix(12)
            if !start.allSatisfy(\.isNumber), !surroundings.networks.contains(where: { $0.id.hasPrefix(start) }) {
                return id
            }
        }
    }

    private func chooseInterface(
        _ network: inout NetworkDefinition, _ surroundings: NetworkSurroundings
    ) throws(NetworkError) {
        let named = network.networkInterface ?? interfaceName
        let wanted = named == "" ? nil : named
        if let wanted, InterfaceName(wanted) == nil {
            throw NetworkError(
                .invalid,
                wanted.utf8.count > InterfaceName.longest
                    ? "interface name \(wanted) is too long: interface names must be 15 characters or less: invalid argument"
                    : "bridge name \(wanted) invalid: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument")
        }
        guard driver == "bridge" else {
            if let wanted, !surroundings.interfaces.contains(wanted) {
                throw NetworkError(.notFound, "parent interface \(wanted) does not exist")
            }
            network.networkInterface = wanted
            return
        }
        let isShared = network.options["vlan"] != nil || network.options["mode"] == "unmanaged"
        if let wanted, !isShared, surroundings.networks.contains(where: { $0.networkInterface == wanted }) {
            throw NetworkError(.conflict, "bridge name \(wanted) already in use")
        }
        network.networkInterface = wanted ?? surroundings.freeBridgeName()
    }

    private func servers(_ network: NetworkDefinition) throws(NetworkError) -> [IPAddress] {
        if !dnsServers.isEmpty && !network.dnsEnabled {
            throw NetworkError(
                .invalid, "cannot set NetworkDNSServers if DNS is not enabled for the network: invalid argument")
        }
        return try dnsServers.map { text throws(NetworkError) in try Self.server(text) }
    }

    /// Looks whether a network's servers are others than the one that asks them.
    ///
    /// - Throws: `NetworkError` in netavark's words.
    public static func checkServers(_ network: NetworkDefinition) throws(NetworkError) {
        guard let server = network.dnsServers.first(where: { network.subnets.map(\.gateway).contains($0) }) else {
            return
        }
        throw NetworkError(
            .invalid,
            "network DNS server \(server) matches the gateway of network \"\(network.name)\"; using it would cause the "
                + "server of names to forward queries to itself")
    }

    /// A server's address.
    ///
    /// - Throws: `NetworkError` in Podman's words.
    public static func server(_ text: String) throws(NetworkError) -> IPAddress {
        guard let address = IPAddress(text) else {
            throw NetworkError(.invalid, "unable to parse ip \(text) specified in NetworkDNSServers: invalid argument")
        }
        return address
    }

    private static func route(_ text: String) throws(NetworkError) -> NetworkDefinition.StaticRoute {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count) else {
            throw NetworkError(
                .invalid,
                "invalid route: \(text)\nFormat: --route <destination in CIDR>,<gateway or blackhole|unreachable|prohibit>,<metric (optional)>"
            )
        }
        guard let written = InterfaceAddress(parts[0]), written.address == written.network.network else {
            throw NetworkError(.invalid, "invalid route destination \(parts[0])")
        }
        let destination = written.network
        var metric: UInt32?
        if parts.count == 3 {
            guard let number = UInt32(parts[2]) else {
                throw NetworkError(.invalid, "invalid route metric \(parts[2])")
            }
            metric = number
        }
        if let kind = NetworkDefinition.StaticRoute.Kind(rawValue: parts[1]), kind != .unicast {
            return .init(destination: destination, kind: kind, metric: metric)
        }
        guard let gateway = IPAddress(parts[1]) else {
            throw NetworkError(.invalid, "invalid route gateway \(parts[1])")
        }
        guard gateway.family == destination.family else {
            throw NetworkError(
                .invalid,
                "route with \(destination.family.rawValue) destination and \(gateway.family.rawValue) gateway "
                    + "(\(destination) via \(gateway))")
        }
        return .init(destination: destination, gateway: gateway, metric: metric)
    }
}
