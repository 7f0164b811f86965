import Testing
import WirePrimitives

@testable import DHCPService

let mac = MACAddress(locallyAdministered: 0x0242_0A00_0001)

/// A server's message, option by option.
func reply(
    _ kind: DHCPReply.Kind, transaction: UInt32, address: [UInt8] = [192, 168, 50, 10], mac: MACAddress = mac,
    _ options: [[UInt8]] = [
        [1, 4, 255, 255, 255, 0], [3, 4, 192, 168, 50, 1], [6, 8, 192, 168, 50, 2, 9, 9, 9, 9], [15, 3, 108, 97, 110],
        [51, 4, 0, 0, 0, 120],
    ], server: [UInt8] = [192, 168, 50, 1]
) -> [UInt8] {
    var bytes: [UInt8] = [2, 1, 6, 0] + IPv4Address(rawValue: transaction).bytes + [0, 0, 0, 0, 0, 0, 0, 0] + address
    bytes += [0, 0, 0, 0, 0, 0, 0, 0] + mac.bytes + [UInt8](repeating: 0, count: 202)
    return bytes + DHCPReply.cookie + [53, 1, kind.rawValue, 54, 4] + server + options.flatMap { $0 } + [255]
}

/// DHCP's messages, byte by byte (RFC 2131, RFC 2132).
@Suite struct MessageTests {
    @Test func `a request is laid out as RFC 2131 has it`() {
        var request = DHCPRequest(.request, transaction: 0x0102_0304, mac: mac)
        request.requested = IPv4Address("192.168.50.10")
        request.server = IPv4Address("192.168.50.1")
        request.hostName = "web"
        let bytes = request.bytes
        #expect(bytes.count == 300)
        #expect(bytes[..<12] == [1, 1, 6, 0, 1, 2, 3, 4, 0, 0, 0, 0])
        #expect(Array(bytes[28..<34]) == mac.bytes)
        #expect(bytes[34..<236].allSatisfy { $0 == 0 })
        let options: [UInt8] =
            [99, 130, 83, 99, 53, 1, 3, 61, 7, 1] + mac.bytes + [
                50, 4, 192, 168, 50, 10, 54, 4, 192, 168, 50, 1, 12, 3,
            ]
            + Array("web".utf8) + [55, 7, 1, 3, 6, 15, 51, 58, 59, 255]
        #expect(Array(bytes[236..<236 + options.count]) == options)
    }

    @Test func `a lease is read`() throws {
        let lease = try #require(DHCPReply(reply(.acknowledgement, transaction: 7))?.lease)
        #expect("\(lease.address)" == "192.168.50.10/24")
        #expect(lease.router == IPv4Address("192.168.50.1"))
        #expect(lease.nameServers.map(\.description) == ["192.168.50.2", "9.9.9.9"])
        #expect(lease.domain == "lan")
        #expect(lease.seconds == 120 && lease.renewal == 60 && lease.rebinding == 105)
    }

    @Test(
        arguments: [
            [[1, 4, 255, 255, 255, 0]], [[51, 4, 0, 0, 0, 9]], [[1, 4, 255, 0, 255, 0], [51, 4, 0, 0, 0, 9]],
            [[1, 4, 0, 0, 0, 0], [51, 4, 0, 0, 0, 9]], [[1, 4, 255, 255, 255, 255], [51, 4, 0, 0, 0, 9]],
            [[1, 4, 255, 255, 255, 0], [51, 4, 0, 0, 0, 0]], [[1, 3, 255, 255, 255], [51, 4, 0, 0, 0, 9]],
            [[1, 4, 255, 255, 255, 0], [51, 200, 0, 0, 0, 9]],
        ] as [[[UInt8]]])
    func `an offer that no host could use is none`(options: [[UInt8]]) {
        #expect(DHCPReply(reply(.offer, transaction: 1, options)) == nil)
    }

    @Test(
        arguments: [
            [0, 0, 0, 0], [127, 0, 0, 1], [224, 0, 0, 1], [255, 255, 255, 255], [192, 168, 50, 0], [192, 168, 50, 255],
        ] as [[UInt8]])
    func `an address that no host can have is no offer`(address: [UInt8]) {
        #expect(DHCPReply(reply(.offer, transaction: 1, address: address)) == nil)
    }

    @Test func `a router elsewhere, a domain with spaces and renewals without end are passed over`() throws {
        let options: [[UInt8]] = [
            [1, 4, 255, 255, 255, 0], [51, 4, 0, 0, 0, 1], [3, 4, 10, 0, 0, 1], [15, 9] + Array("lan\nx a b".utf8),
            [58, 4, 0, 0, 0, 0], [59, 4, 255, 255, 255, 255],
        ]
        let lease = try #require(DHCPReply(reply(.acknowledgement, transaction: 1, options))?.lease)
        #expect(lease.router == nil && lease.domain == nil)
        #expect(lease.seconds == 4 && lease.renewal == 1 && lease.rebinding == 4)
    }

    @Test func `every beginning of a message, and every message with one byte changed, is read without harm`() {
        let whole = reply(.acknowledgement, transaction: 1)
        for count in 0..<whole.count { _ = DHCPReply(Array(whole[..<count])) }
        for index in whole.indices {
            var changed = whole
            changed[index] = 255
            _ = DHCPReply(changed)
        }
    }

    @Test func `options in the other fields count, too`() throws {
        var bytes = reply(
            .acknowledgement, transaction: 1, [[52, 1, 3], [1, 4, 255, 255, 255, 0]])
        bytes.replaceSubrange(108..<115, with: [51, 4, 0, 0, 0, 99, 255])
        bytes.replaceSubrange(44..<51, with: [3, 4, 192, 168, 50, 3, 255])
        let lease = try #require(DHCPReply(bytes)?.lease)
        #expect(lease.seconds == 99 && lease.router == IPv4Address("192.168.50.3"))
    }

    @Test func `a datagram is read from the bytes that a server sends, and a damaged one is not`() throws {
        let request = DHCPRequest(.discover, transaction: 5, mac: mac).bytes
        var datagram = UDPDatagram.wrap(request, from: .any, to: IPv4Address(rawValue: .max))
        #expect(datagram[..<4] == [0x45, 0, 1, 72])
        // As if it came back: the ports change places, which changes no sum.
        (datagram[20], datagram[21], datagram[22], datagram[23]) = (
            datagram[22], datagram[23], datagram[20], datagram[21]
        )
        #expect(UDPDatagram.unwrap(datagram, isSummed: true) == request)
        #expect(UDPDatagram.unwrap(datagram + [0, 0, 0], isSummed: true) == request)
        for index in 0..<60 {
            var damaged = datagram
            damaged[index] ^= 0x10
            #expect(UDPDatagram.unwrap(damaged, isSummed: true) == nil, "byte \(index)")
        }
        datagram[100] ^= 1
        #expect(UDPDatagram.unwrap(datagram, isSummed: false) != nil)
        for count in 0..<datagram.count {
            #expect(UDPDatagram.unwrap(Array(datagram[..<count]), isSummed: false) == nil)
        }
    }
}
