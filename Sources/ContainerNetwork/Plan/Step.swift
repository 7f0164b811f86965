public import Netlink
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

    /// A link of the container's on top of one of the host's.
    public struct Upper: Hashable, Sendable {
        /// The container's interface.
        public var name: InterfaceName
        /// What kind of link.
        public var kind: LinkRequest.Upper
        /// The host's link that it is on top of.
        public var parent: InterfaceName
        /// Its MAC; the kernel's choice if nil.
        public var address: MACAddress?
        /// Its MTU in bytes; the parent's if nil.
        public var mtu: UInt32?
    }

    /// A bridge that is made for a network.
    public struct Bridge: Hashable, Sendable {
        /// Its name.
        public var name: InterfaceName
        /// Its MAC; that of its lowest port if nil.
        public var address: MACAddress?
        /// Its MTU in bytes; the kernel's if nil.
        public var mtu: UInt32?
        /// Whether it keeps VLANs apart.
        public var filtersVLANs = false
        /// The routing domain that it belongs to.
        public var vrf: InterfaceName?
    }

    /// Sets a link up.
    case setUp(Place, InterfaceName)
    /// Gives kernel settings their values.
    case setSysctls(Place, [Sysctl])
    /// Makes a bridge with a MAC of its own; one without takes over the lowest of its ports'.
    case createBridge(Bridge)
    /// Gives a link an address; one of the host's is ready at once, so that the server of names can bind it.
    case addAddress(Place, InterfaceName, InterfaceAddress)
    /// Makes the pair of links that joins a container to a bridge.
    case createPair(Pair)
    /// Makes a link of the container's on top of one of the host's.
    case createUpper(Upper)
    /// Keeps a port of a bridge from other ports that are kept so.
    case isolatePort(InterfaceName)
    /// Puts a port of a bridge into a VLAN.
    case setVLAN(InterfaceName, UInt16)
    /// Lets a bridge send a frame back out of the port it came from.
    case setHairpin(InterfaceName)
    /// Adds a route in the container; nil is the default route.
    case addRoute(InterfaceName, to: CIDR?, via: IPAddress, metric: UInt32?)
    /// Adds a route in the container that leads nowhere.
    case refuseRoute(CIDR, RouteRequest.Refusal, metric: UInt32?)

    /// What a person would type for it, one command a line. Commands in the container begin with `ip netns exec $NS`
    /// or say `-n $NS`.
    public var command: String {
        switch self {
        case .setUp(let place, let name): "\(place.ip) link set dev \(name) up"
        case .setSysctls(let place, let sysctls): sysctls.map { place.exec + $0.command }.joined(separator: "\n")
        case .createBridge(let bridge): bridge.command
        case .addAddress(let place, let name, let address):
            "\(place.ip) address add \(address)\(address.network.broadcast.map { " broadcast \($0)" } ?? "") dev \(name)"
                + (place == .host && address.address.family == .ipv6 ? " nodad" : "")
        case .createPair(let pair): pair.command
        case .createUpper(let upper): upper.command
        case .isolatePort(let name): "bridge link set dev \(name) isolated on"
        case .setVLAN(let name, let vlan): "bridge vlan add dev \(name) vid \(vlan) pvid untagged"
        case .refuseRoute(let destination, let refusal, let metric):
            "\(Place.container.ip) route add \(refusal) \(destination) proto static\(metric.map { " metric \($0)" } ?? "")"
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

extension Step.Bridge {
    fileprivate var command: String {
        "ip link add name \(name)\(address.map { " address \($0)" } ?? "")\(mtu.map { " mtu \($0)" } ?? "")"
            + "\(vrf.map { " master \($0)" } ?? "") type bridge\(filtersVLANs ? " vlan_filtering 1" : "")"
    }
}

extension Step.Upper {
    fileprivate var command: String {
        "ip link add link \(parent) name \(name)\(address.map { " address \($0)" } ?? "")"
            + "\(mtu.map { " mtu \($0)" } ?? "") netns $NS type \(kind.kind) mode \(kind.mode)"
    }
}

extension LinkRequest.Upper {
    fileprivate var mode: String {
        switch self {
        case .macvlan(let mode, let limit): "\(mode)\(limit.map { " bclim \($0)" } ?? "")"
        case .ipvlan(let mode): "\(mode)"
        }
    }
}
