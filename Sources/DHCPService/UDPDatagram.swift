public import WirePrimitives

/// DHCP's messages as IPv4 datagrams: a client that has no address yet makes and reads them itself.
public enum UDPDatagram {
    /// Where servers listen.
    static let serverPort: UInt16 = 67
    /// Where clients listen.
    static let clientPort: UInt16 = 68
    private static let protocolNumber: UInt8 = 17

    /// A message from a client to a server (RFC 791, RFC 768).
    public static func wrap(_ payload: [UInt8], from source: IPv4Address, to destination: IPv4Address) -> [UInt8] {
        var udp = ByteWriter()
        udp.bigEndian16(clientPort)
        udp.bigEndian16(serverPort)
        udp.bigEndian16(UInt16(truncatingIfNeeded: payload.count + 8))
        udp.bigEndian16(0)
        udp.append(payload)
        var segment = udp.bytes
        let sum = checksum(pseudoHeader(source, destination, segment.count) + segment)
        // A sum of 0 is written as its other form: 0 stands for none.
        put(sum == 0 ? 0xFFFF : sum, in: &segment, at: 6)
        var ip = ByteWriter()
        ip.append([0x45, 0])
        ip.bigEndian16(UInt16(truncatingIfNeeded: segment.count + 20))
        // No fragment; 64 hops.
        ip.append([0, 0, 0x40, 0, 64, protocolNumber, 0, 0])
        ip.append(source.bytes + destination.bytes)
        var header = ip.bytes
        put(checksum(header), in: &header, at: 10)
        return header + segment
    }

    /// The message of a datagram from a server to a client; nil when it is none, or damaged.
    ///
    /// - Parameters:
    ///   - datagram: the bytes from the IP header on.
    ///   - isSummed: whether the sum over the message has been made: on its way between two links of one host, a
    ///     datagram has none yet.
    /// - Returns: the message.
    public static func unwrap(_ datagram: [UInt8], isSummed: Bool) -> [UInt8]? {
        guard datagram.count >= 28, datagram[0] >> 4 == 4, datagram[9] == protocolNumber else { return nil }
        let headerLength = Int(datagram[0] & 15) * 4
        let length = Int(number(datagram, 2))
        // Neither a fragment nor cut; what is behind it is padding of the frame.
        guard headerLength >= 20, length <= datagram.count, length >= headerLength + 8,
            number(datagram, 6) & 0x3FFF == 0, checksum(Array(datagram[..<headerLength])) == 0
        else { return nil }
        let segment = Array(datagram[headerLength..<length])
        let segmentLength = Int(number(segment, 4))
        guard (8...segment.count).contains(segmentLength), number(segment, 0) == serverPort,
            number(segment, 2) == clientPort
        else { return nil }
        let udp = Array(segment[..<segmentLength])
        if isSummed && number(udp, 6) != 0 {
            guard let source = IPv4Address(bytes: datagram[12..<16]),
                let destination = IPv4Address(bytes: datagram[16..<20]),
                checksum(pseudoHeader(source, destination, udp.count) + udp) == 0
            else { return nil }
        }
        return Array(udp[8...])
    }

    private static func pseudoHeader(_ source: IPv4Address, _ destination: IPv4Address, _ count: Int) -> [UInt8] {
        source.bytes + destination.bytes + [
            0, protocolNumber, UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count),
        ]
    }

    /// The Internet checksum (RFC 1071); over bytes that hold their own it is 0.
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += UInt32(bytes[index]) << 8 | (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
        }
        while sum >> 16 != 0 { sum = sum & 0xFFFF + sum >> 16 }
        return ~UInt16(truncatingIfNeeded: sum)
    }

    private static func number(_ bytes: [UInt8], _ offset: Int) -> UInt16 {
        UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
    }

    private static func put(_ value: UInt16, in bytes: inout [UInt8], at offset: Int) {
        bytes[offset] = UInt8(value >> 8)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: value)
    }
}
