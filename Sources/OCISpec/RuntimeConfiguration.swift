/// `config.json` of a bundle: what an OCI runtime is to run (OCI runtime-spec, config.md).
///
/// It has what this engine writes, not everything the specification knows.
public struct RuntimeConfiguration: Codable, Sendable, Hashable {
    /// The version of the specification that is kept to.
    public var ociVersion = "1.0.2"
    /// The first process.
    public var process: RuntimeProcess
    /// The root file system.
    public var root: RuntimeRoot
    /// The host name inside.
    public var hostname: String?
    /// Mounts, made in this order.
    public var mounts: [RuntimeMount]
    /// Facts for programs that look at the container. Runtimes obey some of them, so images never add any.
    public var annotations: [String: String]
    /// What is particular to Linux.
    public var linux: RuntimeLinux

    /// A configuration.
    public init(
        process: RuntimeProcess, root: RuntimeRoot, hostname: String?, mounts: [RuntimeMount],
        annotations: [String: String], linux: RuntimeLinux
    ) {
        self.process = process
        self.root = root
        self.hostname = hostname
        self.mounts = mounts
        self.annotations = annotations
        self.linux = linux
    }
}

/// A process inside a container: `process` of `config.json`, and what `exec` takes.
public struct RuntimeProcess: Codable, Sendable, Hashable {
    /// Whether it gets a terminal.
    public var terminal: Bool?
    /// Whom it runs as.
    public var user: RuntimeUser
    /// The program and its arguments.
    public var args: [String]
    /// The environment, `NAME=value` each.
    public var env: [String]
    /// The working directory.
    public var cwd: String
    /// Its capabilities (capabilities(7)).
    public var capabilities: RuntimeCapabilities?
    /// Its limits (getrlimit(2)).
    public var rlimits: [RuntimeLimit]?
    /// Whether execve(2) gives it nothing that it does not have (prctl(2), `PR_SET_NO_NEW_PRIVS`).
    public var noNewPrivileges: Bool?
    /// `/proc/PID/oom_score_adj`; unchanged if nil.
    public var oomScoreAdj: Int?

    /// A process.
    public init(
        terminal: Bool? = nil, user: RuntimeUser, args: [String], env: [String], cwd: String,
        capabilities: RuntimeCapabilities? = nil, rlimits: [RuntimeLimit]? = nil, noNewPrivileges: Bool? = nil,
        oomScoreAdj: Int? = nil
    ) {
        self.terminal = terminal
        self.user = user
        self.args = args
        self.env = env
        self.cwd = cwd
        self.capabilities = capabilities
        self.rlimits = rlimits
        self.noNewPrivileges = noNewPrivileges
        self.oomScoreAdj = oomScoreAdj
    }
}

/// Whom a process runs as.
public struct RuntimeUser: Codable, Sendable, Hashable {
    /// User id.
    public var uid: UInt32
    /// Group id.
    public var gid: UInt32
    /// umask(2).
    public var umask: UInt32?
    /// Supplementary groups.
    public var additionalGids: [UInt32]?

    /// A user.
    public init(uid: UInt32, gid: UInt32, umask: UInt32? = nil, additionalGids: [UInt32]? = nil) {
        self.uid = uid
        self.gid = gid
        self.umask = umask
        self.additionalGids = additionalGids
    }
}

/// The five sets of capabilities(7), as names such as `CAP_CHOWN`.
public struct RuntimeCapabilities: Codable, Sendable, Hashable {
    /// What can ever be had.
    public var bounding: [String]?
    /// What counts now.
    public var effective: [String]?
    /// What an execve of a file with inheritable capabilities keeps.
    public var inheritable: [String]?
    /// What can be made effective.
    public var permitted: [String]?
    /// What an execve by a user that is not root keeps.
    public var ambient: [String]?

    /// The sets; absent ones are empty.
    public init(
        bounding: [String]? = nil, effective: [String]? = nil, inheritable: [String]? = nil,
        permitted: [String]? = nil, ambient: [String]? = nil
    ) {
        self.bounding = bounding
        self.effective = effective
        self.inheritable = inheritable
        self.permitted = permitted
        self.ambient = ambient
    }
}

/// One limit of a process (getrlimit(2)).
public struct RuntimeLimit: Codable, Sendable, Hashable {
    /// `RLIMIT_NOFILE` and the like.
    public var type: String
    /// How far the soft limit may be raised.
    public var hard: UInt64
    /// What counts.
    public var soft: UInt64

    /// A limit.
    public init(type: String, hard: UInt64, soft: UInt64) {
        self.type = type
        self.hard = hard
        self.soft = soft
    }
}

/// The root file system.
public struct RuntimeRoot: Codable, Sendable, Hashable {
    /// Its absolute path.
    public var path: String
    /// Whether it cannot be written.
    public var readonly: Bool?

    /// A root.
    public init(path: String, readonly: Bool? = nil) {
        self.path = path
        self.readonly = readonly
    }
}

/// One mount.
public struct RuntimeMount: Codable, Sendable, Hashable {
    /// The absolute path inside.
    public var destination: String
    /// The type of file system, or `bind`.
    public var type: String
    /// What is mounted.
    public var source: String
    /// Options, as mount(8) names them.
    public var options: [String]

    /// A mount.
    public init(destination: String, type: String, source: String, options: [String]) {
        self.destination = destination
        self.type = type
        self.source = source
        self.options = options
    }
}

/// What `state` answers (OCI runtime-spec, runtime.md, "State").
public struct RuntimeState: Codable, Sendable, Hashable {
    /// Where a container is in its life, by the runtime's count.
    public enum Status: String, Codable, Sendable, CaseIterable {
        /// Being made.
        case creating
        /// Made, not started.
        case created
        /// Its process runs.
        case running
        /// Its process is frozen.
        case paused
        /// Its process has ended.
        case stopped
    }

    /// The container's id.
    public var id: String
    /// Where it is in its life.
    public var status: Status
    /// The first process, as the host counts it; 0 when it has ended.
    public var pid: Int32?
    /// The bundle's path.
    public var bundle: String?
}
