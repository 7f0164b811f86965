internal import WirePrimitives

extension NetworkDefinition: Decodable {
    private enum Key: String, CodingKey {
        case name, id, driver, created, subnets, routes, labels, options
        case networkInterface = "network_interface"
        case ipv6Enabled = "ipv6_enabled"
        case isInternal = "internal"
        case dnsEnabled = "dns_enabled"
        case dnsServers = "network_dns_servers"
        case ipamOptions = "ipam_options"
    }

    /// Reads Podman's form; what is absent or null is as Podman takes it, what is unknown is passed over.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        name = try values.decode(String.self, forKey: .name)
        id = try values.decode(String.self, forKey: .id)
        driver = try values.decodeIfPresent(String.self, forKey: .driver) ?? "bridge"
        networkInterface = try values.decodeIfPresent(String.self, forKey: .networkInterface)
        created = try values.decodeIfPresent(String.self, forKey: .created) ?? "0001-01-01T00:00:00Z"
        subnets = try values.decodeIfPresent([Subnet].self, forKey: .subnets) ?? []
        routes = try values.decodeIfPresent([StaticRoute].self, forKey: .routes) ?? []
        ipv6Enabled = try values.decodeIfPresent(Bool.self, forKey: .ipv6Enabled) ?? false
        isInternal = try values.decodeIfPresent(Bool.self, forKey: .isInternal) ?? false
        dnsEnabled = try values.decodeIfPresent(Bool.self, forKey: .dnsEnabled) ?? false
        dnsServers = try values.decodeIfPresent([IPAddress].self, forKey: .dnsServers) ?? []
        labels = try values.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
        options = try values.decodeIfPresent([String: String].self, forKey: .options) ?? [:]
        ipamOptions = try values.decodeIfPresent([String: String].self, forKey: .ipamOptions) ?? [:]
        // Podman fills in what a hand-written file leaves out, in memory only.
        for index in subnets.indices where subnets[index].gateway == nil && (!isInternal || dnsEnabled) {
            subnets[index].gateway = subnets[index].subnet.defaultGateway
        }
    }
}

extension NetworkDefinition.Subnet: Decodable {
    private enum Key: String, CodingKey {
        case subnet, gateway
        case leaseRange = "lease_range"
    }

    /// Reads Podman's form.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        subnet = try values.decode(CIDR.self, forKey: .subnet)
        gateway = try values.decodeIfPresent(IPAddress.self, forKey: .gateway)
        leaseRange = try values.decodeIfPresent(NetworkDefinition.LeaseRange.self, forKey: .leaseRange)
    }
}

extension NetworkDefinition.LeaseRange: Decodable {
    private enum Key: String, CodingKey {
        case start = "start_ip"
        case end = "end_ip"
    }

    /// Reads Podman's form.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        start = try values.decodeIfPresent(IPAddress.self, forKey: .start)
        end = try values.decodeIfPresent(IPAddress.self, forKey: .end)
    }
}

extension NetworkDefinition.StaticRoute: Decodable {
    private enum Key: String, CodingKey {
        case destination, gateway, metric
        case kind = "route_type"
    }

    /// Reads Podman's form.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        destination = try values.decode(CIDR.self, forKey: .destination)
        kind = try values.decodeIfPresent(Kind.self, forKey: .kind) ?? .unicast
        gateway = try values.decodeIfPresent(IPAddress.self, forKey: .gateway)
        guard (gateway != nil) == (kind == .unicast) else {
            let problem =
                "route \(destination) \(kind == .unicast ? "requires" : "must not have") a gateway for type \(kind.rawValue)"
            throw DecodingError.dataCorruptedError(forKey: .gateway, in: values, debugDescription: problem)
        }
        metric = try values.decodeIfPresent(UInt32.self, forKey: .metric)
    }
}

extension CIDR {
    /// The gateway that Podman chooses: the first address after the network's own, in a /31 too, and in a /32 that one.
    var defaultGateway: IPAddress {
        prefixLength == family.bits ? network : network.successor ?? network
    }
}

extension NetworkDefinition {
    /// The file's text as Podman writes it: five spaces a level, Go's escapes, empty members left out, a newline.
    public var json: String { jsonValue.text(indent: 5) + "\n" }

    /// The definition as `network inspect` prints it among others.
    public var jsonValue: JSONText {
        var members: [(String, JSONText?)] = [
            ("name", .string(name)), ("id", .string(id)), ("driver", .string(driver)),
            ("network_interface", networkInterface.map { .string($0) }), ("created", .string(created)),
            ("subnets", subnets.isEmpty ? nil : .array(subnets.map(\.jsonValue))),
            ("routes", routes.isEmpty ? nil : .array(routes.map(\.jsonValue))),
            ("ipv6_enabled", .bool(ipv6Enabled)), ("internal", .bool(isInternal)), ("dns_enabled", .bool(dnsEnabled)),
            ("network_dns_servers", dnsServers.isEmpty ? nil : .array(dnsServers.map { .string($0.description) })),
        ]
        for (key, map) in [("labels", labels), ("options", options), ("ipam_options", ipamOptions)] {
            members.append((key, map.isEmpty ? nil : .map(map)))
        }
        return .object(members.compactMap { key, value in value.map { (key, $0) } })
    }
}

extension NetworkDefinition.Subnet {
    fileprivate var jsonValue: JSONText {
        var members: [(String, JSONText)] = [("subnet", .string(subnet.description))]
        if let gateway { members.append(("gateway", .string(gateway.description))) }
        if let leaseRange {
            let ends = [("start_ip", leaseRange.start), ("end_ip", leaseRange.end)]
            members.append(("lease_range", .object(ends.compactMap { key, ip in ip.map { (key, .string("\($0)")) } })))
        }
        return .object(members)
    }
}

extension NetworkDefinition.StaticRoute {
    fileprivate var jsonValue: JSONText {
        var members: [(String, JSONText)] = [("destination", .string(destination.description))]
        if let gateway { members.append(("gateway", .string(gateway.description))) }
        if kind != .unicast { members.append(("route_type", .string(kind.rawValue))) }
        if let metric { members.append(("metric", .number(Int(metric)))) }
        return .object(members)
    }
}
