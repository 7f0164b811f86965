public import WirePrimitives

/// A network as `/etc/containers/networks/NAME.json` describes it (Podman's `libnetwork/types.Network`).
public struct NetworkDefinition: Hashable, Sendable {
    /// Its name, which is the file's name without `.json`.
    public var name: String
    /// 64 hexadecimal digits.
    public var id: String
    /// `bridge`, `macvlan`, `ipvlan` or a plugin's name.
    public var driver: String
    /// The bridge's name, or a macvlan's parent.
    public var networkInterface: String?
    /// When it was made, RFC 3339 with nanoseconds.
    public var created: String
    /// Its subnets, at most one a family as Podman makes them.
    public var subnets: [Subnet]
    /// Routes that its containers get besides the default one.
    public var routes: [StaticRoute]
    /// Whether a subnet is IPv6.
    public var ipv6Enabled: Bool
    /// Whether it is cut off from the world.
    public var isInternal: Bool
    /// Whether names of its containers are resolved.
    public var dnsEnabled: Bool
    /// Resolvers for what is not one of its names.
    public var dnsServers: [IPAddress]
    /// The user's own words.
    public var labels: [String: String]
    /// The driver's options: `mtu`, `metric`, `isolate`, `no_default_route`, …
    public var options: [String: String]
    /// How addresses are given: `driver` is `host-local`, `none` or `dhcp`.
    public var ipamOptions: [String: String]

    /// One subnet of a network.
    public struct Subnet: Hashable, Sendable {
        /// The subnet.
        public var subnet: CIDR
        /// The bridge's own address in it.
        public var gateway: IPAddress?
        /// Which addresses are given to containers; nil is all of the subnet.
        public var leaseRange: LeaseRange?

        /// A subnet with the gateway and range it is told.
        public init(subnet: CIDR, gateway: IPAddress? = nil, leaseRange: LeaseRange? = nil) {
            self.subnet = subnet
            self.gateway = gateway
            self.leaseRange = leaseRange
        }
    }

    /// Which addresses of a subnet are given to containers.
    public struct LeaseRange: Hashable, Sendable {
        /// The first; nil is the subnet's first.
        public var start: IPAddress?
        /// The last; nil is the subnet's last.
        public var end: IPAddress?

        /// From `start` to `end`.
        public init(start: IPAddress?, end: IPAddress?) {
            self.start = start
            self.end = end
        }
    }

    /// A route that containers get.
    public struct StaticRoute: Hashable, Sendable {
        /// What becomes of packets, as ip-route(8) calls it.
        public enum Kind: String, Sendable, Hashable, Codable {
            /// They go over the gateway.
            case unicast
            /// They are dropped without a word.
            case blackhole
            /// The sender is told that there is no such host.
            case unreachable
            /// The sender is told that this is forbidden.
            case prohibit
        }

        /// Where to.
        public var destination: CIDR
        /// Over which neighbour; nil unless `kind` is `unicast`.
        public var gateway: IPAddress?
        /// What becomes of the packets.
        public var kind: Kind
        /// Order among routes; the kernel's choice if nil.
        public var metric: UInt32?

        /// A route to `destination`.
        public init(destination: CIDR, gateway: IPAddress? = nil, kind: Kind = .unicast, metric: UInt32? = nil) {
            self.destination = destination
            self.gateway = gateway
            self.kind = kind
            self.metric = metric
        }
    }

    /// A network with what Podman gives one by default.
    public init(
        name: String, id: String, driver: String = "bridge", networkInterface: String?,
        created: String = "0001-01-01T00:00:00Z", subnets: [Subnet], ipv6Enabled: Bool = false,
        isInternal: Bool = false, dnsEnabled: Bool = false, options: [String: String] = [:],
        ipamOptions: [String: String] = ["driver": "host-local"]
    ) {
        self.name = name
        self.id = id
        self.driver = driver
        self.networkInterface = networkInterface
        self.created = created
        self.subnets = subnets
        self.routes = []
        self.ipv6Enabled = ipv6Enabled
        self.isInternal = isInternal
        self.dnsEnabled = dnsEnabled
        self.dnsServers = []
        self.labels = [:]
        self.options = options
        self.ipamOptions = ipamOptions
    }

    /// The network that containers get when none is named, as Podman has it.
    public static let podmanDefault = podmanDefault()

    /// The network that containers get when none is named. It needs no file; `created` is whenever it is asked for.
    ///
    /// - Parameters:
    ///   - name: `default_network` of containers.conf(5), `podman` if nil.
    ///   - subnet: its `default_subnet`, 10.88.0.0/16 if nil.
    /// - Returns: the definition.
    public static func podmanDefault(name: String? = nil, subnet: CIDR? = nil) -> NetworkDefinition {
        let usual = CIDR(containing: .v4(IPv4Address(rawValue: 0x0A58_0000)), prefixLength: 16)
        let subnets = [subnet ?? usual].compactMap(\.self).map { Subnet(subnet: $0, gateway: $0.defaultGateway) }
        return NetworkDefinition(
            name: name ?? "podman", id: "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9",
            networkInterface: "podman0", subnets: subnets, ipv6Enabled: subnet?.family == .ipv6)
    }

    /// Whether addresses of its containers are chosen here.
    public var choosesAddresses: Bool {
        ["", "host-local"].contains(ipamOptions["driver"] ?? "") && !subnets.isEmpty
    }

    /// Whether its containers ask a server on the wire for addresses (RFC 2131).
    public var leasesAddresses: Bool { ipamOptions["driver"] == "dhcp" }

    /// The subnet that this address lies in.
    public func subnet(containing address: IPAddress) -> Subnet? {
        subnets.first { $0.subnet.contains(address) }
    }
}
