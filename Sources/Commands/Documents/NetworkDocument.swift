internal import ContainerEngine
internal import ContainerNetwork
internal import GoTemplate
internal import OCISpec
internal import WirePrimitives

/// Networks and leases as the network commands show them.
enum NetworkDocument {
    /// The document of `network inspect`, with Podman's fields and their names in JSON; Podman 5 has the running
    /// containers.
    static func value(_ network: NetworkDefinition, members: [NetworkMember] = []) -> Value {
        let containers: Object.Field = .init(
            "Containers", json: "containers", omitEmpty: true, .map(members.map { ($0.id, member($0)) }))
        return .structure(fields(network, id: network.id) + [containers], typeName: "types.Network")
    }

    private static func member(_ member: NetworkMember) -> Value {
        let subnets = member.addresses.map { address in
            Value.structure([
                .init("IPNet", json: "ipnet", .string("\(address.address)")),
                .init("Gateway", json: "gateway", omitEmpty: true, .string(address.gateway.map { "\($0)" } ?? "")),
            ])
        }
        let interface = Value.structure([
            .init("Subnets", json: "subnets", omitEmpty: true, .array(subnets)),
            .init("MacAddress", json: "mac_address", .string(member.macAddress.map { "\($0)" } ?? "")),
        ])
        return .structure([
            .init("Name", json: "name", .string(member.name)),
            .init("Interfaces", json: "interfaces", .map([("\(member.interfaceName)", interface)])),
        ])
    }

    /// A row of `network ls`.
    static func row(_ network: NetworkDefinition, truncated: Bool) -> Value {
        let created =
            Timestamp(network.created).map { GoTime(nanoseconds: $0.nanoseconds).description } ?? network.created
        let labels = network.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
        let document = value(network)
        return .object(
            Object(
                kind: .structure,
                fields: fields(network, id: truncated ? String(network.id.prefix(12)) : network.id).map {
                    switch $0.name {
                    case "Labels": .init("Labels", .string(labels))
                    case "Created": .init("Created", .string(created))
                    default: $0
                    }
                }, json: document))
    }

    /// A row of `network ipam ls`.
    static func row(_ lease: LeaseRecord) -> Value {
        let isOne = lease.prefix.prefixLength == lease.prefix.family.bits
        let holder: String
        switch lease.holder {
        case .container(let id, let name): holder = name.isEmpty ? String(id.prefix(12)) : name
        case .gateway: holder = "(gateway)"
        case .reservation: holder = "(reserved)"
        }
        func fields(since: String) -> [Object.Field] {
            [
                .init("Network", .string(lease.network)),
                .init("Address", .string(isOne ? "\(lease.prefix.network)" : "\(lease.prefix)")),
                .init("Holder", .string(holder)), .init("State", .string(lease.isActive ? "in use" : "kept")),
                .init("Since", .string(since)),
            ]
        }
        return .object(
            Object(
                kind: .structure, fields: fields(since: lease.since.map(HumanText.ago) ?? ""),
                json: .structure(fields(since: lease.since.map { Timestamp(nanoseconds: $0).description } ?? ""))))
    }

    private static func fields(_ network: NetworkDefinition, id: String) -> [Object.Field] {
        func strings(_ values: [String: String]) -> Value {
            .map(values.map { ($0.key, .string($0.value)) })
        }
        return [
            .init("Name", json: "name", .string(network.name)), .init("ID", json: "id", .string(id)),
            .init("Driver", json: "driver", .string(network.driver)),
            .init(
                "NetworkInterface", json: "network_interface", omitEmpty: true,
                .string(network.networkInterface ?? "")),
            .init("Created", json: "created", .string(network.created)),
            .init("Subnets", json: "subnets", omitEmpty: true, .array(network.subnets.map(subnet))),
            .init("Routes", json: "routes", omitEmpty: true, .array(network.routes.map(route))),
            .init("IPv6Enabled", json: "ipv6_enabled", .bool(network.ipv6Enabled)),
            .init("Internal", json: "internal", .bool(network.isInternal)),
            .init("DNSEnabled", json: "dns_enabled", .bool(network.dnsEnabled)),
            .init(
                "NetworkDNSServers", json: "network_dns_servers", omitEmpty: true,
                .strings(network.dnsServers.map(\.description))),
            .init("Labels", json: "labels", omitEmpty: true, strings(network.labels)),
            .init("Options", json: "options", omitEmpty: true, strings(network.options)),
            .init("IPAMOptions", json: "ipam_options", omitEmpty: true, strings(network.ipamOptions)),
        ]
    }

    private static func subnet(_ subnet: NetworkDefinition.Subnet) -> Value {
        var fields: [Object.Field] = [
            .init("Subnet", json: "subnet", .string("\(subnet.subnet)")),
            .init("Gateway", json: "gateway", omitEmpty: true, .string(subnet.gateway.map { "\($0)" } ?? "")),
        ]
        if let range = subnet.leaseRange {
            fields.append(
                .init(
                    "LeaseRange", json: "lease_range",
                    .structure([
                        .init("StartIP", json: "start_ip", omitEmpty: true, .string(range.start.map { "\($0)" } ?? "")),
                        .init("EndIP", json: "end_ip", omitEmpty: true, .string(range.end.map { "\($0)" } ?? "")),
                    ])))
        }
        return .structure(fields)
    }

    private static func route(_ route: NetworkDefinition.StaticRoute) -> Value {
        var fields: [Object.Field] = [
            .init("Destination", json: "destination", .string("\(route.destination)")),
            .init("Gateway", json: "gateway", omitEmpty: true, .string(route.gateway.map { "\($0)" } ?? "")),
        ]
        if route.kind != .unicast {
            fields.append(.init("RouteType", json: "route_type", .string(route.kind.rawValue)))
        }
        if let metric = route.metric { fields.append(.init("Metric", json: "metric", .int(Int64(metric)))) }
        return .structure(fields)
    }
}
