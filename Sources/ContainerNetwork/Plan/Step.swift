public import WirePrimitives

/// One thing that is made or set for a container's network. A plan is a list of steps; nothing about a step depends on
/// the others but their order.
public enum Step: Hashable, Sendable {
    /// On which side.
    public enum Place: Hashable, Sendable {
        /// In the host's namespace.
        case host
        /// In the container's.
        case container
    }

    /// A pair of virtual Ethernet devices between a bridge and a container.
    public struct Pair: Hashable, Sendable {
        /// The host's end.
        public var name: InterfaceName
        /// The host's end's MAC: a function of the container and the network, and how that end is known again.
        public var address: MACAddress
        /// The bridge it is a port of.
        public var bridge: InterfaceName
        /// The container's end.
        public var peerName: InterfaceName
        /// The container's end's MAC; the kernel's choice if nil.
        public var peerAddress: MACAddress?
        /// MTU of both ends in bytes; the kernel's if nil.
        public var mtu: UInt32?
    }

    /// Sets a link up.
    case setUp(Place, InterfaceName)
    /// Gives kernel settings their values.
    case setSysctls(Place, [Sysctl])
    /// Makes a bridge with a MAC of its own; one without takes over the lowest of its ports'.
    case createBridge(InterfaceName, address: MACAddress?, mtu: UInt32?)
    /// Gives a link an address.
    case addAddress(Place, InterfaceName, InterfaceAddress)
    /// Makes the pair of links that joins a container to a bridge.
    case createPair(Pair)
    /// Lets a bridge send a frame back out of the port it came from.
    case setHairpin(InterfaceName)
    /// Adds a route in the container; nil is the default route.
    case addRoute(InterfaceName, to: CIDR?, via: IPAddress, metric: UInt32?)

    /// What a person would type for it, one command a line. Commands in the container begin with `ip netns exec $NS`
    /// or say `-n $NS`.
    public var command: String {
        switch self {
        case .setUp(let place, let name): "\(place.ip) link set dev \(name) up"
        case .setSysctls(let place, let sysctls): sysctls.map { place.exec + $0.command }.joined(separator: "\n")
        case .createBridge(let name, let address, let mtu):
            "ip link add name \(name)\(address.map { " address \($0)" } ?? "")\(mtu.map { " mtu \($0)" } ?? "") "
                + "type bridge"
        case .addAddress(let place, let name, let address):
            "\(place.ip) address add \(address)\(address.network.broadcast.map { " broadcast \($0)" } ?? "") dev \(name)"
        case .createPair(let pair): pair.command
        case .setHairpin(let name): "bridge link set dev \(name) hairpin on"
        case .addRoute(let name, let destination, let gateway, let metric):
            "\(Place.container.ip) route add \(destination?.description ?? "default") via \(gateway) dev \(name) "
                + "proto static\(metric.map { " metric \($0)" } ?? "")"
        }
    }
}

extension Step.Place {
    /// The `ip` command of this side.
    var ip: String { self == .host ? "ip" : "ip -n $NS" }
    /// What a command of this side is put behind.
    var exec: String { self == .host ? "" : "ip netns exec $NS " }
}

extension Step.Pair {
    fileprivate var command: String {
        let mtu = mtu.map { " mtu \($0)" } ?? ""
        let peerAddress = peerAddress.map { " address \($0)" } ?? ""
        return "ip link add name \(name) address \(address)\(mtu) master \(bridge) type veth peer name \(peerName)"
            + "\(peerAddress)\(mtu) netns $NS"
    }
}
