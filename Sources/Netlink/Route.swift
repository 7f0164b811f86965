internal import LinuxSys
public import WirePrimitives

/// A route as the kernel shows it (`ip route`).
public struct Route: Hashable, Sendable {
    /// Where to; nil is the default route.
    public var destination: CIDR?
    /// Over which neighbour; nil when the destination is on the link.
    public var gateway: IPAddress?
    /// Index of the link it goes out by.
    public var link: Int32?
    /// Order among routes of the same destination; the lowest is used.
    public var metric: UInt32
    /// Which routing table; the one that everybody uses is 254.
    public var table: UInt32
    /// Who made it (`RTPROT_*`): 2 the kernel, 4 an administrator.
    public var `protocol`: UInt8
    /// Which protocol it is for.
    public var family: AddressFamily

    /// `RT_TABLE_MAIN`.
    public static let mainTable: UInt32 = 254

    /// Reads an RTM_NEWROUTE message; nil when it is of neither family.
    ///
    /// - Throws: `ByteError` when it is malformed.
    public init?(_ message: Message) throws(ByteError) {
        var reader = message.payload
        let number = try reader.uint8()
        guard let family = AddressFamily.allCases.first(where: { $0.number == number }) else { return nil }
        let prefixLength = Int(try reader.uint8())
        _ = try reader.take(2)
        table = UInt32(try reader.uint8())
        `protocol` = try reader.uint8()
        _ = try reader.take(6)
        self.family = family
        metric = 0
        for attribute in try Attribute.split(reader) {
            switch attribute.type {
            case RouteRequest.Attributes.destination:
                destination = IPAddress(bytes: attribute.value.bytes).flatMap {
                    CIDR(containing: $0, prefixLength: prefixLength)
                }
            case RouteRequest.Attributes.link: link = Int32(bitPattern: try attribute.uint32())
            case RouteRequest.Attributes.gateway: gateway = IPAddress(bytes: attribute.value.bytes)
            case RouteRequest.Attributes.metric: metric = try attribute.uint32()
            case RouteRequest.Attributes.table: table = try attribute.uint32()
            default: break
            }
        }
    }
}

/// Requests about routes (rtnetlink(7), linux/rtnetlink.h).
public enum RouteRequest {
    enum Attributes {
        static let destination: UInt16 = 1
        static let link: UInt16 = 4
        static let gateway: UInt16 = 5
        static let metric: UInt16 = 6
        static let table: UInt16 = 15
    }

    private static let newRoute: UInt16 = 24
    private static let deleteRoute: UInt16 = 25
    private static let getRoute: UInt16 = 26
    /// `RTPROT_STATIC`: made by an administrator; routing daemons leave it alone.
    private static let staticProtocol: UInt8 = 4

    /// struct rtmsg: family, prefix lengths, TOS, table, protocol, scope (0, universe), type, flags.
    private static func header(
        family: UInt8, prefixLength: Int, table: UInt32, protocol: UInt8, type: UInt8
    ) -> [UInt8] {
        var writer = ByteWriter()
        writer.uint8(family)
        writer.uint8(UInt8(truncatingIfNeeded: prefixLength))
        writer.uint8(0)
        writer.uint8(0)
        writer.uint8(UInt8(truncatingIfNeeded: table))
        writer.uint8(`protocol`)
        writer.uint8(0)
        writer.uint8(type)
        writer.uint32(0)
        return writer.bytes
    }

    /// A new route in the main table, by default to everywhere.
    ///
    /// `ip route add DESTINATION via GATEWAY dev … proto static metric METRIC`
    public static func add(
        destination: CIDR? = nil, gateway: IPAddress, link: Int32, metric: UInt32?
    ) -> Request {
        Request(
            "add route \(destination.map { "to \($0) " } ?? "default ")via \(gateway)", type: newRoute, flags: .create,
            header: header(
                family: gateway.family.number, prefixLength: destination?.prefixLength ?? 0, table: Route.mainTable,
                protocol: staticProtocol, type: 1)
        ) {
            if let destination { $0.put(Attributes.destination, destination.network.bytes) }
            $0.put(Attributes.gateway, gateway.bytes)
            $0.put(Attributes.link, uint32: UInt32(bitPattern: link))
            if let metric { $0.put(Attributes.metric, uint32: metric) }
        }
    }

    /// What the kernel does with packets that it does not pass on (`RTN_*`).
    public enum Refusal: UInt8, Hashable, Sendable, CaseIterable {
        /// Drops them.
        case blackhole = 6
        /// Tells the sender that there is no such host.
        case unreachable = 7
        /// Tells the sender that this is forbidden.
        case prohibit = 8
    }

    /// A new route that leads nowhere. `ip route add blackhole DESTINATION proto static`.
    public static func refuse(_ destination: CIDR, _ refusal: Refusal, metric: UInt32?) -> Request {
        Request(
            "add route \(refusal) \(destination)", type: newRoute, flags: .create,
            header: header(
                family: destination.family.number, prefixLength: destination.prefixLength, table: Route.mainTable,
                protocol: staticProtocol, type: refusal.rawValue)
        ) {
            $0.put(Attributes.destination, destination.network.bytes)
            if let metric { $0.put(Attributes.metric, uint32: metric) }
        }
    }

    /// Takes back `refuse`. `ip route delete blackhole DESTINATION`.
    public static func unrefuse(_ destination: CIDR, _ refusal: Refusal) -> Request {
        Request(
            "delete route \(refusal) \(destination)", type: deleteRoute,
            header: header(
                family: destination.family.number, prefixLength: destination.prefixLength, table: Route.mainTable,
                protocol: staticProtocol, type: refusal.rawValue)
        ) { $0.put(Attributes.destination, destination.network.bytes) }
    }

    /// Routes of one family, all tables; the caller looks at the table. `ip route show table all`.
    public static func list(_ family: AddressFamily) -> Request {
        Request(
            "list routes", type: getRoute,
            header: header(family: family.number, prefixLength: 0, table: 0, protocol: 0, type: 0))
    }
}

/// Requests about neighbours: the table from IP to MAC address (rtnetlink(7), linux/neighbour.h).
public enum NeighbourRequest {
    /// A neighbour that never expires. `ip neighbour replace ADDRESS lladdr MAC dev …`.
    public static func setPermanent(_ address: IPAddress, _ mac: MACAddress, link: Int32) -> Request {
        var header = ByteWriter()
        header.uint8(address.family.number)
        header.append([0, 0, 0])
        header.uint32(UInt32(bitPattern: link))
        header.uint16(0x80)  // NUD_PERMANENT
        header.append([0, 0])
        return Request(
            "set neighbour \(address)", type: 28, flags: [.create, MessageFlags(rawValue: 0x100)], header: header.bytes
        ) {
            $0.put(1, address.bytes)
            $0.put(2, mac.bytes)
        }
    }
}
