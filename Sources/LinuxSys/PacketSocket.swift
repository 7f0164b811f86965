internal import CLinux
internal import Glibc

/// A datagram that came in by a packet socket.
public struct LinkDatagram: Sendable {
    /// The bytes from the IP header on.
    public var bytes: [UInt8]
    /// The six bytes of the sender's MAC.
    public var sender: [UInt8]
    /// Whether the sum over its payload has been made: between two links of one host it may be left to the hardware.
    public var isSummed: Bool
}

/// A socket for UDP over IPv4 on one Ethernet link, whether or not the link has an address (packet(7)). It stays in the
/// network namespace that it was opened in, and keeps that alive.
public struct PacketSocket: ~Copyable, Sendable {
    private static let capacity = 2048
    /// What everybody on the link listens to.
    public static let broadcast = [UInt8](repeating: 0xFF, count: 6)

    private let descriptor: OwnedFD
    private let link: Int32

    /// For poll(2).
    public var raw: Int32 { descriptor.raw }

    /// Opens a socket on the link with this index of the calling thread's network; only datagrams to `port` come in.
    public init(link: Int32, port: UInt16) throws(Errno) {
        descriptor = OwnedFD(adopting: try syscall { clinux_packet_open(link, port) })
        self.link = link
    }

    /// Sends a datagram, from the IP header on, to a MAC of six bytes.
    ///
    /// - Throws: `Errno.networkDown` when the link is down; `Errno.noSuchAddressOrDevice` when it is gone.
    public func send(_ bytes: [UInt8], to mac: [UInt8]) throws(Errno) {
        guard mac.count == 6 else { throw .invalidArgument }
        // SAFETY: the pointers cover six and `bytes.count` bytes.
        _ = try syscall { unsafe clinux_packet_send(raw, link, mac, bytes, bytes.count) }
    }

    /// The next datagram; nil when there is none now.
    public func receive() throws(Errno) -> LinkDatagram? {
        var bytes = [UInt8](repeating: 0, count: Self.capacity)
        var mac = [UInt8](repeating: 0, count: 6)
        var isSummed: Int32 = 1
        do throws(Errno) {
            // SAFETY: at most `capacity` and six bytes are written.
            let count = try syscall { unsafe clinux_packet_receive(raw, &bytes, Self.capacity, &mac, &isSummed) }
            return LinkDatagram(bytes: Array(bytes.prefix(Int(count))), sender: mac, isSummed: isSummed != 0)
        } catch .wouldBlock {
            return nil
        }
    }
}
