internal import WirePrimitives

extension FirewallProjection {
    /// What keeps out those who have no business with the containers, before anything else looks at their packets.
    ///
    /// netavark leaves all of this open. The rules are in the raw table, because there a packet for a published port
    /// still has the host's address: what has a container's address already was sent to it directly.
    ///
    /// - To the host's own 127.0.0.0/8 from anywhere but the host: `route_localnet`, which published ports on
    ///   127.0.0.1 need, would let neighbours and containers in. (The kernel itself refuses ::1.)
    /// - To a container's address from beyond the bridges of ours, unless the network is `gateway_mode=routed`.
    /// - To a container on an internal or strictly isolated network from beyond its own bridge.
    static func closed(_ attached: [NetworkDefinition], _ family: AddressFamily) -> DesiredTable {
        var networks: [NetworkDefinition] = []
        for network in attached where network.isManagedBridge && network.hasSubnet(family) {
            if !networks.contains(where: { $0.name == network.name }) { networks.append(network) }
        }
        var table = DesiredTable()
        guard !networks.isEmpty else { return table }
        func bridge(_ network: NetworkDefinition) -> String { network.networkInterface ?? "" }
        var rules = family == .ipv4 ? ["-d 127.0.0.0/8 ! -i lo -j DROP"] : []
        rules.append("-i lo -j RETURN")
        for network in networks where network.isShut {
            rules += network.subnets(family).map { "-d \($0) ! -i \(bridge(network)) -j DROP" }
        }
        rules += networks.map { "-i \(bridge($0)) -j RETURN" }
        for network in networks where !network.isShut && !network.isRouted(family) {
            rules += network.subnets(family).map { "-d \($0) -j DROP" }
        }
        table.chains[Chain.closed] = rules
        table.jumps["PREROUTING"] = DesiredTable.Jumps(head: ["-j \(Chain.closed)"])
        return table
    }
}

extension NetworkDefinition {
    fileprivate func subnets(_ family: AddressFamily) -> [CIDR] {
        subnets.map(\.subnet).filter { $0.family == family }
    }

    fileprivate func hasSubnet(_ family: AddressFamily) -> Bool { subnets.contains { $0.subnet.family == family } }

    /// Whether its addresses of the family are open to other hosts.
    fileprivate func isRouted(_ family: AddressFamily) -> Bool {
        (options["gateway_mode_\(family.rawValue)"] ?? options["gateway_mode"]) == "routed"
    }

    /// Whether not even other networks of ours may send to its containers.
    fileprivate var isShut: Bool { isInternal || options["isolate"] == "strict" }
}
