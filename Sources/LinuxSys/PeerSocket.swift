internal import CLinux
internal import Glibc

/// A connection to a process of this host that keeps the messages' bounds (unix(7), `SOCK_SEQPACKET`).
public struct PeerSocket: ~Copyable, Sendable {
    private let descriptor: OwnedFD

    /// For poll(2).
    public var raw: Int32 { descriptor.raw }

    /// Connects to the socket `name` in `directory`.
    ///
    /// A socket's address has 108 bytes; the directory goes in as `/proc/self/fd/N`, so that its own path may have
    /// any length.
    ///
    /// - Throws: `Errno.connectionRefused` when nobody listens; `Errno.noSuchFileOrDirectory` when it is not there.
    public init(directory: String, name: String) throws(Errno) {
        let parent = try OwnedFD.open(directory, .directory)
        let path = "/proc/self/fd/\(parent.raw)/\(name)"
        descriptor = OwnedFD(
            adopting: try syscall { unsafe clinux_unix_connect(Int32(SOCK_SEQPACKET.rawValue), path) })
    }

    fileprivate init(adopting descriptor: consuming OwnedFD) {
        self.descriptor = descriptor
    }

    /// Sends the beginning of `bytes` as one message, without waiting and without SIGPIPE.
    ///
    /// - Returns: how much was sent; 0 when the peer has no room now.
    /// - Throws: `Errno.brokenPipe` or `Errno.connectionReset` when the peer has closed.
    public func send(_ bytes: ArraySlice<UInt8>) throws(Errno) -> Int { try descriptor.send(some: bytes) }

    /// Receives one message of at most `limit` bytes, without waiting.
    ///
    /// - Returns: the message; empty when the peer has closed, also by a reset; nil when there is none now.
    public func receive(limit: Int) throws(Errno) -> [UInt8]? {
        do throws(Errno) { return try descriptor.receive(upTo: limit) } catch .connectionReset { return [] }
    }

    /// Says that nothing more will be sent (shutdown(2), `SHUT_WR`).
    public func shutdownWrite() throws(Errno) {
        do throws(Errno) {
            try syscall { shutdown(raw, Int32(SHUT_WR)) }
        } catch .socketNotConnected {
            // The peer closed first.
        }
    }
}

/// Two connected sockets, one of which a child is to have (socketpair(2), `SOCK_SEQPACKET`).
public struct PeerSocketPair: ~Copyable, Sendable {
    /// This process's end.
    public let ours: PeerSocket
    /// The child's end, close-on-exec like every descriptor.
    public let theirs: OwnedFD

    /// Makes a pair.
    public init() throws(Errno) {
        var ends: [Int32] = [-1, -1]
        // SAFETY: socketpair writes the two numbers that the array has room for.
        try syscall {
            unsafe ends.withUnsafeMutableBufferPointer {
                unsafe socketpair(
                    AF_UNIX, Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue), 0,
                    $0.baseAddress.unsafelyUnwrapped)
            }
        }
        ours = PeerSocket(adopting: OwnedFD(adopting: ends[0]))
        theirs = OwnedFD(adopting: ends[1])
    }

    /// Closes the child's end here, once the child has it.
    public consuming func closingTheirs() -> PeerSocket { ours }

    /// In a child that is a copy of this process: closes the other end.
    public consuming func keepingTheirs() -> OwnedFD { theirs }
}

extension Pipe {
    /// Closes the end to write to, once a child has it.
    public consuming func keepingReadEnd() -> OwnedFD { readEnd }
}

extension StandardStream {
    /// Reads once from descriptor 0 or another that nobody closes; empty at the end (read(2)).
    public static func read(_ descriptor: Int32, upTo count: Int) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(Errno) {
                // SAFETY: read writes at most `count` bytes into a buffer of that capacity.
                filled = try syscall { unsafe Glibc.read(descriptor, buffer.baseAddress, count) }
            } catch {
                failure = error
                filled = 0
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes once, as much as there is room for (write(2)): how much was written.
    public static func writeSome(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) throws(Errno) -> Int {
        // SAFETY: the pointer and the count are the slice's own.
        try syscall { unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) } }
    }
}
