internal import Crypto
public import WirePrimitives

/// A container on a network, as the firewall sees it.
public struct AttachedContainer: Hashable, Sendable {
    /// The container's id, 64 hexadecimal digits.
    public var containerID: String
    /// The network.
    public var network: NetworkDefinition
    /// The container's addresses on it.
    public var addresses: [IPAddress]
    /// Published ports; nil makes no chain for them, an empty list makes an empty one, as in netavark.
    public var ports: [PortMapping]?

    /// A container on a network.
    public init(containerID: String, network: NetworkDefinition, addresses: [IPAddress], ports: [PortMapping]?) {
        self.containerID = containerID
        self.network = network
        self.addresses = addresses
        self.ports = ports
    }
}

/// The rules of netavark's iptables driver (1.17), as a function of what is attached now.
///
/// Chains of netavark's that outlive their containers stay: the static ones, and the empty ones that jumps lead to.
public enum FirewallProjection {
    /// The tables of one protocol.
    ///
    /// - Parameters:
    ///   - attached: every attached container, the first attached first; one on two networks is there twice. The order
    ///     of networks is that of their first containers.
    ///   - dnsPort: where the networks' own resolver listens, if not at 53.
    ///   - family: IPv4 for iptables, IPv6 for ip6tables.
    ///   - present: names of the chains that are there now.
    /// - Returns: tables by name; a table with nothing of ours is empty.
    public static func render(
        _ attached: [AttachedContainer], dnsPort: UInt16 = 53, family: AddressFamily, present: Set<String> = []
    ) -> [String: DesiredTable] {
        let relevant = attached.compactMap { Member($0, family) }
        var networks: [Net] = []
        for member in relevant where !networks.contains(where: { $0.name == member.net.name }) {
            networks.append(member.net)
        }
        var filter = DesiredTable()
        var nat = DesiredTable()
        if !networks.isEmpty || present.contains(Chain.forward) {
            filterRules(&filter, networks, dnsPort, isolating: present.contains(Chain.isolation1))
        }
        if !networks.isEmpty || present.contains(Chain.dnat) {
            natRules(&nat, networks, relevant, dnsPort, family)
        }
        return ["filter": filter, "nat": nat, "raw": closed(attached.map(\.network), family)]
    }

    /// Names of netavark's chains.
    enum Chain {
        static let prefix = "NETAVARK"
        static let forward = "NETAVARK_FORWARD"
        static let input = "NETAVARK_INPUT"
        static let isolation1 = "NETAVARK_ISOLATION_1"
        static let isolation2 = "NETAVARK_ISOLATION_2"
        static let isolation3 = "NETAVARK_ISOLATION_3"
        static let dnat = "NETAVARK-HOSTPORT-DNAT"
        static let masquerade = "NETAVARK-HOSTPORT-MASQ"
        static let closed = "NETAVARK_CLOSED"
        static let setMark = "NETAVARK-HOSTPORT-SETMARK"
    }

    /// The first 13 hexadecimal digits of SHA-512 over a network's name, in upper case: chain names have room for no
    /// more.
    static func hash(_ network: String) -> String {
        SHA512.hash(data: Array(network.utf8)).prefix(7)
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined().prefix(13).description
    }

    private enum Isolation {
        case none, normal, strict
    }

    /// A network with subnets of the family.
    private struct Net {
        var name: String
        var chain: String
        var portChain: String
        var bridge: String
        var subnets: [CIDR]
        var gateways: [IPAddress]
        var isolation: Isolation
        /// What becomes of packets that leave the network.
        var departure: String

        init(_ network: NetworkDefinition, _ family: AddressFamily) {
            let subnets = network.subnets.filter { $0.subnet.family == family }
            let hash = FirewallProjection.hash(network.name)
            name = network.name
            chain = "NETAVARK-\(hash)"
            portChain = "NETAVARK-DN-\(hash)"
            bridge = network.networkInterface ?? ""
            self.subnets = subnets.map(\.subnet)
            departure =
                network.options["outbound_addr\(family == .ipv4 ? 4 : 6)"].flatMap { IPAddress($0) }
                .map { "SNAT --to-source \($0)" } ?? "MASQUERADE"
            gateways = network.dnsEnabled ? subnets.compactMap(\.gateway) : []
            switch network.options["isolate"] {
            case "true": isolation = .normal
            case "strict": isolation = .strict
            default: isolation = .none
            }
        }
    }

    /// A container with an address of the family on a network that has rules at all.
    private struct Member {
        var containerID: String
        var net: Net
        var address: IPAddress
        var subnet: CIDR
        var ports: [PortMapping]?

        init?(_ attached: AttachedContainer, _ family: AddressFamily) {
            let network = attached.network
            guard network.isManagedBridge, !network.isInternal,
                let address = attached.addresses.first(where: { $0.family == family }),
                let subnet = network.subnet(containing: address)?.subnet
            else { return nil }
            containerID = attached.containerID
            net = Net(network, family)
            self.address = address
            self.subnet = subnet
            // `0.0.0.0` and `::` publish at every address of their own family.
            ports = attached.ports?.filter { $0.hostIP == nil || $0.hostIP?.family == family }
        }
    }

    private static func filterRules(
        _ table: inout DesiredTable, _ networks: [Net], _ dnsPort: UInt16, isolating: Bool
    ) {
        let isolated = networks.reversed().filter { $0.isolation != .none }
        let open = networks.reversed().filter { $0.isolation == .none }
        let comment = "-m comment --comment \"netavark firewall rules\" -j"
        table.chains[Chain.forward] =
            ["-m conntrack --ctstate INVALID -j DROP"]
            + networks.flatMap(\.subnets).flatMap {
                ["-d \($0) -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-s \($0) -j ACCEPT"]
            }
        table.chains[Chain.input] = networks.flatMap(\.subnets).flatMap { subnet in
            ["udp", "tcp"].map { "-s \(subnet) -p \($0) -m \($0) --dport \(dnsPort) -j ACCEPT" }
        }
        if isolating || !isolated.isEmpty {
            table.chains[Chain.isolation1] = isolated.map {
                let next = $0.isolation == .strict ? Chain.isolation3 : Chain.isolation2
                return "-i \($0.bridge) ! -o \($0.bridge) -j \(next)"
            }
        }
        table.chains[Chain.isolation2] = isolated.map { "-o \($0.bridge) -j DROP" }
        table.chains[Chain.isolation3] = open.map { "-o \($0.bridge) -j DROP" } + ["-j \(Chain.isolation2)"]
        table.jumps["INPUT"] = DesiredTable.Jumps(head: ["\(comment) \(Chain.input)"])
        let isolation = isolated.isEmpty ? [] : ["-j \(Chain.isolation1)"]
        table.jumps["FORWARD"] = DesiredTable.Jumps(head: isolation + ["\(comment) \(Chain.forward)"])
    }

    private static func natRules(
        _ table: inout DesiredTable, _ networks: [Net], _ members: [Member], _ dnsPort: UInt16, _ family: AddressFamily
    ) {
        let multicast = family == .ipv4 ? "224.0.0.0/4" : "ff00::/8"
        table.chains[Chain.setMark] = ["-j MARK --set-xmark 0x2000/0x2000"]
        table.chains[Chain.masquerade] = [
            "-m comment --comment \"netavark portfw masq mark\" -m mark --mark 0x2000/0x2000 -j MASQUERADE"
        ]
        for net in networks {
            // The masquerade rule is made once, with the first subnet.
            table.chains[net.chain] = net.subnets.enumerated().flatMap { index, subnet in
                ["-d \(subnet) -j ACCEPT"] + (index == 0 ? ["! -d \(multicast) -j \(net.departure)"] : [])
            }
        }
        for member in members {
            guard let ports = member.ports else { continue }
            table.chains[member.net.portChain, default: []] += ports.flatMap { portRules(member, $0, family) }
        }
        var dnat =
            dnsPort == 53
            ? []
            : networks.flatMap(\.gateways).reversed().flatMap { gateway in
                ["tcp", "udp"].map {
                    "-d \(gateway)/\(family.bits) -p \($0) -m \($0) --dport 53 -j DNAT --to-destination "
                        + "\(gateway.bracketed):\(dnsPort)"
                }
            }
        for member in members {
            dnat += (member.ports ?? []).map { port in
                "\(match(port)) -m comment --comment \"dnat name: \(member.net.name) id: \(member.containerID)\" "
                    + "-j \(member.net.portChain)"
            }
        }
        table.chains[Chain.dnat] = dnat
        let local = DesiredTable.Jumps(tail: ["-m addrtype --dst-type LOCAL -j \(Chain.dnat)"])
        table.jumps["PREROUTING"] = local
        table.jumps["OUTPUT"] = local
        table.jumps["POSTROUTING"] = DesiredTable.Jumps(
            head: ["-j \(Chain.masquerade)"],
            tail: networks.flatMap { net in net.subnets.map { "-s \($0) -j \(net.chain)" } })
    }

    /// Marks what comes from the container's own subnet or from the host itself, so that the answers come back through
    /// the host; then leads to the container.
    private static func portRules(_ member: Member, _ port: PortMapping, _ family: AddressFamily) -> [String] {
        let loopback = family == .ipv4 ? "127.0.0.1/32" : "::1/128"
        var destination = ""
        if let ip = port.hostIP, !ip.isUnspecified { destination = "-d \(ip)/\(family.bits) " }
        var target = "\(member.address.bracketed):\(port.containerPort)"
        if port.range > 1 { target += "-\(Int(port.containerPort) + Int(port.range) - 1)/\(port.hostPort)" }
        return [
            "-s \(member.subnet) \(destination)\(match(port)) -j \(Chain.setMark)",
            "-s \(loopback) \(destination)\(match(port)) -j \(Chain.setMark)",
            "\(destination)\(match(port)) -j DNAT --to-destination \(target)",
        ]
    }

    private static func match(_ port: PortMapping) -> String {
        let name = port.protocol.rawValue
        let last = port.range > 1 ? ":\(Int(port.hostPort) + Int(port.range) - 1)" : ""
        return "-p \(name) -m \(name) --dport \(port.hostPort)\(last)"
    }
}
