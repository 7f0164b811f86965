internal import LinuxSys
public import WirePrimitives

/// Requests to the connection tracking table (linux/netfilter/nfnetlink_conntrack.h).
public enum ConntrackRequest {
    /// `NFNL_SUBSYS_CTNETLINK << 8`.
    private static let subsystem: UInt16 = 1 << 8
    private static let get: UInt16 = subsystem | 1
    private static let delete: UInt16 = subsystem | 2
    /// `CTA_TUPLE_ORIG`: addresses and ports of the first packet's direction.
    static let original: UInt16 = 1

    /// struct nfgenmsg: family, version, resource.
    private static func header(_ family: UInt8) -> [UInt8] { [family, 0, 0, 0] }

    /// Every entry of one family. `conntrack -L -f FAMILY`.
    static func list(_ family: AddressFamily) -> Request {
        Request("list connections", type: get, header: header(family.number))
    }

    /// Removes the entry with this original tuple, as it was read.
    static func delete(_ family: UInt8, tuple: [UInt8]) -> Request {
        Request("delete connection", type: delete, header: header(family)) {
            $0.put(original | AttributeWriter.nestedFlag, tuple)
        }
    }

    /// The protocol and destination port of an original tuple (`CTA_TUPLE_PROTO`); nil when it has no ports.
    static func destination(_ tuple: ByteReader) throws(ByteError) -> (protocol: UInt8, port: UInt16)? {
        guard let proto = try Attribute.split(tuple).first(where: { $0.type == 2 }) else { return nil }
        let fields = try Attribute.split(proto.value)
        guard let number = fields.first(where: { $0.type == 1 }), let port = fields.first(where: { $0.type == 3 })
        else { return nil }
        return (try number.uint8(), try port.bigEndian16())
    }
}

extension Session {
    /// Forgets the UDP flows to these ports of this host, so that the next datagram is matched by the rules of now.
    ///
    /// A flow that began before a port was published, or while another container had it, would go on as it began for
    /// as long as datagrams come. Needs a `NETLINK_NETFILTER` session. `conntrack -D -p udp --orig-port-dst PORT`.
    ///
    /// - Returns: how many were forgotten.
    @discardableResult
    public func forgetUDPFlows(to ports: [PortRange]) throws(NetlinkError) -> Int {
        guard !ports.isEmpty else { return 0 }
        var forgotten = 0
        for family in AddressFamily.allCases {
            let request = ConntrackRequest.list(family)
            for message in try list(request) {
                let tuple = try decode(request) { () throws(ByteError) -> [UInt8]? in
                    var reader = message.payload
                    _ = try reader.take(4)
                    guard
                        let tuple = try Attribute.split(reader).first(where: { $0.type == ConntrackRequest.original }),
                        let flow = try ConntrackRequest.destination(tuple.value), flow.protocol == 17,
                        ports.contains(where: { $0.contains(flow.port) })
                    else { return nil }
                    return tuple.value.bytes
                }
                guard let tuple else { continue }
                do throws(NetlinkError) {
                    try perform(ConntrackRequest.delete(family.number, tuple: tuple))
                    forgotten += 1
                } catch {
                    // It ended by itself in between.
                    guard error.errno == .noSuchFileOrDirectory else { throw error }
                }
            }
        }
        return forgotten
    }
}
