internal import Crypto
internal import LinuxSys
public import Netlink
public import WirePrimitives

/// What a plan needs to know of the host: read once, under the network's lock.
public struct HostObservation: Hashable, Sendable {
    /// The network's bridge, if it is there.
    public var bridge: Link?
    /// The bridge's addresses.
    public var bridgeAddresses: [InterfaceAddress]
    /// How many ports the bridge has that are set up.
    public var bridgePorts = 0
    /// Names that a new pair cannot have.
    public var takenNames: Set<String>
    /// MTU in bytes of the link that the default route leads out by, if there is one.
    public var uplinkMTU: UInt32?
    /// Whether iptables sees frames that a bridge forwards (`bridge-nf-call-iptables` of br_netfilter).
    public var filtersBridgedFrames: Bool
    /// The MAC of a bridge that is to be made: the same until the next boot, so that containers whose bridge was
    /// removed find the new one at once, and another on every host.
    public var newBridgeAddress: MACAddress?

    /// A host that has nothing yet.
    public init(
        bridge: Link? = nil, bridgeAddresses: [InterfaceAddress] = [], takenNames: Set<String> = [],
        uplinkMTU: UInt32? = nil, filtersBridgedFrames: Bool = false, newBridgeAddress: MACAddress? = nil
    ) {
        self.bridge = bridge
        self.bridgeAddresses = bridgeAddresses
        self.takenNames = takenNames
        self.uplinkMTU = uplinkMTU
        self.filtersBridgedFrames = filtersBridgedFrames
        self.newBridgeAddress = newBridgeAddress
    }

    /// Looks at the host.
    public static func read(
        for network: NetworkDefinition, in context: NetworkContext
    ) throws(NetworkError) -> HostObservation {
        var seen = HostObservation()
        let host = context.host
        do {
            let settings = try context.hostSysctls.read(["net/bridge/bridge-nf-call-iptables", "kernel/random/boot_id"])
            seen.filtersBridgedFrames = settings[0] == "1"
            let pairs = try host.links(kind: "veth")
            seen.takenNames = Set(pairs.map(\.name))
            guard let name = network.networkInterface.flatMap({ InterfaceName($0) }) else { return seen }
            seen.bridge = try host.link(name)
            if let bridge = seen.bridge {
                seen.bridgePorts = pairs.count { $0.master == bridge.index && $0.isUp }
                seen.bridgeAddresses = try host.addresses(of: bridge.index)
            } else {
                seen.newBridgeAddress = .derived(from: "\(network.id) \(settings[1] ?? "") bridge")
                if network.options["mtu"] == nil { seen.uplinkMTU = try host.uplink()?.mtu }
            }
        } catch {
            throw NetworkError("look at the host's links", any: error)
        }
        return seen
    }
}

/// Joins a container to a bridge with a pair of virtual Ethernet devices, step by step as netavark 1.17 does.
public enum BridgeDriver {
    /// The steps that attach a container, in order.
    ///
    /// - Parameters:
    ///   - request: the container and the network.
    ///   - host: what the host has now.
    ///   - whole: also the steps that hold already.
    /// - Returns: the steps, to be applied in this order and undone in the opposite one.
    /// - Throws: `NetworkError` when the definition cannot be put into practice.
    public static func plan(
        _ request: AttachmentRequest, on host: HostObservation, whole: Bool = false
    ) throws(NetworkError) -> [Step] {
        let network = request.network
        let bridge = try bridgeName(network)
        let options = try BridgeOptions(network)
        let addresses = try request.interfaceAddresses()
        if let link = host.bridge, link.kind != "bridge" { throw Step.Pair.wrongBridge(bridge, link.kind) }
        if !options.isManaged, host.bridge == nil {
            throw NetworkError(
                .notFound,
                "in unmanaged mode, the bridge must already exist on the host: there is no \(bridge): make it, or leave "
                    + "out mode=unmanaged")
        }
        var steps: [Step] = [.setUp(.container, .loopback)]
        if options.isManaged { steps += bridgeSteps(network, bridge, options, on: host, whole) }
        let mtu = options.mtu ?? host.bridge?.mtu ?? host.uplinkMTU
        let pair = Step.Pair(
            name: try pairName(request, host.takenNames), address: request.hostAddress, bridge: bridge,
            peerName: request.interfaceName, peerAddress: request.staticMAC ?? request.leaseMAC, mtu: mtu)
        steps += portSteps(pair, options, on: host)
        if options.isManaged {
            steps.append(.setSysctls(.container, containerSysctls(request.interfaceName)))
            // Without duplicate address detection the link-local address is ready at once: nobody need wait a second.
            steps.append(.setSysctls(.host, [ipv6(pair.name, "accept_dad", "0")]))
        }
        steps.append(.setUp(.host, pair.name))
        steps += addresses.map { .addAddress(.container, request.interfaceName, $0) }
        steps.append(.setUp(.container, request.interfaceName))
        steps += ContainerRoutes.steps(request, addresses, options.routing)
        return steps
    }

    /// The pair, and what its port of the bridge is to be like.
    private static func portSteps(_ pair: Step.Pair, _ options: BridgeOptions, on host: HostObservation) -> [Step] {
        var steps: [Step] = [.createPair(pair)]
        if let vlan = options.vlan { steps.append(.setVLAN(pair.name, vlan)) }
        if options.keepsContainersApart { steps.append(.isolatePort(pair.name)) }
        // Where iptables sees bridged frames, one that it leads back to its sender (a container that asks for its own
        // published port) must leave by the port it came from; netavark drops it there. Elsewhere it is routed.
        if host.filtersBridgedFrames { steps.append(.setHairpin(pair.name)) }
        return steps
    }

    /// The bridge and what goes with it. On a bridge that is there only what is missing is added: an address that was
    /// flushed, a link that was set down; unless `whole`.
    private static func bridgeSteps(
        _ network: NetworkDefinition, _ bridge: InterfaceName, _ options: BridgeOptions, on host: HostObservation,
        _ whole: Bool
    ) -> [Step] {
        let hasIPv6 = network.subnets.contains { $0.subnet.family == .ipv6 }
        var steps: [Step] = []
        if !network.isInternal {
            var forwarding = [Sysctl("net/ipv4/ip_forward", "1")]
            if hasIPv6 { forwarding.append(Sysctl("net/ipv6/conf/all/forwarding", "1")) }
            steps.append(.setSysctls(.host, forwarding))
        }
        if whole || host.bridge == nil {
            steps.append(
                .createBridge(
                    .init(
                        name: bridge, address: host.newBridgeAddress, mtu: options.mtu,
                        filtersVLANs: options.vlan != nil, vrf: options.vrf)))
            steps.append(.setSysctls(.host, bridgeSysctls(network, bridge, hasIPv6)))
        }
        for subnet in network.subnets {
            guard let gateway = subnet.gateway, let address = InterfaceAddress(gateway, in: subnet.subnet),
                whole || !host.bridgeAddresses.contains(address)
            else { continue }
            steps.append(.addAddress(.host, bridge, address))
        }
        if whole || host.bridge?.isUp != true { steps.append(.setUp(.host, bridge)) }
        return steps
    }

    private static func bridgeSysctls(
        _ network: NetworkDefinition, _ bridge: InterfaceName, _ hasIPv6: Bool
    ) -> [Sysctl] {
        var sysctls: [Sysctl] = []
        if network.isInternal {
            sysctls.append(ipv4(bridge, "forwarding", "0"))
            if hasIPv6 { sysctls.append(Sysctl("net/ipv6/conf/\(bridge)/forwarding", "0")) }
        } else {
            // Lets 127.0.0.1:PORT of the host reach a published port.
            sysctls.append(ipv4(bridge, "route_localnet", "1"))
        }
        sysctls.append(ipv4(bridge, "rp_filter", "2"))
        sysctls.append(ipv6(bridge, "accept_dad", "0"))
        if hasIPv6 { sysctls.append(ipv6(bridge, "accept_ra", "0")) }
        return sysctls
    }

    private static func containerSysctls(_ name: InterfaceName) -> [Sysctl] {
        [
            ipv6(name, "autoconf", "0"), ipv6(name, "accept_dad", "0"), ipv4(name, "arp_notify", "1"),
            ipv4(name, "rp_filter", "2"),
        ]
    }

    private static func ipv4(_ name: InterfaceName, _ key: String, _ value: String) -> Sysctl {
        Sysctl("net/ipv4/conf/\(name)/\(key)", value)
    }

    private static func ipv6(_ name: InterfaceName, _ key: String, _ value: String) -> Sysctl {
        Sysctl("net/ipv6/conf/\(name)/\(key)", value, isOptional: true)
    }

    /// The name that is asked for, else the lowest of `veth0`, `veth1`, … that is free, which is the one the kernel
    /// would take.
    private static func pairName(
        _ request: AttachmentRequest, _ taken: Set<String>
    ) throws(NetworkError) -> InterfaceName {
        if let wanted = request.hostInterfaceName {
            guard !taken.contains(wanted.description) else {
                throw NetworkError(
                    .conflict, "host_interface_name \(wanted) is another interface's name on this host: choose another")
            }
            return wanted
        }
        var number: UInt32 = 0
        while taken.contains(InterfaceName.veth(number).description) { number += 1 }
        return .veth(number)
    }

    private static func bridgeName(_ network: NetworkDefinition) throws(NetworkError) -> InterfaceName {
        guard let name = network.networkInterface.flatMap({ InterfaceName($0) }) else {
            throw NetworkError(.conflict, "network \(network.name): no bridge interface name given")
        }
        return name
    }
}

/// The options of a bridge network, read.
struct BridgeOptions: Hashable {
    var routing: RoutingOptions
    var mtu: UInt32?
    var vlan: UInt16?
    var vrf: InterfaceName?
    /// Whether the bridge is made, addressed and removed here.
    var isManaged: Bool
    /// Whether containers on the bridge cannot reach each other.
    var keepsContainersApart: Bool

    init(_ network: NetworkDefinition) throws(NetworkError) {
        let reader = OptionReader(network)
        routing = try RoutingOptions(reader)
        mtu = try reader.number("mtu").flatMap { $0 == 0 ? nil : $0 }
        vlan = try reader.number("vlan").flatMap { $0 == 0 ? nil : UInt16(truncatingIfNeeded: $0) }
        vrf = try reader.value("vrf") { InterfaceName($0) }
        isManaged = try reader.value("mode") { ["": true, "managed": true, "unmanaged": false][$0] } ?? true
        keepsContainersApart = try reader.boolean("icc") == false
    }
}

extension AttachmentRequest {
    /// The MAC of the host's end: a function of the two ids, so that the end is known again whatever its name.
    var hostAddress: MACAddress { .derived(from: "\(containerID) \(network.id) host") }
}

extension MACAddress {
    /// One that is a function of a text.
    static func derived(from text: String) -> MACAddress {
        let digest = SHA256.hash(data: Array(text.utf8))
        return MACAddress(locallyAdministered: digest.prefix(6).reduce(0) { $0 << 8 | UInt64($1) })
    }
}
