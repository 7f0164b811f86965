/// A capability by its name, such as `CAP_CHOWN` (capabilities(7)).
public struct Capability: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The kernel's number: the bit in `/proc/PID/status`.
    public let number: Int

    /// Takes a number; nil when this engine knows no name for it.
    public init?(number: Int) {
        guard Self.names.indices.contains(number) else { return nil }
        self.number = number
    }

    /// Reads a name in any case, with or without `CAP_`.
    ///
    /// - Throws: `RuntimeFailure` when there is no such capability.
    public init(_ text: String) throws(RuntimeFailure) {
        let upper = text.uppercased()
        let name = upper.hasPrefix("CAP_") ? String(upper.dropFirst(4)) : upper
        guard let number = Self.names.firstIndex(of: name) else {
            throw RuntimeFailure(.invalidArgument, "\"CAP_\(name)\": unknown capability")
        }
        self.number = number
    }

    /// `CAP_CHOWN` and the like.
    public var description: String { "CAP_\(Self.names[number])" }

    /// By name, as Podman lists them.
    public static func < (left: Capability, right: Capability) -> Bool { left.description < right.description }

    /// What a container has unless told otherwise: Podman's eleven.
    public static let defaults: Set<Capability> = Set(
        [
            "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP",
            "SETUID", "SYS_CHROOT",
        ].compactMap { names.firstIndex(of: $0) }.compactMap { Capability(number: $0) })

    /// Every one that has a name.
    static var all: Set<Capability> { Set(names.indices.compactMap { Capability(number: $0) }) }

    /// The set that a mask of `/proc/PID/status` stands for; bits without a name are left out.
    public static func set(mask: UInt64) -> Set<Capability> {
        Set((0..<64).filter { mask & (1 << $0) != 0 }.compactMap { Capability(number: $0) })
    }

    /// linux/capability.h, by number.
    private static let names = [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
        "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
        "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
        "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
        "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
        "CHECKPOINT_RESTORE",
    ]
}

/// `--cap-add` and `--cap-drop`: which capabilities a container is to have.
public struct CapabilityChoice: Hashable, Sendable {
    /// What to have besides the defaults; nil for all.
    public var added: Set<Capability>?
    /// What not to have; nil for all.
    public var dropped: Set<Capability>?
    /// What there is before both are looked at.
    private let defaults: Set<Capability>

    /// Reads both lists as they were written; `ALL` stands for every one.
    ///
    /// - Parameters:
    ///   - add: `--cap-add`.
    ///   - drop: `--cap-drop`.
    ///   - defaults: what there is before; Podman's eleven if nil.
    /// - Throws: `RuntimeFailure` for a name that does not exist, and for one in both lists.
    public init(add: [String] = [], drop: [String] = [], defaults: [String]? = nil) throws(RuntimeFailure) {
        self.defaults =
            try defaults.map { names throws(RuntimeFailure) in try Self.parse(names) ?? Capability.all }
            ?? Capability.defaults
        added = try Self.parse(add)
        dropped = try Self.parse(drop)
        if added == nil && dropped == nil {
            throw RuntimeFailure(.invalidArgument, "adding all caps and removing all caps not allowed")
        }
        if let both = added?.intersection(dropped ?? []).min() {
            throw RuntimeFailure(.invalidArgument, "capability \"\(both)\" cannot be dropped and added")
        }
    }

    private static func parse(_ names: [String]) throws(RuntimeFailure) -> Set<Capability>? {
        if names.contains(where: { $0.uppercased() == "ALL" || $0.uppercased() == "CAP_ALL" }) { return nil }
        var set: Set<Capability> = []
        for name in names { set.insert(try Capability(name)) }
        return set
    }

    /// The container's set. What this host cannot give is left out, as runc leaves it out.
    public func apply(host: Set<Capability>, privileged: Bool) -> Set<Capability> {
        guard let added else { return host.subtracting(dropped ?? []) }
        guard let dropped else { return added.intersection(host) }
        let base = privileged ? host : defaults
        return base.union(added).subtracting(dropped).intersection(host)
    }
}
