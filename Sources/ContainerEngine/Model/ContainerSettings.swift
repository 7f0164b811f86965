internal import ContainerRuntime
internal import OCISpec

/// What a container was given beyond the defaults: limits, namespaces, devices and the like. Nil is the default.
///
/// It is stored with the container, so that new fields are optional.
public struct ContainerSettings: Codable, Sendable, Hashable {
    /// `--memory`: bytes.
    public var memory: Int64?
    /// `--memory-swap`: bytes of memory and swap together; -1 for no limit.
    public var memorySwap: Int64?
    /// `--memory-reservation`: bytes.
    public var memoryReservation: Int64?
    /// `--cpu-shares`.
    public var cpuShares: UInt64?
    /// `--cpu-quota`, or of `--cpus`: microseconds a period.
    public var cpuQuota: Int64?
    /// `--cpu-period`, or of `--cpus`: microseconds.
    public var cpuPeriod: UInt64?
    /// `--cpuset-cpus`: such as `0-2,4`.
    public var processors: String?
    /// `--cpuset-mems`.
    public var memoryNodes: String?
    /// `--cpu-rt-period`: microseconds.
    public var realtimePeriod: UInt64?
    /// `--cpu-rt-runtime`: microseconds a period.
    public var realtimeRuntime: Int64?
    /// `--memory-swappiness`: 0 to 100.
    public var swappiness: UInt64?
    /// `--oom-kill-disable`.
    public var waitsForMemory: Bool?
    /// `--blkio-weight`, `--device-read-bps` and the like.
    public var blockLimits: BlockLimits?
    /// `--device-cgroup-rule`, as written.
    public var deviceRules: [String]?
    /// `--oom-score-adj`.
    public var oomScoreAdjustment: Int?
    /// `--shm-size`: bytes.
    public var sharedMemorySize: Int64?
    /// `--sysctl`.
    public var sysctl: [String: String]?
    /// `--device`.
    public var devices: [DeviceRequest]?
    /// `--group-add`: names or numbers.
    public var groups: [String]?
    /// `--security-opt`.
    public var security: SecurityOptions?
    /// `--init`: the host's path of the program that is process 1.
    public var initProgram: String?
    /// `--systemd`: whether it is made ready for a systemd as process 1.
    public var runsSystemd: Bool?
    /// `--passwd=false`.
    public var addsNoAccount: Bool?
    /// `--passwd-entry`.
    public var accountLine: String?
    /// `--umask`.
    public var umask: UInt32?
    /// `--tz`: the host's file that is shown as /etc/localtime.
    public var timeZoneFile: String?
    /// `--personality`: `LINUX` or `LINUX32`.
    public var personality: String?
    /// `--annotation`.
    public var annotations: [String: String]?
    /// `--read-only-tmpfs=false`.
    public var hasNoReadOnlyTmpfs: Bool?
    /// `--unsetenv`: not even if they are defaults.
    public var unsetVariables: [String]?
    /// `--pidfile`.
    public var pidFile: String?
    /// `--conmon-pidfile`.
    public var monitorPIDFile: String?
    /// `--timeout`: seconds after which conmon kills it.
    public var secondsToRun: UInt64?
    /// `run --rmi`: the image goes with the container, unless somebody else needs it.
    public var removesImage: Bool?
    /// `--pid`.
    public var processes: NamespaceMode?
    /// `--ipc`.
    public var communication: NamespaceMode?
    /// `--uts`.
    public var hostName: NamespaceMode?
    /// `--cgroupns`.
    public var controlGroups: NamespaceMode?
    /// `--restart`.
    public var restart: RestartPolicy?
    /// `--log-driver none`.
    public var keepsNoLog: Bool?
    /// `--log-opt max-size`: bytes.
    public var logSizeMax: Int64?

    /// Every default.
    public init() {}

    /// `--blkio-weight`.
    var blockWeight: UInt16? {
        get { blockLimits?.weight }
        set { blockLimits?.weight = newValue }
    }

    /// The mask as it was asked for, in four octal digits; nil for the default.
    public var umaskText: String? {
        umask.map { mask in
            let digits = String(mask, radix: 8)
            return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        }
    }

    /// The containers whose namespaces it shares, by full id, each with the kernel's name of the kind (namespaces(7)).
    var sharedNamespaces: [(kind: String, container: String)] {
        [("pid", processes), ("uts", hostName), ("cgroup", controlGroups)].compactMap { kind, mode in
            if case .container(let id) = mode { (kind, id) } else { nil }
        }
    }
}

/// `--ulimit`: `NAME=SOFT[:HARD]`.
enum Ulimit {
    /// Reads one, and gives it in the form in which it is stored.
    ///
    /// - Throws: `EngineError`, in Podman's words.
    static func parse(_ text: String) throws -> String {
        if let limit = RuntimeLimit(ulimit: text) { return limit.ulimit }
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let values = parts.count > 1 ? parts[1].split(separator: ":", omittingEmptySubsequences: false) : []
        let reason: String
        if parts.count < 2 {
            reason = "invalid ulimit argument: \(text)"
        } else if RuntimeLimit(ulimit: "\(parts[0])=1") == nil {
            reason = "invalid ulimit type: \(parts[0])"
        } else if let word = values.first(where: { Int64($0) == nil }) {
            reason = "strconv.ParseInt: parsing \"\(word)\": invalid syntax"
        } else {
            let order = values.joined(separator: " > ")
            reason = "ulimit soft limit must be less than or equal to hard limit: \(order)"
        }
        throw EngineError("ulimit option \"\(text)\" requires name=SOFT:HARD, failed to be parsed: \(reason)")
    }
}

/// `--device`: `SOURCE[:DESTINATION][:PERMISSIONS]`.
public struct DeviceRequest: Codable, Sendable, Hashable {
    /// The host's device file.
    public var source: String
    /// Where it is inside.
    public var destination: String
    /// Some of `r`, `w` and `m`.
    public var access: String

    /// Reads the option.
    ///
    /// - Throws: `EngineError`, in Podman's words, for other permissions.
    public init(_ text: String) throws {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), !parts[0].isEmpty else {
            throw EngineError("invalid device specification: \(text)")
        }
        access = "rwm"
        if parts.count > 1, let last = parts.last, !last.hasPrefix("/") {
            guard !last.isEmpty, last.allSatisfy({ "rwm".contains($0) }), Set(last).count == last.count else {
                throw EngineError("invalid device mode: \(last)")
            }
            access = last
            parts.removeLast()
        }
        guard parts.count < 3, parts.allSatisfy({ $0.hasPrefix("/") }) else {
            throw EngineError("invalid device specification: \(text)")
        }
        (source, destination) = (parts[0], parts[parts.count - 1])
    }
}

/// `--security-opt`.
public struct SecurityOptions: Codable, Sendable, Hashable {
    /// `no-new-privileges`.
    public var noNewPrivileges: Bool?
    /// `seccomp=`: `unconfined`, or a profile's path.
    public var seccomp: String?
    /// `mask=`: paths that show nothing.
    public var masked: [String]?
    /// `unmask=`: paths that are shown although they are masked or read-only by default; `ALL` for all of them.
    public var unmasked: [String]?

    /// No option.
    public init() {}

    /// Takes one option.
    ///
    /// - Throws: `EngineError`, in Podman's words, for one that there is not. SELinux' labels are no matter on a host
    ///   without SELinux; that a host has AppArmor is not made use of.
    public mutating func set(_ text: String) throws {
        let separator: Character = text.hasPrefix("no-new-privileges") ? ":" : "="
        let parts = text.split(whereSeparator: { $0 == separator || $0 == "=" && separator == ":" }).map(String.init)
        let value = text.drop { $0 != separator && $0 != "=" }.dropFirst()
        switch parts.first {
        case "no-new-privileges":
            guard parts.count == 1 || ["true", "false"].contains(value) else {
                throw EngineError("invalid --security-opt 2: \"\(text)\"")
            }
            noNewPrivileges = value != "false"
        case "seccomp" where !value.isEmpty: seccomp = String(value)
        case "label" where !value.isEmpty: return
        case "apparmor" where value == "unconfined": return
        case "apparmor":
            throw EngineError("apparmor profile \"\(value)\" specified, but AppArmor profiles are not there yet")
        case "mask" where !value.isEmpty: masked = (masked ?? []) + paths(value)
        case "unmask" where !value.isEmpty: unmasked = (unmasked ?? []) + paths(value)
        default: throw EngineError("invalid --security-opt \(text.contains("=") ? 2 : 1): \"\(text)\"")
        }
    }

    private func paths(_ text: Substring) -> [String] { text.split(separator: ":").map(String.init) }
}

/// `--pid`, `--ipc`, `--uts` and `--cgroupns`: whose namespace it is.
public enum NamespaceMode: Codable, Sendable, Hashable {
    /// The host's.
    case host
    /// Another container's, by full id.
    case container(String)
}
