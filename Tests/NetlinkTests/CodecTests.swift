import LinuxSys
import Netlink
import Testing
import WirePrimitives

/// The bytes of each request on a little-endian machine, one field or attribute a line.
@Suite(.enabled(if: UInt16(1).littleEndian == 1)) struct CodecTests {
    func hex(_ request: Request) -> [String] {
        let transport = ScriptedTransport([Answer.datagram(Answer.acknowledgement(0, sequence: 1))])
        // The kernel's answer does not matter here.
        try? Session(transport).perform(request)
        return transport.sent.map { $0.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
    }

    func lines(_ text: String) -> [String] {
        [text.split(separator: "\n").map { $0.prefix { $0 != "#" }.filter { $0 != " " } }.joined()]
    }

    @Test func `set up by name`() {
        #expect(
            hex(LinkRequest.setUp(.eth0))
                == lines(
                    """
                    2c000000 1300 0500 01000000 67120000  # length, RTM_SETLINK, REQUEST|ACK, sequence, port
                    00 00 0000 00000000 01000000 01000000 # any family, index 0, IFF_UP, change IFF_UP
                    0900 0300 65746830 00 000000          # IFLA_IFNAME eth0, padded
                    """))
    }

    @Test func `a bridge`() throws {
        let name = try #require(InterfaceName("podman0"))
        #expect(
            hex(LinkRequest.createBridge(name, address: MACAddress("02:00:00:00:00:01"), mtu: 1400))
                == lines(
                    """
                    50000000 1000 0506 01000000 67120000  # RTM_NEWLINK, REQUEST|ACK|EXCL|CREATE
                    00 00 0000 00000000 00000000 00000000
                    0c00 0300 706f646d616e3000            # IFLA_IFNAME
                    0a00 0100 020000000001 0000           # IFLA_ADDRESS, padded
                    0800 0400 78050000                    # IFLA_MTU
                    1000 1280                             # IFLA_LINKINFO, nested
                      0b00 0100 62726964676500 00         # IFLA_INFO_KIND bridge
                    """))
    }

    @Test func `a pair with its other end in another namespace`() {
        var pair = LinkRequest.Pair(name: .veth(0), peerName: .eth0, peerNamespace: 5)
        pair.address = MACAddress("02:00:00:00:00:01")
        pair.master = 2
        pair.peerAddress = MACAddress("02:00:00:00:00:02")
        #expect(
            hex(LinkRequest.createPair(pair))
                == lines(
                    """
                    88000000 1000 0506 01000000 67120000
                    00 00 0000 00000000 00000000 00000000
                    0a00 0300 766574683000 0000           # IFLA_IFNAME veth0
                    0a00 0100 020000000001 0000           # IFLA_ADDRESS
                    0800 0a00 02000000                    # IFLA_MASTER
                    4800 1280                             # IFLA_LINKINFO
                      0900 0100 7665746800 000000         # IFLA_INFO_KIND veth
                      3800 0280                           # IFLA_INFO_DATA
                        3400 0180                         # VETH_INFO_PEER
                          00 00 0000 00000000 00000000 00000000
                          0900 0300 6574683000 000000     # IFLA_IFNAME eth0
                          0a00 0100 020000000002 0000     # IFLA_ADDRESS
                          0800 1c00 05000000              # IFLA_NET_NS_FD
                    """))
    }

    @Test func `hairpin on a bridge port`() {
        #expect(
            hex(LinkRequest.setHairpin(3, true))
                == lines(
                    """
                    2c000000 1300 0500 01000000 67120000
                    07 00 0000 03000000 00000000 00000000 # AF_BRIDGE, index 3
                    0c00 0c80                             # IFLA_PROTINFO
                      0500 0400 01 000000                 # IFLA_BRPORT_MODE
                    """))
    }

    @Test func `an IPv4 address with its broadcast address`() throws {
        #expect(
            hex(AddressRequest.add(try #require(InterfaceAddress("10.88.0.1/16")), to: 2))
                == lines(
                    """
                    30000000 1400 0506 01000000 67120000  # RTM_NEWADDR
                    02 10 00 00 02000000                  # AF_INET, /16, no flags, global, index 2
                    0800 0200 0a580001                    # IFA_LOCAL
                    0800 0100 0a580001                    # IFA_ADDRESS
                    0800 0400 0a58ffff                    # IFA_BROADCAST
                    """))
    }

    @Test func `a default route`() throws {
        #expect(
            hex(RouteRequest.add(gateway: try #require(IPAddress("10.88.0.1")), link: 2, metric: 100))
                == lines(
                    """
                    34000000 1800 0504 01000000 67120000  # RTM_NEWROUTE, REQUEST|ACK|CREATE
                    02 00 00 00 fe 04 00 01 00000000      # AF_INET, /0, main table, static, universe, unicast
                    0800 0500 0a580001                    # RTA_GATEWAY
                    0800 0400 02000000                    # RTA_OIF
                    0800 0600 64000000                    # RTA_PRIORITY
                    """))
    }

    @Test func `deletion by index`() {
        #expect(
            hex(LinkRequest.delete(index: 9))
                == lines(
                    """
                    20000000 1100 0500 01000000 67120000
                    00 00 0000 09000000 00000000 00000000
                    """))
    }

    @Test func `a macvlan`() {
        #expect(
            hex(LinkRequest.createUpper(.eth0, .macvlan(.bridge, broadcastLimit: nil), parent: 2, namespace: 5))
                == lines(
                    """
                    58000000 1000 0506 01000000 67120000
                    00 00 0000 00000000 00000000 00000000
                    0900 0300 6574683000 000000
                    0800 0500 02000000                    # IFLA_LINK
                    0800 1c00 05000000                    # IFLA_NET_NS_FD
                    1c00 1280
                      0c00 0100 6d6163766c616e00          # macvlan
                      0c00 0280
                        0800 0100 04000000                # IFLA_MACVLAN_MODE bridge
                    """))
    }

    @Test func `attributes that lie about their length are refused`() throws {
        for bytes in [[3, 0, 1, 0], [9, 0, 1, 0, 1, 2, 3, 4], [0, 0, 0, 0]] as [[UInt8]] {
            #expect(throws: ByteError.self) { try Attribute.split(ByteReader(bytes)) }
        }
        let good = try Attribute.split(ByteReader([5, 0, 1, 0x80, 7, 0, 0, 0, 6, 0, 2, 0, 1, 2]))
        #expect(good.map(\.type) == [1, 2])
        #expect(good[1].value.bytes == [1, 2])
    }
}
