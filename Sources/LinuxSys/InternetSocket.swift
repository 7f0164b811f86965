internal import CLinux
internal import Glibc

/// An address and a port, as the kernel knows a peer by.
public struct InternetPeer: Hashable, Sendable {
    /// 4 or 16 bytes in network order.
    public var address: [UInt8]
    /// The port.
    public var port: UInt16

    /// A peer.
    public init(address: [UInt8], port: UInt16) {
        self.address = address
        self.port = port
    }

    fileprivate var family: Int32 { address.count == 4 ? 4 : 6 }

    fileprivate init(_ datagram: clinux_datagram) {
        let count = datagram.family == 4 ? 4 : 16
        // SAFETY: the tuple has 16 bytes.
        address = unsafe withUnsafeBytes(of: datagram.address) { unsafe Array($0.prefix(count)) }
        port = datagram.port
    }
}

/// What kind of conversation a socket is for.
public enum InternetTransport: Hashable, Sendable {
    /// UDP.
    case datagram
    /// TCP.
    case stream
}

extension OwnedFD {
    /// A bound socket that never waits; a stream's listens (socket(2), bind(2), listen(2)).
    ///
    /// - Throws: `Errno.addressInUse`, `Errno.addressNotAvailable` and what else bind(2) says.
    public static func bound(_ transport: InternetTransport, to peer: InternetPeer) throws(Errno) -> OwnedFD {
        // SAFETY: the array has as many bytes as its family's address.
        OwnedFD(
            adopting: try syscall {
                unsafe clinux_bind_inet(transport == .stream ? 1 : 0, peer.family, peer.address, peer.port)
            })
    }

    /// A connected socket that never waits, from a random port of the kernel's choice; a stream may not be connected
    /// yet (connect(2)).
    public static func connected(_ transport: InternetTransport, to peer: InternetPeer) throws(Errno) -> OwnedFD {
        // SAFETY: as above.
        OwnedFD(
            adopting: try syscall {
                unsafe clinux_connect_inet(transport == .stream ? 1 : 0, peer.family, peer.address, peer.port)
            })
    }

    /// The next connection to a listening socket, and who it is from; nil when there is none now (accept4(2)).
    public func acceptConnection() throws(Errno) -> (descriptor: Int32, peer: InternetPeer)? {
        var peer = clinux_datagram()
        do throws(Errno) {
            // SAFETY: accept fills in the peer before it returns a descriptor.
            let accepted = try syscall { unsafe clinux_accept_inet(raw, &peer) }
            return (accepted, InternetPeer(peer))
        } catch .wouldBlock {
            return nil
        }
    }

    /// Receives what there is, at most `count` bytes (recv(2)); nil when there is nothing now, empty at the end.
    public func receive(upTo count: Int) throws(Errno) -> [UInt8]? {
        var failure: Errno?
        let raw = raw
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(Errno) {
                guard let base = buffer.baseAddress else { return }
                // SAFETY: recv writes at most `count` bytes into a buffer of that capacity.
                filled = try syscall { unsafe clinux_receive(raw, base, count) }
            } catch {
                failure = error
                filled = 0
            }
        }
        if failure == .wouldBlock { return nil }
        if let failure { throw failure }
        return bytes
    }

    /// Sends what there is room for, without waiting and without SIGPIPE (send(2)): how many bytes went.
    public func send(some bytes: ArraySlice<UInt8>) throws(Errno) -> Int {
        let raw = raw
        do throws(Errno) {
            // SAFETY: the pointer and the count are the slice's own.
            return try syscall {
                unsafe bytes.withUnsafeBytes {
                    guard let base = $0.baseAddress else { return 0 }
                    return unsafe clinux_send(raw, base, $0.count)
                }
            }
        } catch .wouldBlock {
            return 0
        }
    }
}

/// Room for many datagrams, which are received and sent with one system call (recvmmsg(2), sendmmsg(2)).
///
/// One value serves every socket of a thread; nothing is allocated while it is used.
public struct DatagramBatch {
    /// Datagrams a call.
    public static let capacity = 64
    /// The longest datagram; a longer one is cut.
    private static let size = 4096
    private var buffer = [UInt8](repeating: 0, count: capacity * size)
    private var received = [clinux_datagram](repeating: clinux_datagram(), count: capacity)
    private var answers: [UInt8] = []
    private var receivers: [clinux_datagram] = []

    /// An empty batch.
    public init() { answers.reserveCapacity(Self.capacity * 512) }

    /// Receives what waits at a socket.
    ///
    /// - Returns: how many datagrams came; 0 for none.
    public mutating func receive(from socket: borrowing OwnedFD) throws(Errno) -> Int {
        let raw = socket.raw
        // SAFETY: both arrays have room for `capacity` datagrams of `size` bytes.
        return Int(
            try syscall {
                unsafe clinux_receive_batch(raw, &buffer, UInt32(Self.size), &received, Int32(Self.capacity))
            })
    }

    /// The bytes of the datagram that came `index`-th.
    public func bytes(_ index: Int) -> ArraySlice<UInt8> {
        let start = Int(received[index].offset)
        return buffer[start..<start + Int(received[index].length)]
    }

    /// Who sent it.
    public func sender(_ index: Int) -> InternetPeer { InternetPeer(received[index]) }

    /// Puts an answer to the sender of a datagram among those that `send` sends.
    public mutating func answer(_ index: Int, _ bytes: [UInt8]) {
        var receiver = received[index]
        receiver.offset = UInt32(answers.count)
        receiver.length = UInt32(bytes.count)
        receivers.append(receiver)
        answers += bytes
    }

    /// Sends the answers. What a full socket does not take is dropped, as the network may.
    public mutating func send(to socket: borrowing OwnedFD) {
        guard !receivers.isEmpty else { return }
        let raw = socket.raw
        // SAFETY: every receiver's offset and length lie within `answers`.
        unsafe clinux_send_batch(raw, answers, receivers, Int32(receivers.count))
        answers.removeAll(keepingCapacity: true)
        receivers.removeAll(keepingCapacity: true)
    }

    /// Sends one datagram.
    public static func send(_ bytes: [UInt8], to peer: InternetPeer, from socket: borrowing OwnedFD) {
        var receiver = clinux_datagram()
        receiver.length = UInt32(bytes.count)
        receiver.port = peer.port
        receiver.family = UInt8(peer.family)
        unsafe withUnsafeMutableBytes(of: &receiver.address) { unsafe $0.copyBytes(from: peer.address.prefix(16)) }
        let raw = socket.raw
        // SAFETY: the one receiver describes the whole of `bytes`.
        unsafe clinux_send_batch(raw, bytes, &receiver, 1)
    }
}
