/// What is particular to Linux in `config.json` (OCI runtime-spec, config-linux.md).
public struct RuntimeLinux: Codable, Sendable, Hashable {
    /// Kernel parameters inside the namespaces (sysctl(8)).
    public var sysctl: [String: String]?
    /// Limits by cgroup.
    public var resources: RuntimeResources
    /// The container's cgroup, from the root of each hierarchy.
    public var cgroupsPath: String
    /// Namespaces of its own, or joined by path.
    public var namespaces: [RuntimeNamespace]
    /// Device files that are made in /dev, besides the usual ones.
    public var devices: [RuntimeDevice]?
    /// Which system calls are allowed; all if nil.
    public var seccomp: RuntimeSeccomp?
    /// How mounts spread between the root and the host.
    public var rootfsPropagation: String?
    /// Paths that show nothing.
    public var maskedPaths: [String]
    /// Paths that cannot be written.
    public var readonlyPaths: [String]
    /// What kernel programs take it for (personality(2)): `LINUX` or `LINUX32`.
    public var personality: Personality?

    /// An execution domain.
    public struct Personality: Codable, Sendable, Hashable {
        /// `LINUX` or `LINUX32`.
        public var domain: String

        /// A domain.
        public init(domain: String) { self.domain = domain }
    }

    /// The Linux part.
    public init(
        sysctl: [String: String]? = nil, resources: RuntimeResources, cgroupsPath: String,
        namespaces: [RuntimeNamespace], devices: [RuntimeDevice]? = nil, seccomp: RuntimeSeccomp? = nil,
        rootfsPropagation: String? = nil, maskedPaths: [String], readonlyPaths: [String],
        personality: Personality? = nil
    ) {
        self.sysctl = sysctl
        self.resources = resources
        self.cgroupsPath = cgroupsPath
        self.namespaces = namespaces
        self.devices = devices
        self.seccomp = seccomp
        self.rootfsPropagation = rootfsPropagation
        self.maskedPaths = maskedPaths
        self.readonlyPaths = readonlyPaths
        self.personality = personality
    }
}

/// A namespace (namespaces(7)).
public struct RuntimeNamespace: Codable, Sendable, Hashable {
    /// Which kind.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// Process ids.
        case pid
        /// Network.
        case network
        /// System V IPC and POSIX message queues.
        case ipc
        /// Host name.
        case uts
        /// Mounts.
        case mount
        /// Control groups.
        case cgroup
        /// User ids.
        case user
    }

    /// Which kind.
    public var type: Kind
    /// The namespace to join; a new one if nil.
    public var path: String?

    /// A namespace.
    public init(_ type: Kind, path: String? = nil) {
        self.type = type
        self.path = path
    }
}

/// Limits by cgroup.
public struct RuntimeResources: Codable, Sendable, Hashable {
    /// Rules for device files, in order; the last that fits counts.
    public struct DeviceRule: Codable, Sendable, Hashable {
        /// Whether access is allowed.
        public var allow: Bool
        /// `a`, `b` or `c`; all if nil.
        public var type: String?
        /// The major number; all if nil.
        public var major: Int64?
        /// The minor number; all if nil.
        public var minor: Int64?
        /// `r`, `w` and `m` for mknod.
        public var access: String?

        /// A rule.
        public init(
            allow: Bool, type: String? = nil, major: Int64? = nil, minor: Int64? = nil, access: String? = nil
        ) {
            self.allow = allow
            self.type = type
            self.major = major
            self.minor = minor
            self.access = access
        }
    }

    /// The number of processes.
    public struct Pids: Codable, Sendable, Hashable {
        /// The greatest number; none if 0 or less.
        public var limit: Int64

        /// A limit.
        public init(limit: Int64) { self.limit = limit }
    }

    /// Memory, in bytes.
    public struct Memory: Codable, Sendable, Hashable {
        /// The greatest amount.
        public var limit: Int64?
        /// What is kept to when memory is short.
        public var reservation: Int64?
        /// The greatest amount of memory and swap together.
        public var swap: Int64?
        /// How readily the kernel swaps, 0 to 100.
        public var swappiness: UInt64?
        /// Whether who wants memory when there is none waits, in place of being killed.
        public var disableOOMKiller: Bool?

        /// Limits.
        public init(
            limit: Int64? = nil, reservation: Int64? = nil, swap: Int64? = nil, swappiness: UInt64? = nil,
            disableOOMKiller: Bool? = nil
        ) {
            self.limit = limit
            self.reservation = reservation
            self.swap = swap
            self.swappiness = swappiness
            self.disableOOMKiller = disableOOMKiller
        }
    }

    /// Processor time.
    public struct CPU: Codable, Sendable, Hashable {
        /// Weight among cgroups, 2 to 262144.
        public var shares: UInt64?
        /// Microseconds of each period.
        public var quota: Int64?
        /// Microseconds of a period.
        public var period: UInt64?
        /// Processors that may be used, such as `0-2`.
        public var cpus: String?
        /// Memory nodes that may be used.
        public var mems: String?
        /// Microseconds of each period for real-time processes.
        public var realtimeRuntime: Int64?
        /// Microseconds of a period for real-time processes.
        public var realtimePeriod: UInt64?

        /// Limits.
        public init(
            shares: UInt64? = nil, quota: Int64? = nil, period: UInt64? = nil, cpus: String? = nil,
            mems: String? = nil, realtimeRuntime: Int64? = nil, realtimePeriod: UInt64? = nil
        ) {
            self.shares = shares
            self.quota = quota
            self.period = period
            self.cpus = cpus
            self.mems = mems
            self.realtimeRuntime = realtimeRuntime
            self.realtimePeriod = realtimePeriod
        }
    }

    /// Rules for device files.
    public var devices: [DeviceRule]
    /// The number of processes.
    public var pids: Pids?
    /// Memory.
    public var memory: Memory?
    /// Processor time.
    public var cpu: CPU?
    /// Block devices.
    public var blockIO: BlockIO?

    /// Limits.
    public init(
        devices: [DeviceRule], pids: Pids? = nil, memory: Memory? = nil, cpu: CPU? = nil, blockIO: BlockIO? = nil
    ) {
        self.devices = devices
        self.pids = pids
        self.memory = memory
        self.cpu = cpu
        self.blockIO = blockIO
    }
}

/// A device file inside the container (mknod(2)).
public struct RuntimeDevice: Codable, Sendable, Hashable {
    /// The absolute path inside.
    public var path: String
    /// `b`, `c` or `p`.
    public var type: String
    /// The major number.
    public var major: Int64
    /// The minor number.
    public var minor: Int64
    /// Permissions.
    public var fileMode: UInt32?
    /// The owner's user id.
    public var uid: UInt32?
    /// The owner's group id.
    public var gid: UInt32?

    /// A device file.
    public init(
        path: String, type: String, major: Int64, minor: Int64, fileMode: UInt32? = nil, uid: UInt32? = nil,
        gid: UInt32? = nil
    ) {
        self.path = path
        self.type = type
        self.major = major
        self.minor = minor
        self.fileMode = fileMode
        self.uid = uid
        self.gid = gid
    }
}

/// Which system calls are allowed (seccomp(2)).
public struct RuntimeSeccomp: Codable, Sendable, Hashable {
    /// A condition on one argument of a call.
    public struct Argument: Codable, Sendable, Hashable {
        /// Which argument, from 0.
        public var index: UInt32
        /// What it is compared with.
        public var value: UInt64
        /// What the masked argument is compared with, for `SCMP_CMP_MASKED_EQ`.
        public var valueTwo: UInt64?
        /// `SCMP_CMP_EQ` and the like.
        public var op: String

        /// A condition.
        public init(index: UInt32, value: UInt64, valueTwo: UInt64? = nil, op: String) {
            self.index = index
            self.value = value
            self.valueTwo = valueTwo
            self.op = op
        }
    }

    /// What happens at some calls.
    public struct Rule: Codable, Sendable, Hashable {
        /// The calls' names.
        public var names: [String]
        /// `SCMP_ACT_ALLOW` and the like.
        public var action: String
        /// The errno of `SCMP_ACT_ERRNO`.
        public var errnoRet: UInt32?
        /// Conditions, all of which must hold.
        public var args: [Argument]?

        /// A rule.
        public init(names: [String], action: String, errnoRet: UInt32? = nil, args: [Argument]? = nil) {
            self.names = names
            self.action = action
            self.errnoRet = errnoRet
            self.args = args
        }
    }

    /// What happens at every other call.
    public var defaultAction: String
    /// The errno of the default action.
    public var defaultErrnoRet: UInt32?
    /// Architectures whose calls are looked at.
    public var architectures: [String]?
    /// Flags of seccomp(2).
    public var flags: [String]?
    /// The rules.
    public var syscalls: [Rule]

    /// A filter.
    public init(
        defaultAction: String, defaultErrnoRet: UInt32? = nil, architectures: [String]? = nil,
        flags: [String]? = nil, syscalls: [Rule]
    ) {
        self.defaultAction = defaultAction
        self.defaultErrnoRet = defaultErrnoRet
        self.architectures = architectures
        self.flags = flags
        self.syscalls = syscalls
    }
}
