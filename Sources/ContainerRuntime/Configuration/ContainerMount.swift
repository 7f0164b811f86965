public import LinuxSys
public import OCISpec

/// Something mounted into a container, with options as `--volume` and `--tmpfs` take them.
public struct ContainerMount: Sendable, Hashable {
    /// What is mounted.
    public enum Source: Sendable, Hashable {
        /// A directory or file of the host. What its own mount forbids stays forbidden inside.
        case bind(String, MountRestrictions)
        /// A volume's directory: no set-id programs and no devices, unless asked for.
        case volume(String)
        /// An empty memory file system.
        case tmpfs
    }

    /// What is mounted.
    public var source: Source
    /// The absolute path inside.
    public var destination: String
    /// Options, as written.
    public var options: [String]

    /// A mount.
    public init(_ source: Source, at destination: String, options: [String] = []) {
        self.source = source
        self.destination = destination
        self.options = options
    }

    private static let propagations: Set<String> = [
        "private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable",
    ]
    /// Options that are the engine's business, not the kernel's.
    private static let engineOptions: Set<String> = ["z", "Z", "U", "copy", "nocopy", "notmpcopyup"]

    /// The runtime's words for it. Unless asked for otherwise: writable, `rprivate`, recursive, and without what
    /// `Source` takes away.
    public var runtimeMount: RuntimeMount {
        var result = options.filter { !Self.engineOptions.contains($0) && !["bind", "rbind"].contains($0) }
        if !options.contains(where: { $0 == "rw" || $0 == "ro" }) { result.append("rw") }
        if !options.contains(where: Self.propagations.contains) { result.append("rprivate") }
        func forbid(_ option: String, unless allowed: String, _ condition: Bool) {
            if condition && !options.contains(allowed) && !options.contains(option) { result.append(option) }
        }
        func bind(_ path: String, _ restrictions: MountRestrictions) -> RuntimeMount {
            forbid("nosuid", unless: "suid", restrictions.contains(.noSetID))
            forbid("nodev", unless: "dev", restrictions.contains(.noDevices))
            forbid("noexec", unless: "exec", restrictions.contains(.noExecution))
            result.append(options.contains("bind") ? "bind" : "rbind")
            return RuntimeMount(destination: destination, type: "bind", source: path, options: result)
        }
        switch source {
        case .bind(let path, let restrictions): return bind(path, restrictions)
        case .volume(let path): return bind(path, [.noSetID, .noDevices])
        case .tmpfs:
            forbid("nosuid", unless: "suid", true)
            forbid("nodev", unless: "dev", true)
            if !options.contains("notmpcopyup") && !options.contains("tmpcopyup") { result.append("tmpcopyup") }
            return RuntimeMount(destination: destination, type: "tmpfs", source: "tmpfs", options: result)
        }
    }
}

/// The list of a container's mounts.
enum MountTable {
    /// Every mount of a container, parents before what lies in them.
    static func mounts(of blueprint: ContainerBlueprint) -> [RuntimeMount] {
        let asked = blueprint.mounts.map(\.runtimeMount)
        let taken = Set(asked.map { normalized($0.destination) })
        let defaults = (kernel(blueprint) + temporary(blueprint) + files(blueprint)).filter {
            !taken.contains(normalized($0.destination))
        }
        // A stable sort by depth: /etc, asked for, comes before /etc/hosts, ours.
        let all = (defaults + asked).enumerated().sorted { left, right in
            let (first, second) = (depth(left.element.destination), depth(right.element.destination))
            return (first, left.offset) < (second, right.offset)
        }
        return all.map(\.element)
    }

    private static func depth(_ path: String) -> Int {
        path.split(separator: "/").count
    }

    private static func normalized(_ path: String) -> [Substring] {
        path.split(separator: "/").filter { $0 != "." }
    }

    /// Where `--init` shows its program; the name is Podman's.
    static let initProgram = "/run/podman-init"

    private static func kernel(_ blueprint: ContainerBlueprint) -> [RuntimeMount] {
        let access = blueprint.privileged ? "rw" : "ro"
        func shared(_ path: String) -> RuntimeMount {
            .init(destination: path, type: "bind", source: path, options: ["bind", "nosuid", "noexec", "nodev"])
        }
        let isShared = blueprint.communication == .host
        let isUnifiedSystemd = blueprint.systemd && ContainerCgroups.isUnified()
        return [
            .init(destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"]),
            .init(
                destination: "/dev", type: "tmpfs", source: "tmpfs",
                options: ["nosuid", "noexec", "strictatime", "mode=755", "size=65536k"]),
            .init(
                destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", access]),
            .init(
                destination: "/dev/pts", type: "devpts", source: "devpts",
                options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
            isShared && File.isDirectory("/dev/mqueue")
                ? shared("/dev/mqueue")
                : .init(
                    destination: "/dev/mqueue", type: "mqueue", source: "mqueue",
                    options: ["nosuid", "noexec", "nodev"]),
            isShared
                ? shared("/dev/shm")
                : .init(
                    destination: "/dev/shm", type: "tmpfs", source: "shm",
                    options: ["nosuid", "noexec", "nodev", "mode=1777", "size=\(blueprint.sharedMemorySize)"]),
            .init(
                destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
                options: ["rprivate", "nosuid", "noexec", "nodev", "relatime", isUnifiedSystemd ? "rw" : access]),
        ] + (blueprint.systemd && !isUnifiedSystemd ? systemdGroups(blueprint) : [])
    }

    /// In cgroup v1 systemd has a hierarchy of its own, and nothing in it limits anything. Where the container's own
    /// group is its root, that is what it sees.
    private static func systemdGroups(_ blueprint: ContainerBlueprint) -> [RuntimeMount] {
        let hierarchy = "/sys/fs/cgroup/systemd"
        guard File.isDirectory(hierarchy) else { return [] }
        let isOwn = blueprint.controlGroups == .own
        return [
            .init(
                destination: hierarchy, type: "bind",
                source: isOwn ? "\(hierarchy)\(blueprint.cgroupParent)/\(blueprint.id)" : hierarchy,
                options: ["bind", "rprivate", "nosuid", "noexec", "nodev"])
        ]
    }

    private static func temporary(_ blueprint: ContainerBlueprint) -> [RuntimeMount] {
        let isReadOnly = blueprint.readOnlyRoot && blueprint.readOnlyTmpfs
        guard isReadOnly || blueprint.systemd else { return [] }
        let places =
            ["/run", "/tmp"] + (isReadOnly ? ["/var/tmp"] : [])
            + (blueprint.systemd ? ["/run/lock", "/var/log/journal"] : [])
        return places.map {
            .init(
                destination: $0, type: "tmpfs", source: "tmpfs",
                options: ["rw", "rprivate", "nosuid", "nodev", "tmpcopyup"])
        }
    }

    private static func files(_ blueprint: ContainerBlueprint) -> [RuntimeMount] {
        let files = blueprint.hostFiles
        let more = blueprint.readOnlyRoot ? ["ro", "nosuid", "noexec", "nodev"] : []
        let pairs = [
            ("/run/.containerenv", files.containerEnvironment), ("/etc/hostname", files.hostname),
            ("/etc/resolv.conf", files.resolvConf), ("/etc/hosts", files.hosts),
        ]
        let own: [RuntimeMount] = pairs.compactMap { destination, source in
            source.map {
                .init(destination: destination, type: "bind", source: $0, options: ["bind", "rprivate"] + more)
            }
        }
        let program: [RuntimeMount] =
            blueprint.initProgram.map {
                [.init(destination: initProgram, type: "bind", source: $0, options: ["bind", "rprivate", "ro"])]
            } ?? []
        return own + program
    }
}
