internal import CLinux
internal import Glibc

/// What happened at a descriptor.
public struct Readiness: OptionSet, Hashable, Sendable {
    /// The bits of `clinux_epoll_wait`.
    public let rawValue: Int32
    /// Takes the bits.
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// There is something to read, or a connection to accept.
    public static let readable = Readiness(rawValue: 1)
    /// There is room to write.
    public static let writable = Readiness(rawValue: 2)
    /// The peer has closed, or an error waits.
    public static let closed = Readiness(rawValue: 4)
}

/// Waits for many descriptors at once (epoll(7)). A descriptor that is closed is waited for no more.
public struct EventQueue: ~Copyable {
    private let descriptor: OwnedFD
    private var descriptors = [Int32](repeating: 0, count: 64)
    private var events = [Int32](repeating: 0, count: 64)

    /// Makes a queue that waits for nothing.
    public init() throws(Errno) {
        descriptor = OwnedFD(adopting: try syscall { clinux_epoll_create() })
    }

    /// Waits for `what` at a descriptor from now on.
    public func add(_ raw: Int32, _ what: Readiness) throws(Errno) {
        try syscall { clinux_epoll_set(descriptor.raw, raw, what.rawValue, 1) }
    }

    /// Waits for something else at a descriptor that was added.
    public func change(_ raw: Int32, _ what: Readiness) throws(Errno) {
        try syscall { clinux_epoll_set(descriptor.raw, raw, what.rawValue, 0) }
    }

    /// Waits until something happens, at most so many milliseconds; for ever if -1.
    public mutating func wait(milliseconds: Int32) throws(Errno) -> [(descriptor: Int32, what: Readiness)] {
        let raw = descriptor.raw
        // SAFETY: both arrays have room for 64 entries.
        let count = try syscall { unsafe clinux_epoll_wait(raw, &descriptors, &events, 64, milliseconds) }
        return (0..<Int(count)).map { (descriptors[$0], Readiness(rawValue: events[$0])) }
    }
}

/// A socket of this host at which other processes of root's may ask (unix(7), `SOCK_SEQPACKET`).
public struct ControlSocket: ~Copyable {
    private let descriptor: OwnedFD

    /// For the event queue.
    public var raw: Int32 { descriptor.raw }

    /// Takes over a socket that listens already, such as one that a parent process gave.
    public init(adopting descriptor: consuming OwnedFD) {
        self.descriptor = descriptor
    }

    /// Listens as `name` in `directory`; what was there before goes.
    public init(directory: borrowing OwnedFD, name: String) throws(Errno) {
        // A socket's address has 108 bytes, whatever the directory's own path.
        let path = "/proc/self/fd/\(directory.raw)/\(name)"
        do throws(Errno) { try File.remove(path) } catch .noSuchFileOrDirectory {}
        descriptor = OwnedFD(adopting: try syscall { unsafe clinux_unix_listen(path) })
    }

    /// The next asker, if there is one; nobody but root is let in.
    public func accept() throws(Errno) -> OwnedFD? {
        let accepted: OwnedFD
        do throws(Errno) {
            accepted = OwnedFD(adopting: try syscall { clinux_unix_accept(descriptor.raw) })
        } catch .wouldBlock {
            return nil
        }
        guard clinux_peer_uid(accepted.raw) == 0 else { return nil }
        return accepted
    }
}

/// A second process that is a copy of this one, which must have one thread (fork(2)).
public enum Twin {
    /// In which of the two the caller finds itself.
    public enum Side: Hashable, Sendable {
        /// In the one that was there, whose child the other is.
        case original(ChildProcess)
        /// In the new one.
        case copy
    }

    /// Makes the copy.
    public static func make() throws(Errno) -> Side {
        let pid = try syscall { clinux_fork() }
        return pid == 0 ? .copy : .original(ChildProcess(pid: pid))
    }
}

/// What this process may do.
public enum Privileges {
    /// `nobody` and `nogroup`.
    private static let nobody: UInt32 = 65534

    /// Becomes nobody, for good, who may bind low ports and nothing else (capabilities(7)).
    public static func keepOnlyBinding() throws(Errno) {
        try syscall { clinux_keep_only(Int32(clinux_cap_net_bind_service), nobody, nobody) }
    }

    /// Becomes nobody, for good, who may change networks that its sockets are open in and nothing else.
    public static func keepOnlyNetworkAdministration() throws(Errno) {
        try syscall { clinux_keep_only(Int32(clinux_cap_net_admin), nobody, nobody) }
    }
}
