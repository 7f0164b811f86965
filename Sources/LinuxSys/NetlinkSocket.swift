internal import CLinux
internal import Glibc

/// One datagram that a netlink socket received.
public struct NetlinkDatagram: Sendable {
    /// The bytes, one or more netlink messages.
    public var bytes: [UInt8]
    /// Port id of whoever sent it; the kernel's is 0.
    public var sender: UInt32
    /// Whether it was longer than what was read.
    public var isTruncated: Bool

    /// A datagram as the kernel would hand it over.
    public init(bytes: [UInt8], sender: UInt32, isTruncated: Bool) {
        self.bytes = bytes
        self.sender = sender
        self.isTruncated = isTruncated
    }
}

/// A netlink(7) socket. It stays in the network namespace it was opened in, whoever uses it.
public final class NetlinkSocket: Sendable {
    /// Netlink families (`NETLINK_*` in linux/netlink.h).
    public enum Family: Int32, Sendable {
        /// Links, addresses, routes, neighbours: rtnetlink(7).
        case route = 0
        /// Connection tracking and nf_tables.
        case netfilter = 12
    }

    /// The port id that the kernel gave this socket; its answers carry it.
    public let portID: UInt32
    private let descriptor: OwnedFD

    /// Longer than any datagram the kernel makes: dumps are cut at 32 KiB (`netlink_dump` in af_netlink.c).
    private static let capacity = 65536

    /// Opens a socket in the calling thread's network namespace.
    public init(_ family: Family) throws(Errno) {
        var port: UInt32 = 0
        // SAFETY: `port` is written before the call returns.
        let raw = try syscall { unsafe clinux_netlink_open(family.rawValue, &port) }
        portID = port
        descriptor = OwnedFD(adopting: raw)
    }

    /// Sends one datagram to the kernel.
    public func send(_ bytes: [UInt8]) throws(Errno) {
        let raw = descriptor.raw
        // SAFETY: the pointer and count are those of `bytes`, which lives through the call; an empty array's nil
        // pointer is never passed.
        try syscall {
            unsafe bytes.withUnsafeBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return Int32(0) }
                return unsafe clinux_netlink_send(raw, base, buffer.count)
            }
        }
    }

    /// Sends one datagram to the kernel from a process of its own, which has this socket, too, or sends nothing.
    ///
    /// What a datagram does is seen by all long before the kernel has cleaned up and lets the sender go on; and what was
    /// removed through a socket is waited for by whoever closes it last. Here the process waits for both.
    ///
    /// - Returns: what keeps the process from ending when it has sent.
    public func elsewhere(_ bytes: [UInt8] = []) throws(Errno) -> OwnedFD {
        let raw = descriptor.raw
        // SAFETY: pointer and count are those of `bytes`, which lives until the process has its own copy of them.
        return OwnedFD(
            adopting: try syscall {
                unsafe bytes.withUnsafeBufferPointer { unsafe clinux_netlink_elsewhere(raw, $0.baseAddress, $0.count) }
            })
    }

    /// Waits for the next datagram.
    ///
    /// - Throws: `Errno.noBufferSpace` when the kernel had to drop an answer.
    public func receive() throws(Errno) -> NetlinkDatagram {
        var sender: UInt32 = 0
        var truncated: Int32 = 0
        var failure: Errno?
        let raw = descriptor.raw
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.capacity) { buffer, filled in
            do throws(Errno) {
                // SAFETY: at most `capacity` bytes are written into a buffer of that capacity.
                filled = try syscall {
                    guard let base = buffer.baseAddress else { return 0 }
                    return unsafe clinux_netlink_receive(raw, base, Self.capacity, &sender, &truncated)
                }
            } catch {
                failure = error
                filled = 0
            }
        }
        if let failure { throw failure }
        return NetlinkDatagram(bytes: bytes, sender: sender, isTruncated: truncated != 0)
    }
}
