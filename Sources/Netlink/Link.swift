internal import LinuxSys
public import WirePrimitives

/// A network interface as the kernel shows it (`ip link`).
public struct Link: Hashable, Sendable {
    /// `ifi_index`.
    public var index: Int32
    /// `IFLA_IFNAME`.
    public var name: String
    /// `IFLA_INFO_KIND`: `bridge`, `veth`, …; nil for hardware and `lo`.
    public var kind: String?
    /// `IFLA_ADDRESS`, if it is an Ethernet one.
    public var address: MACAddress?
    /// `IFLA_MTU` in bytes.
    public var mtu: UInt32
    /// `IFLA_MASTER`: index of the bridge it is a port of.
    public var master: Int32?
    /// `IFLA_LINK`: for a veth the index of its other end, in that end's namespace.
    public var peer: Int32?
    /// `ifi_flags`.
    public var flags: UInt32

    /// Whether it has been set up (`IFF_UP`).
    public var isUp: Bool { flags & LinkRequest.up != 0 }

    /// Reads an RTM_NEWLINK message.
    ///
    /// - Throws: `ByteError` when it is malformed.
    public init(_ message: Message) throws(ByteError) {
        var reader = message.payload
        _ = try reader.take(4)
        index = Int32(bitPattern: try reader.uint32())
        flags = try reader.uint32()
        _ = try reader.take(4)
        name = ""
        mtu = 0
        for attribute in try Attribute.split(reader) {
            switch attribute.type {
            case LinkRequest.Attributes.address: address = MACAddress(bytes: attribute.value.bytes)
            case LinkRequest.Attributes.name: name = attribute.text
            case LinkRequest.Attributes.mtu: mtu = try attribute.uint32()
            case LinkRequest.Attributes.link: peer = Int32(bitPattern: try attribute.uint32())
            case LinkRequest.Attributes.master: master = Int32(bitPattern: try attribute.uint32())
            case LinkRequest.Attributes.info:
                kind = try Attribute.split(attribute.value).first { $0.type == LinkRequest.Attributes.kind }?.text
            default: break
            }
        }
    }
}

/// Requests about links (rtnetlink(7), linux/if_link.h).
public enum LinkRequest {
    enum Attributes {
        static let address: UInt16 = 1
        static let name: UInt16 = 3
        static let mtu: UInt16 = 4
        static let link: UInt16 = 5
        static let master: UInt16 = 10
        static let portInfo: UInt16 = 12
        static let info: UInt16 = 18
        static let kind: UInt16 = 1
        static let data: UInt16 = 2
        static let namespace: UInt16 = 28
        static let filter: UInt16 = 29
    }

    static let newLink: UInt16 = 16
    static let deleteLink: UInt16 = 17
    static let getLink: UInt16 = 18
    static let setLink: UInt16 = 19
    /// `IFF_UP`.
    static let up: UInt32 = 1
    /// `RTEXT_FILTER_SKIP_STATS`: counters are most of a link's message and nobody here reads them.
    private static let skipStatistics: UInt32 = 8
    /// `AF_BRIDGE`.
    private static let bridgeFamily: UInt8 = 7

    /// struct ifinfomsg: family, type, index, flags, and which flags to change.
    static func header(family: UInt8 = 0, index: Int32 = 0, flags: UInt32 = 0, change: UInt32 = 0) -> [UInt8] {
        var writer = ByteWriter()
        writer.uint8(family)
        writer.uint8(0)
        writer.uint16(0)
        writer.uint32(UInt32(bitPattern: index))
        writer.uint32(flags)
        writer.uint32(change)
        return writer.bytes
    }

    /// One link. `ip link show NAME`.
    public static func get(_ name: InterfaceName) -> Request {
        Request("get link \(name)", type: getLink, header: header()) {
            $0.put(Attributes.filter, uint32: skipStatistics)
            $0.put(Attributes.name, text: name.description)
        }
    }

    /// One link by index.
    public static func get(index: Int32) -> Request {
        Request("get link with index \(index)", type: getLink, header: header(index: index)) {
            $0.put(Attributes.filter, uint32: skipStatistics)
        }
    }

    /// All links, or the ports of one bridge, or those of one kind. Kernels without filters list all; the caller
    /// looks at what it gets. `ip link show [master …] [type …]`.
    public static func list(master: Int32? = nil, kind: String? = nil) -> Request {
        Request("list links", type: getLink, header: header()) {
            $0.put(Attributes.filter, uint32: skipStatistics)
            if let master { $0.put(Attributes.master, uint32: UInt32(bitPattern: master)) }
            if let kind { $0.nest(Attributes.info) { $0.put(Attributes.kind, text: kind) } }
        }
    }

    /// A new bridge. `ip link add NAME address MAC type bridge`.
    ///
    /// One that is made with a MAC keeps it; another takes over the lowest of its ports' (`br_stp_if.c`).
    public static func createBridge(
        _ name: InterfaceName, address: MACAddress? = nil, mtu: UInt32? = nil, filtersVLANs: Bool = false
    ) -> Request {
        Request("create bridge \(name)", type: newLink, flags: [.create, .exclusive], header: header()) {
            $0.put(Attributes.name, text: name.description)
            if let address { $0.put(Attributes.address, address.bytes) }
            if let mtu { $0.put(Attributes.mtu, uint32: mtu) }
            $0.nest(Attributes.info) {
                $0.put(Attributes.kind, text: "bridge")
                // IFLA_BR_VLAN_FILTERING
                if filtersVLANs { $0.nest(Attributes.data) { $0.put(7, uint8: 1) } }
            }
        }
    }

    /// The two ends of a new pair.
    public struct Pair: Hashable, Sendable {
        /// The end that stays here.
        public var name: InterfaceName
        /// This end's MAC; the kernel's choice if nil.
        public var address: MACAddress?
        /// Index of the bridge that this end becomes a port of.
        public var master: Int32?
        /// MTU of both ends in bytes; the kernel's 1500 if nil.
        public var mtu: UInt32?
        /// The other end.
        public var peerName: InterfaceName
        /// The other end's MAC; the kernel's choice if nil.
        public var peerAddress: MACAddress?
        /// Open descriptor of the namespace where the other end is made.
        public var peerNamespace: Int32

        /// A pair between here and `peerNamespace`.
        public init(name: InterfaceName, peerName: InterfaceName, peerNamespace: Int32) {
            self.name = name
            self.peerName = peerName
            self.peerNamespace = peerNamespace
        }
    }

    /// A new pair of virtual Ethernet devices. `ip link add NAME type veth peer name PEER netns …` (veth(4)).
    public static func createPair(_ pair: Pair) -> Request {
        Request(
            "create veth pair \(pair.name), \(pair.peerName)", type: newLink, flags: [.create, .exclusive],
            header: header()
        ) {
            $0.put(Attributes.name, text: pair.name.description)
            if let address = pair.address { $0.put(Attributes.address, address.bytes) }
            if let mtu = pair.mtu { $0.put(Attributes.mtu, uint32: mtu) }
            if let master = pair.master { $0.put(Attributes.master, uint32: UInt32(bitPattern: master)) }
            $0.nest(Attributes.info) {
                $0.put(Attributes.kind, text: "veth")
                $0.nest(Attributes.data) {
                    // VETH_INFO_PEER holds a whole link message of its own.
                    $0.nest(1, header: header()) {
                        $0.put(Attributes.name, text: pair.peerName.description)
                        if let address = pair.peerAddress { $0.put(Attributes.address, address.bytes) }
                        if let mtu = pair.mtu { $0.put(Attributes.mtu, uint32: mtu) }
                        $0.put(Attributes.namespace, uint32: UInt32(bitPattern: pair.peerNamespace))
                    }
                }
            }
        }
    }

    /// How a macvlan and its parent share frames (`MACVLAN_MODE_*`).
    public enum MACVLANMode: UInt32, Hashable, Sendable {
        /// `MACVLAN_MODE_PRIVATE`.
        case `private` = 1
        /// `MACVLAN_MODE_VEPA`.
        case vepa = 2
        /// `MACVLAN_MODE_BRIDGE`.
        case bridge = 4
        /// `MACVLAN_MODE_PASSTHRU`.
        case passthru = 8
        /// `MACVLAN_MODE_SOURCE`.
        case source = 16
    }

    /// How an ipvlan and its parent share packets (`IPVLAN_MODE_*`).
    public enum IPVLANMode: UInt16, Hashable, Sendable {
        /// `IPVLAN_MODE_L2`.
        case l2 = 0
        /// `IPVLAN_MODE_L3`.
        case l3 = 1
        /// `IPVLAN_MODE_L3S`.
        case l3s = 2
    }

    /// What kind of link is made on top of another.
    public enum Upper: Hashable, Sendable {
        /// A macvlan; `broadcastLimit` is IFLA_MACVLAN_BC_CUTOFF.
        case macvlan(MACVLANMode, broadcastLimit: Int32?)
        /// An ipvlan.
        case ipvlan(IPVLANMode)

        /// As the kernel and ip-link(8) call it.
        public var kind: String {
            switch self {
            case .macvlan: "macvlan"
            case .ipvlan: "ipvlan"
            }
        }
    }

    /// A new link on top of one of ours, made in another namespace. `ip link add link PARENT … type macvlan`.
    public static func createUpper(
        _ name: InterfaceName, _ upper: Upper, parent: Int32, namespace: Int32, address: MACAddress? = nil,
        mtu: UInt32? = nil
    ) -> Request {
        Request("create \(upper.kind) \(name)", type: newLink, flags: [.create, .exclusive], header: header()) {
            $0.put(Attributes.name, text: name.description)
            $0.put(Attributes.link, uint32: UInt32(bitPattern: parent))
            $0.put(Attributes.namespace, uint32: UInt32(bitPattern: namespace))
            if let address { $0.put(Attributes.address, address.bytes) }
            if let mtu { $0.put(Attributes.mtu, uint32: mtu) }
            $0.nest(Attributes.info) {
                $0.put(Attributes.kind, text: upper.kind)
                $0.nest(Attributes.data) {
                    switch upper {
                    case .macvlan(let mode, let limit):
                        $0.put(1, uint32: mode.rawValue)
                        if let limit { $0.put(9, uint32: UInt32(bitPattern: limit)) }
                    case .ipvlan(let mode): $0.put(1, [UInt8(mode.rawValue), 0])
                    }
                }
            }
        }
    }

    /// Sets a link up. `ip link set NAME up`.
    public static func setUp(_ name: InterfaceName) -> Request {
        Request("set link \(name) up", type: setLink, header: header(flags: up, change: up)) {
            $0.put(Attributes.name, text: name.description)
        }
    }

    /// Makes a link a port of a bridge; 0 lets it go. `ip link set NAME master BRIDGE`.
    public static func setMaster(_ index: Int32, _ master: Int32) -> Request {
        Request("set master of link with index \(index)", type: setLink, header: header(index: index)) {
            $0.put(Attributes.master, uint32: UInt32(bitPattern: master))
        }
    }

    /// Gives a link a MAC of its own; a bridge that has one no longer takes a port's. `ip link set NAME address MAC`.
    public static func setAddress(_ index: Int32, _ address: MACAddress) -> Request {
        Request("set MAC of link with index \(index)", type: setLink, header: header(index: index)) {
            $0.put(Attributes.address, address.bytes)
        }
    }

    /// Whether a bridge sends a frame back out of the port it came from. `bridge link set dev NAME hairpin on`.
    public static func setHairpin(_ index: Int32, _ on: Bool) -> Request {
        Request(
            "set hairpin of link with index \(index)", type: setLink,
            header: header(family: bridgeFamily, index: index)
        ) {
            // IFLA_BRPORT_MODE
            $0.nest(Attributes.portInfo) { $0.put(4, uint8: on ? 1 : 0) }
        }
    }

    /// Whether a bridge keeps this port and others of its kind from each other. `bridge link set dev NAME isolated on`.
    public static func setIsolated(_ index: Int32, _ on: Bool) -> Request {
        Request(
            "isolate port with index \(index)", type: setLink, header: header(family: bridgeFamily, index: index)
        ) {
            // IFLA_BRPORT_ISOLATED
            $0.nest(Attributes.portInfo) { $0.put(33, uint8: on ? 1 : 0) }
        }
    }

    /// The VLAN that a port of a filtering bridge is in, whose frames have no tag beyond the port.
    /// `bridge vlan add dev NAME vid VLAN pvid untagged`.
    public static func setVLAN(_ index: Int32, _ vlan: UInt16) -> Request {
        Request(
            "put port with index \(index) into VLAN \(vlan)", type: setLink,
            header: header(family: bridgeFamily, index: index)
        ) {
            // IFLA_AF_SPEC with IFLA_BRIDGE_VLAN_INFO: struct bridge_vlan_info, flags PVID and UNTAGGED.
            $0.nest(26) { $0.put(2, [6, 0, UInt8(truncatingIfNeeded: vlan), UInt8(vlan >> 8)]) }
        }
    }

    /// Deletes a link, and with one end of a pair the other. `ip link delete`.
    public static func delete(index: Int32) -> Request {
        Request("delete link with index \(index)", type: deleteLink, header: header(index: index))
    }
}
