internal import LinuxSys
public import Netlink

/// Where a plan's steps happen: the host's network and one container's.
public final class NetworkContext {
    /// The host's side.
    public let host: Session
    /// The host's kernel settings.
    public let hostSysctls: any SysctlAccess
    /// The container's side; nil when its namespace is gone, so that only the host's side can be undone.
    public let container: Container?

    /// A container's namespace, open.
    public struct Container {
        /// Netlink inside.
        public var session: Session
        /// Kernel settings inside.
        public var sysctls: any SysctlAccess
        /// The namespace's descriptor, for IFLA_NET_NS_FD.
        public var descriptor: Int32

        /// A container's side over any transport.
        public init(session: Session, sysctls: any SysctlAccess, descriptor: Int32) {
            self.session = session
            self.sysctls = sysctls
            self.descriptor = descriptor
        }
    }

    /// What keeps `container.descriptor` open.
    private let namespace: OpenNamespace?

    /// A namespace that an object can hold; it is closed with its last holder.
    private final class OpenNamespace {
        let value: NetworkNamespace

        init(path: String) throws(Errno) { value = try NetworkNamespace(path: path) }
    }

    /// A context over any transports.
    public init(host: Session, hostSysctls: any SysctlAccess, container: Container?) {
        self.host = host
        self.hostSysctls = hostSysctls
        self.container = container
        namespace = nil
    }

    /// The calling thread's network as the host, and the namespace kept at `path` as the container.
    ///
    /// - Throws: `NetworkError` when the namespace cannot be opened.
    public init(namespacePath path: String) throws(NetworkError) {
        let opened: OpenNamespace
        let sockets: (host: NetlinkSocket, inside: NetlinkSocket)
        do {
            opened = try OpenNamespace(path: path)
            sockets = (try NetlinkSocket(.route), try opened.value.openSocket(.route))
        } catch {
            throw NetworkError("open network namespace \(path)", any: error)
        }
        host = Session(sockets.host)
        hostSysctls = HostSysctls()
        container = Container(
            session: Session(sockets.inside), sysctls: NamespaceSysctls(path: path), descriptor: opened.value.raw)
        namespace = opened
    }

    /// The calling thread's network as the host, and no container: enough to undo what was made.
    ///
    /// - Throws: `NetworkError` when no socket can be opened.
    public static func hostOnly() throws(NetworkError) -> NetworkContext {
        do throws(NetlinkError) {
            return NetworkContext(host: try Session(.route), hostSysctls: HostSysctls(), container: nil)
        } catch {
            throw NetworkError(error)
        }
    }

    /// The calling thread's network as the host and, where it still lives, the namespace kept at `path`: enough to undo
    /// what was made.
    ///
    /// - Throws: `NetworkError` when no socket can be opened.
    public static func forUndoing(in path: String?) throws(NetworkError) -> NetworkContext {
        guard let path else { return try hostOnly() }
        do throws(NetworkError) {
            return try NetworkContext(namespacePath: path)
        } catch {
            // There is no file, or one that lost its mount.
            guard error.errno == .noSuchFileOrDirectory || error.errno == .invalidArgument else { throw error }
            return try hostOnly()
        }
    }

    func session(_ place: Step.Place) throws(NetworkError) -> Session {
        switch place {
        case .host: return host
        case .container:
            guard let container else { throw NetworkError("enter the container's network", .noSuchFileOrDirectory) }
            return container.session
        }
    }

    func sysctls(_ place: Step.Place) throws(NetworkError) -> any SysctlAccess {
        switch place {
        case .host: return hostSysctls
        case .container:
            guard let container else { throw NetworkError("enter the container's network", .noSuchFileOrDirectory) }
            return container.sysctls
        }
    }
}
