internal import CLinux
internal import Glibc

/// A network namespace that is kept by a file, as `ip netns` keeps its own (network_namespaces(7)).
///
/// No thread but one that ends at once ever enters a namespace, so none of a pool can be left in the wrong one.
public struct NetworkNamespace: ~Copyable, Sendable {
    /// Where namespaces are kept for everybody to see, as `ip netns` and Podman do.
    public static let directory = "/run/netns"

    private let descriptor: OwnedFD

    /// The open namespace, for IFLA_NET_NS_FD and setns(2).
    public var raw: Int32 { descriptor.raw }

    /// Opens the namespace kept by the file at `path`, such as `/run/netns/NAME` or `/proc/PID/ns/net`.
    ///
    /// - Throws: `Errno.noSuchFileOrDirectory` when it is gone; `Errno.invalidArgument` when the file is something else.
    public init(path: String) throws(Errno) {
        let file = try OwnedFD.open(path, .read)
        guard clinux_is_network_namespace(file.raw) != 0 else { throw .invalidArgument }
        descriptor = file
    }

    /// Makes a new namespace and keeps it by a file at `path`. Nothing is left behind when it fails.
    ///
    /// The directory becomes a shared mount point of its own, so that every mount namespace of the host sees what is
    /// mounted there. Equivalent to `ip netns add`.
    ///
    /// - Throws: `Errno.fileExists` when `path` is taken; else what unshare(2) or mount(2) says.
    public static func create(at path: String) throws -> NetworkNamespace {
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            let directory = String(path[..<slash])
            try File.makeDirectories(directory, mode: 0o755)
            try syscall { unsafe clinux_make_shared_mount(directory) }
        }
        _ = try OwnedFD.open(path, [.read, .create, .exclusive], mode: 0o444)
        do {
            try ThreadBound.run {
                try syscall { clinux_unshare(clinux_clone_newnet) }
                try syscall {
                    unsafe clinux_mount("/proc/thread-self/ns/net", path, "none", clinux_ms_bind, nil)
                }
            }
            return try NetworkNamespace(path: path)
        } catch {
            // What failed above is the error to report; the next clean-up meets what this one leaves.
            try? remove(at: path)
            throw error
        }
    }

    /// Lets go of the namespace kept at `path`; it ends when no process is in it. One that is gone is success.
    ///
    /// Equivalent to `ip netns delete`.
    public static func remove(at path: String) throws(Errno) {
        do throws(Errno) {
            try syscall { unsafe clinux_detach_mount(path) }
        } catch .noSuchFileOrDirectory {
            return
        } catch .invalidArgument {
            // Not a mount point: the file was made, but its namespace never was.
        }
        try File.remove(path)
    }

    /// Runs `body` on a new thread inside the namespace; the thread ends with it.
    public func run<Success: Sendable>(_ body: @escaping @Sendable () throws -> Success) throws -> Success {
        let raw = descriptor.raw
        // The descriptor outlives the thread: `run` waits for its end.
        return try ThreadBound.run {
            try syscall { clinux_setns(raw, clinux_clone_newnet) }
            return try body()
        }
    }

    /// Moves this thread inside, for good (setns(2)): for a program that has no other thread.
    public func enter() throws(Errno) {
        try syscall { clinux_setns(descriptor.raw, clinux_clone_newnet) }
    }

    /// Opens a netlink socket inside and hands it out: it works on this namespace from any thread.
    public func openSocket(_ family: NetlinkSocket.Family) throws -> NetlinkSocket {
        try run { try NetlinkSocket(family) }
    }
}
