public import OCISpec

/// What a container is to be, in the engine's words; `RuntimeConfiguration(of:on:)` says it in the runtime's.
public struct ContainerBlueprint: Sendable {
    /// Where the container's network is.
    public enum Network: Sendable, Hashable {
        /// The namespace kept at a path.
        case namespace(String)
        /// The host's own.
        case host
        /// A new one with `lo` alone, which the runtime makes.
        case loopbackOnly
    }

    /// Where another kind of namespace is.
    public enum Namespace: Sendable, Hashable {
        /// A new one.
        case own
        /// The host's.
        case host
        /// The one at a path.
        case path(String)
    }

    /// Files of the host that are mounted over the image's own; none where nil.
    public struct HostFiles: Sendable, Hashable {
        /// For /etc/hosts.
        public var hosts: String?
        /// For /etc/resolv.conf.
        public var resolvConf: String?
        /// For /etc/hostname.
        public var hostname: String?
        /// For /run/.containerenv.
        public var containerEnvironment: String?

        /// The files' absolute paths.
        public init(
            hosts: String? = nil, resolvConf: String? = nil, hostname: String? = nil,
            containerEnvironment: String? = nil
        ) {
            self.hosts = hosts
            self.resolvConf = resolvConf
            self.hostname = hostname
            self.containerEnvironment = containerEnvironment
        }
    }

    /// 64 hexadecimal digits.
    public var id: String
    /// The mounted root file system.
    public var rootfs: String
    /// The program and its arguments.
    public var args: [String]
    /// `NAME=value` each; what Podman adds is added (`ContainerEnvironment`).
    public var env: [String] = []
    /// The working directory.
    public var cwd = "/"
    /// Whom it runs as.
    public var user = RuntimeUser(uid: 0, gid: 0)
    /// The user's home directory, for `HOME`; nil if it is not known.
    public var home: String? = "/root"
    /// The host name; none of its own if nil.
    public var hostname: String?
    /// Whether it gets a terminal.
    public var terminal = false
    /// `--read-only`.
    public var readOnlyRoot = false
    /// `--read-only-tmpfs`: with a read-only root, /run, /tmp and /var/tmp are memory file systems.
    public var readOnlyTmpfs = true
    /// `--privileged`.
    public var privileged = false
    /// `--cap-add`, as written.
    public var capabilitiesToAdd: [String] = []
    /// `--cap-drop`, as written.
    public var capabilitiesToDrop: [String] = []
    /// What it has before those two are looked at, by name; Podman's eleven if nil.
    public var defaultCapabilities: [String]?
    /// `--security-opt no-new-privileges`.
    public var noNewPrivileges = false
    /// Volumes, bind mounts and tmpfs; one at the destination of a default mount replaces it.
    public var mounts: [ContainerMount] = []
    /// Where its network is.
    public var network: Network
    /// Where its process ids are counted.
    public var processes = Namespace.own
    /// Where its System V IPC and message queues are.
    public var communication = Namespace.own
    /// Where its host name is.
    public var uts = Namespace.own
    /// Where the root of its control groups is.
    public var controlGroups = Namespace.own
    /// `--device`: device files besides the usual ones, with what may be done with each.
    public var devices: [(file: RuntimeDevice, access: String)] = []
    /// `--device-cgroup-rule`: what may be done with devices besides.
    public var deviceRules: [RuntimeResources.DeviceRule] = []
    /// Paths that show nothing, besides the default ones.
    public var maskedPaths: [String] = []
    /// Paths that are shown, although they are masked or read-only by default; `ALL` for all of them.
    public var unmaskedPaths: [String] = []
    /// `--personality`: the execution domain, `LINUX` or `LINUX32`.
    public var personality: String?
    /// `--annotation`.
    public var annotations: [String: String] = [:]
    /// Whether a systemd can run in it: with memory file systems and a control group of its own that it can write.
    public var systemd = false
    /// `--init`: the host's program that runs the container's.
    public var initProgram: String?
    /// `--unsetenv`: defaults that are not set; `*` for all of them.
    public var unsetVariables: [String] = []
    /// The engine's files to mount.
    public var hostFiles = HostFiles()
    /// The size of /dev/shm in bytes.
    public var sharedMemorySize: Int64 = 65_536_000
    /// The greatest number of processes; none if 0 or less.
    public var pidsLimit: Int64 = 2048
    /// Limits of memory.
    public var memory: RuntimeResources.Memory?
    /// Limits of processor time.
    public var cpu: RuntimeResources.CPU?
    /// Limits of block devices.
    public var blockIO: RuntimeResources.BlockIO?
    /// `--ulimit`, which replaces the default of the same type.
    public var limits: [RuntimeLimit] = []
    /// `--sysctl`.
    public var sysctl: [String: String] = [:]
    /// `--oom-score-adj`.
    public var oomScoreAdjustment: Int?
    /// The signal that `stop` sends.
    public var stopSignal: Int32 = 15
    /// The cgroup that holds the containers' cgroups.
    public var cgroupParent = ContainerCgroups.defaultParent

    /// A container with every default.
    public init(id: String, rootfs: String, args: [String], network: Network) {
        self.id = id
        self.rootfs = rootfs
        self.args = args
        self.network = network
    }
}

/// The environment that a container's process is started with.
public enum ContainerEnvironment {
    /// Podman's `DefaultEnvVariables`.
    static let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// What was asked for, with what Podman puts before it (PATH, TERM, `container`) and after it
    /// (HOSTNAME, HOME), each unless it was asked for; of two with one name the last counts, at the first's place.
    public static func complete(
        _ asked: [String], hostname: String?, home: String?, unset: [String] = []
    ) -> [String] {
        // The last is Podman's: systemd and scripts look for it.
        let defaults = [path, "TERM=xterm", "container=podman"].filter { variable in
            !unset.contains("*") && !unset.contains(String(name(variable)))
        }
        var result = merge(defaults + asked)
        let names = Set(result.map(name))
        if let hostname, !names.contains("HOSTNAME") { result.append("HOSTNAME=\(hostname)") }
        if let home, !names.contains("HOME") { result.append("HOME=\(home)") }
        return result
    }

    /// Of two variables with one name the last counts, at the first's place.
    public static func merge(_ variables: [String]) -> [String] {
        var places: [Substring: Int] = [:]
        var result: [String] = []
        for variable in variables {
            if let place = places[name(variable)] {
                result[place] = variable
            } else {
                places[name(variable)] = result.count
                result.append(variable)
            }
        }
        return result
    }

    static func name(_ variable: String) -> Substring { variable.prefix { $0 != "=" } }
}
