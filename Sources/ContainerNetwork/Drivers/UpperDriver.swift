internal import Netlink
internal import WirePrimitives

/// Joins a container to the wire of one of the host's links, by a link on top of it: macvlan and ipvlan.
///
/// The host makes no bridge, no address and no rule for it; what leaves the container leaves by the parent.
enum UpperDriver {
    /// The steps that attach a container, in order.
    static func plan(_ request: AttachmentRequest, parent: InterfaceName) throws(NetworkError) -> [Step] {
        let network = request.network
        let reader = OptionReader(network)
        let addresses = try request.interfaceAddresses()
        let upper = Step.Upper(
            name: request.interfaceName, kind: try kind(network, reader), parent: parent,
            // An ipvlan shares its parent's MAC.
            address: network.driver == "macvlan" ? request.staticMAC ?? request.leaseMAC : nil,
            mtu: try reader.number("mtu").flatMap { $0 == 0 ? nil : $0 })
        let name = request.interfaceName
        return [
            .setUp(.container, .loopback), .createUpper(upper),
            .setSysctls(
                .container, [Sysctl("net/ipv6/conf/\(name)/autoconf", "0", isOptional: true)]),
        ] + addresses.map { .addAddress(.container, name, $0) } + [.setUp(.container, name)]
            + ContainerRoutes.steps(request, addresses, try RoutingOptions(reader))
    }

    private static func kind(
        _ network: NetworkDefinition, _ reader: OptionReader
    ) throws(NetworkError) -> LinkRequest.Upper {
        if network.driver == "ipvlan" {
            let modes: [String: LinkRequest.IPVLANMode] = ["l2": .l2, "l3": .l3, "l3s": .l3s]
            return .ipvlan(try reader.value("mode") { modes[$0] } ?? .l2)
        }
        let modes: [String: LinkRequest.MACVLANMode] = [
            "": .bridge, "bridge": .bridge, "private": .private, "vepa": .vepa, "passthru": .passthru,
            "source": .source,
        ]
        return .macvlan(
            try reader.value("mode") { modes[$0] } ?? .bridge, broadcastLimit: try reader.value("bclim") { Int32($0) })
    }

    /// The link that a network's containers sit on: the one that it names, else the one that leads out of the host.
    static func parent(of network: NetworkDefinition, in host: Session) throws(NetworkError) -> InterfaceName {
        do throws(NetlinkError) {
            if let text = network.networkInterface, !text.isEmpty {
                guard let name = InterfaceName(text), try host.link(name) != nil else {
                    throw NetlinkError("get parent link \(text)", .noSuchDevice)
                }
                return name
            }
            if let link = try host.uplink(), let name = InterfaceName(link.name) { return name }
        } catch {
            throw NetworkError(error)
        }
        throw NetworkError(
            .notFound,
            "failed to get default route interface: network \(network.name) names no parent, and this host has no "
                + "default route: create it with --opt parent=INTERFACE")
    }
}

extension Session {
    /// The link that the default route leads out by, IPv4 before IPv6.
    func uplink() throws(NetlinkError) -> Link? {
        for family in AddressFamily.allCases {
            let defaults = try routes(family).filter { $0.destination == nil && $0.link != nil }
            guard let index = defaults.min(by: { $0.metric < $1.metric })?.link else { continue }
            if let link = try link(index: index) { return link }
        }
        return nil
    }
}
