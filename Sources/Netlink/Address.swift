internal import LinuxSys
public import WirePrimitives

/// An address of a link as the kernel shows it (`ip address`).
public struct LinkAddress: Hashable, Sendable {
    /// Index of the link.
    public var link: Int32
    /// The address and its prefix.
    public var address: InterfaceAddress

    /// Reads an RTM_NEWADDR message; nil when it is of neither family.
    ///
    /// - Throws: `ByteError` when it is malformed.
    public init?(_ message: Message) throws(ByteError) {
        var reader = message.payload
        _ = try reader.uint8()
        let prefixLength = Int(try reader.uint8())
        _ = try reader.take(2)
        link = Int32(bitPattern: try reader.uint32())
        let attributes = try Attribute.split(reader)
        // For a point-to-point link IFA_ADDRESS is the other side's; IFA_LOCAL, if there, is our own.
        guard
            let own = attributes.first(where: { $0.type == AddressRequest.Attributes.local })
                ?? attributes.first(where: { $0.type == AddressRequest.Attributes.address }),
            let value = IPAddress(bytes: own.value.bytes),
            let address = InterfaceAddress(value, prefixLength: prefixLength)
        else { return nil }
        self.address = address
    }
}

/// Requests about addresses (rtnetlink(7), linux/if_addr.h).
public enum AddressRequest {
    enum Attributes {
        static let address: UInt16 = 1
        static let local: UInt16 = 2
        static let broadcast: UInt16 = 4
        static let lifetimes: UInt16 = 6
    }

    private static let newAddress: UInt16 = 20
    private static let deleteAddress: UInt16 = 21
    private static let getAddress: UInt16 = 22

    /// `IFA_F_NODAD`.
    private static let noDetection: UInt8 = 2

    /// struct ifaddrmsg: family, prefix length, flags, scope, index. Scope 0 is global.
    private static func header(family: UInt8, prefixLength: Int, flags: UInt8, link: Int32) -> [UInt8] {
        var writer = ByteWriter()
        writer.uint8(family)
        writer.uint8(UInt8(truncatingIfNeeded: prefixLength))
        writer.uint8(flags)
        writer.uint8(0)
        writer.uint32(UInt32(bitPattern: link))
        return writer.bytes
    }

    /// Gives a link an address, IPv4 with its broadcast address. `ip address add ADDRESS brd + dev …`.
    ///
    /// Until it has looked for duplicates (RFC 4862), the kernel lets nobody bind an IPv6 address; `nodad`, an address
    /// is ready at once.
    public static func add(_ address: InterfaceAddress, to link: Int32, nodad: Bool = false) -> Request {
        let flags = nodad && address.address.family == .ipv6 ? noDetection : 0
        return request("add address \(address)", newAddress, [.create, .exclusive], address, link, flags) {
            if let broadcast = address.network.broadcast { $0.put(Attributes.broadcast, broadcast.bytes) }
        }
    }

    /// Gives a link an address for a time, or makes that time anew. `ip address replace ADDRESS … valid_lft SECONDS`.
    ///
    /// - Parameters:
    ///   - address: the address.
    ///   - link: the link's index.
    ///   - seconds: after which the kernel takes it away; nil for never.
    /// - Returns: the request.
    public static func replace(_ address: InterfaceAddress, on link: Int32, validFor seconds: UInt32?) -> Request {
        let replace = MessageFlags(rawValue: 0x100)  // NLM_F_REPLACE
        return request("set address \(address)", newAddress, [.create, replace], address, link) {
            if let broadcast = address.network.broadcast { $0.put(Attributes.broadcast, broadcast.bytes) }
            // struct ifa_cacheinfo: preferred and valid lifetime, two stamps.
            var lifetimes = ByteWriter()
            let time = seconds ?? .max
            for number: UInt32 in [time, time, 0, 0] { lifetimes.uint32(number) }
            $0.put(Attributes.lifetimes, lifetimes.bytes)
        }
    }

    /// Takes an address away. `ip address delete ADDRESS dev …`.
    public static func delete(_ address: InterfaceAddress, from link: Int32) -> Request {
        request("delete address \(address)", deleteAddress, [], address, link) { _ in }
    }

    private static func request(
        _ operation: String, _ type: UInt16, _ flags: MessageFlags, _ address: InterfaceAddress, _ link: Int32,
        _ addressFlags: UInt8 = 0, _ more: (inout AttributeWriter) -> Void
    ) -> Request {
        Request(
            operation, type: type, flags: flags,
            header: header(
                family: address.address.family.number, prefixLength: address.prefixLength, flags: addressFlags,
                link: link)
        ) {
            $0.put(Attributes.local, address.address.bytes)
            $0.put(Attributes.address, address.address.bytes)
            more(&$0)
        }
    }

    /// All addresses, or those of one link. Kernels without the filter list all. `ip address show [dev …]`.
    public static func list(link: Int32 = 0) -> Request {
        Request("list addresses", type: getAddress, header: header(family: 0, prefixLength: 0, flags: 0, link: link))
    }
}

extension AddressFamily {
    /// `AF_INET` or `AF_INET6`.
    var number: UInt8 { self == .ipv4 ? 2 : 10 }
}
