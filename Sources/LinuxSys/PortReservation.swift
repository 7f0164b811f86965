internal import CLinux
internal import Glibc

/// A host port that nobody else can bind as long as its descriptor is open.
public struct PortReservation: ~Copyable, Sendable {
    /// Transport protocols that have ports (`IPPROTO_*`).
    public enum Transport: Int32, Sendable {
        /// RFC 9293.
        case tcp = 6
        /// RFC 768.
        case udp = 17
        /// RFC 9260.
        case sctp = 132
    }

    /// The port that was bound.
    public let port: UInt16
    private let descriptor: OwnedFD

    /// Binds `port` (0: any free one) at the address of four or sixteen bytes in network order; TCP and SCTP listen.
    ///
    /// - Throws: what bind(2) says, `Errno.addressInUse` above all; `Errno.protocolNotSupported` when the kernel has
    ///   no SCTP.
    public init(_ transport: Transport, address: [UInt8], port: UInt16, reuseAddress: Bool = false) throws(Errno) {
        guard address.count == 4 || address.count == 16 else { throw .invalidArgument }
        var bound = port
        // SAFETY: the address pointer covers `address.count` bytes and `bound` is written before the call returns.
        let raw = try syscall {
            unsafe address.withUnsafeBufferPointer { buffer in
                unsafe clinux_reserve_port(
                    transport.rawValue, buffer.baseAddress.unsafelyUnwrapped, buffer.count, reuseAddress ? 1 : 0,
                    &bound)
            }
        }
        self.port = bound
        descriptor = OwnedFD(adopting: raw)
    }

    /// Gives the open socket away; the port is held until its last copy is closed.
    public consuming func release() -> OwnedFD {
        descriptor
    }
}
