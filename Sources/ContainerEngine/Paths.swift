/// Where everything lies on disk (DESIGN: "On disk"): `--root` and `--runroot` move the two trees.
public struct EnginePaths: Sendable, Hashable {
    /// What must last; `/var/lib/swiftlet` by default.
    public var root: String
    /// What a reboot ends; `/run/swiftlet` by default.
    public var runRoot: String
    /// Network definitions in Podman's format; where containers.conf(5) says, else in `usualNetworks`, if nil.
    public var networks: String?

    /// Where network definitions are unless something says otherwise.
    public static let usualNetworks = "/etc/containers/networks"

    /// The paths; the defaults are the system's.
    public init(
        root: String = "/var/lib/swiftlet", runRoot: String = "/run/swiftlet", networks: String? = nil
    ) {
        self.root = root
        self.runRoot = runRoot
        self.networks = networks
    }

    var state: String { "\(root)/state.sqlite" }
    var run: String { "\(runRoot)/run.sqlite" }
    var networkLock: String { "\(runRoot)/network.lock" }
    var locks: String { "\(runRoot)/locks" }
    /// Where conmon leaves the exit code of each container, in a file named by its id.
    var exits: String { "\(runRoot)/exits" }
    /// The OCI runtime's own state.
    var runtimeState: String { "\(runRoot)/runtime" }
    /// What must last of one container: upper and work directories, log, and where its root is mounted.
    func container(_ id: String) -> String { "\(containers)/\(id)" }
    var containers: String { "\(root)/containers" }
    /// What each start of a container writes anew: the runtime's bundle, hosts and resolv.conf, conmon's sockets.
    func bundle(_ id: String) -> String { "\(bundles)/\(id)" }
    var bundles: String { "\(runRoot)/containers" }
    func rootfs(_ id: String) -> String { "\(container(id))/merged" }
    func log(_ id: String) -> String { "\(container(id))/ctr.log" }
    /// The directories of a container's exec sessions.
    func execSessions(_ id: String) -> String { "\(runRoot)/exec/\(id)" }
    /// Where images are mounted to be looked at.
    var images: String { "\(runRoot)/images" }
    func pidFile(_ id: String) -> String { "\(bundle(id))/pidfile" }
}
