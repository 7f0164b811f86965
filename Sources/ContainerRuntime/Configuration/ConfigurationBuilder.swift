internal import LinuxSys
public import OCISpec

extension RuntimeConfiguration {
    /// The configuration of a container: Podman's, or stricter.
    ///
    /// The seccomp filter is not in it; `encoded(seccomp:)` takes it.
    ///
    /// - Throws: `RuntimeFailure` for capabilities that do not exist.
    public init(of blueprint: ContainerBlueprint, on host: HostFacts) throws(RuntimeFailure) {
        let mounts = MountTable.mounts(of: blueprint)
        self.init(
            process: try RuntimeProcess(of: blueprint, on: host),
            root: RuntimeRoot(path: blueprint.rootfs, readonly: blueprint.readOnlyRoot ? true : nil),
            hostname: blueprint.uts == .own ? blueprint.hostname : nil, mounts: mounts,
            annotations: [
                "io.container.manager": "swiftlet", "org.opencontainers.image.stopSignal": "\(blueprint.stopSignal)",
            ].merging(blueprint.annotations) { $1 },
            linux: Self.linux(blueprint, host, mounts))
    }

    /// Podman's list, and what Docker has besides it.
    static let maskedPaths = [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
        "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/dev/block",
        "/sys/devices/virtual/powercap", "/sys/firmware", "/sys/fs/selinux",
    ]
    static let readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

    private static func linux(
        _ blueprint: ContainerBlueprint, _ host: HostFacts, _ mounts: [RuntimeMount]
    ) -> RuntimeLinux {
        let privileged = blueprint.privileged
        func shown(_ paths: [String]) -> [String] {
            if blueprint.unmaskedPaths.contains(where: { $0.lowercased() == "all" }) { return [] }
            return paths.filter { !blueprint.unmaskedPaths.contains($0) }
        }
        return RuntimeLinux(
            sysctl: sysctl(blueprint),
            resources: RuntimeResources(
                // The runtime adds the devices that every container has (config-linux.md, "Default Devices").
                devices: [.init(allow: privileged, access: "rwm")] + blueprint.devices.map(rule)
                    + blueprint.deviceRules,
                pids: blueprint.pidsLimit > 0 ? .init(limit: blueprint.pidsLimit) : nil, memory: blueprint.memory,
                cpu: blueprint.cpu, blockIO: blueprint.blockIO),
            cgroupsPath: "\(blueprint.cgroupParent)/\(blueprint.id)", namespaces: namespaces(blueprint),
            devices: devices(blueprint, host), rootfsPropagation: propagation(mounts),
            maskedPaths: (privileged ? [] : shown(maskedPaths + host.thermalThrottles)) + blueprint.maskedPaths,
            readonlyPaths: privileged ? [] : shown(readonlyPaths),
            personality: blueprint.personality.map(RuntimeLinux.Personality.init))
    }

    private static func rule(_ device: (file: RuntimeDevice, access: String)) -> RuntimeResources.DeviceRule {
        .init(
            allow: true, type: device.file.type, major: device.file.major, minor: device.file.minor,
            access: device.access)
    }

    private static func devices(_ blueprint: ContainerBlueprint, _ host: HostFacts) -> [RuntimeDevice]? {
        let asked = blueprint.devices.map(\.file)
        let taken = Set(asked.map(\.path))
        let all = (blueprint.privileged ? host.devices.filter { !taken.contains($0.path) } : []) + asked
        return all.isEmpty ? nil : all
    }

    private static func namespaces(_ blueprint: ContainerBlueprint) -> [RuntimeNamespace] {
        let network: [RuntimeNamespace] =
            switch blueprint.network {
            case .namespace(let path): [RuntimeNamespace(.network, path: path)]
            case .host: []
            case .loopbackOnly: [RuntimeNamespace(.network)]
            }
        func other(_ kind: RuntimeNamespace.Kind, _ namespace: ContainerBlueprint.Namespace) -> [RuntimeNamespace] {
            switch namespace {
            case .own: [RuntimeNamespace(kind)]
            case .host: []
            case .path(let path): [RuntimeNamespace(kind, path: path)]
            }
        }
        // Without a host name of its own, setting one would set the host's.
        let uts = blueprint.hostname == nil && blueprint.uts == .own ? [] : other(.uts, blueprint.uts)
        return other(.pid, blueprint.processes) + network + other(.ipc, blueprint.communication) + uts
            + [RuntimeNamespace(.mount)] + other(.cgroup, blueprint.controlGroups)
    }

    private static func sysctl(_ blueprint: ContainerBlueprint) -> [String: String]? {
        var values = blueprint.sysctl
        // `ping` works without CAP_NET_RAW: group 0 may open ICMP echo sockets (icmp(7)).
        if blueprint.network != .host, values["net.ipv4.ping_group_range"] == nil {
            values["net.ipv4.ping_group_range"] = "0 0"
        }
        return values.isEmpty ? nil : values
    }

    /// Private, whatever the host's root is, unless some mount is to spread.
    private static func propagation(_ mounts: [RuntimeMount]) -> String {
        let options = Set(mounts.flatMap(\.options))
        if !options.isDisjoint(with: ["shared", "rshared"]) { return "shared" }
        if !options.isDisjoint(with: ["slave", "rslave"]) { return "slave" }
        return "private"
    }
}

extension RuntimeProcess {
    /// The container's first process.
    init(of blueprint: ContainerBlueprint, on host: HostFacts) throws(RuntimeFailure) {
        var user = blueprint.user
        if user.umask == nil { user.umask = 0o022 }
        // machine-id(5): systemd takes its machine's id from it.
        let identity = blueprint.systemd ? ["container_uuid=\(blueprint.id.prefix(32))"] : []
        let program = blueprint.initProgram == nil ? [] : [MountTable.initProgram, "--"]
        self.init(
            terminal: blueprint.terminal ? true : nil, user: user, args: program + blueprint.args,
            env: ContainerEnvironment.complete(
                identity + blueprint.env, hostname: blueprint.hostname, home: blueprint.home,
                unset: blueprint.unsetVariables),
            cwd: blueprint.cwd,
            capabilities: try Self.capabilities(
                blueprint, user: user.uid, privileged: blueprint.privileged, on: host),
            rlimits: Self.limits(blueprint, host), noNewPrivileges: blueprint.noNewPrivileges ? true : nil,
            oomScoreAdj: blueprint.oomScoreAdjustment)
    }

    /// A further process in the container that `blueprint` describes, as `exec` starts it.
    ///
    /// - Parameters:
    ///   - request: What to run.
    ///   - blueprint: The container.
    ///   - host: Where it runs.
    /// - Throws: `RuntimeFailure` as the container's own configuration.
    public init(
        executing request: ExecBlueprint, in blueprint: ContainerBlueprint, on host: HostFacts
    ) throws(RuntimeFailure) {
        var user = request.user ?? blueprint.user
        if user.umask == nil { user.umask = 0o022 }
        self.init(
            terminal: request.terminal ? true : nil, user: user, args: request.args,
            env: ContainerEnvironment.complete(
                blueprint.env + request.env, hostname: blueprint.hostname, home: request.home ?? blueprint.home,
                unset: blueprint.unsetVariables),
            cwd: request.cwd ?? blueprint.cwd,
            capabilities: try Self.capabilities(
                blueprint, user: user.uid, privileged: blueprint.privileged, all: request.privileged, on: host),
            rlimits: Self.limits(blueprint, host), noNewPrivileges: blueprint.noNewPrivileges ? true : nil,
            oomScoreAdj: blueprint.oomScoreAdjustment)
    }

    /// Root has the container's set. Any other user can reach it only through set-id programs, except for what
    /// was added by name, which is then ambient; nothing is inheritable or ambient otherwise (CVE-2022-27649).
    private static func capabilities(
        _ blueprint: ContainerBlueprint, user: UInt32, privileged: Bool, all: Bool = false, on host: HostFacts
    ) throws(RuntimeFailure) -> RuntimeCapabilities {
        let choice = try CapabilityChoice(
            add: blueprint.capabilitiesToAdd, drop: blueprint.capabilitiesToDrop,
            defaults: blueprint.defaultCapabilities)
        // `exec --privileged` has every one, whatever the container was denied.
        let set = all ? host.capabilities : choice.apply(host: host.capabilities, privileged: privileged)
        let names = set.sorted().map(\.description)
        if user == 0 { return RuntimeCapabilities(bounding: names, effective: names, permitted: names) }
        let added = (choice.added ?? set).intersection(set).sorted().map(\.description)
        return added.isEmpty
            ? RuntimeCapabilities(bounding: names)
            : RuntimeCapabilities(
                bounding: names, effective: added, inheritable: added, permitted: added, ambient: added)
    }

    /// 1,048,576 open files and processes, as Podman, or as many as the caller can give: never an error. Limits of the
    /// container's own are cut to what can be given, too.
    private static func limits(_ blueprint: ContainerBlueprint, _ host: HostFacts) -> [RuntimeLimit] {
        let wanted: UInt64 = 1_048_576
        let files = host.canRaiseLimits ? host.maximumOpenFiles : host.openFiles.hard
        let processes = host.canRaiseLimits ? UInt64.max : host.processes.hard
        let most = ["RLIMIT_NOFILE": files, "RLIMIT_NPROC": processes]
        let defaults = most.sorted { $0.key < $1.key }.map { type, most in
            RuntimeLimit(type: type, hard: min(wanted, most), soft: min(wanted, most))
        }
        let replaced = Set(blueprint.limits.map(\.type))
        let own = blueprint.limits.map { limit in
            let most = most[limit.type] ?? (host.canRaiseLimits ? nil : host.hardLimits[limit.type]) ?? .max
            return RuntimeLimit(type: limit.type, hard: min(limit.hard, most), soft: min(limit.soft, most))
        }
        return defaults.filter { !replaced.contains($0.type) } + own
    }
}

/// What `exec` is to run.
public struct ExecBlueprint: Sendable {
    /// The program and its arguments.
    public var args: [String]
    /// Variables besides the container's, which they replace.
    public var env: [String] = []
    /// The working directory; the container's if nil.
    public var cwd: String?
    /// Whom it runs as; the container's user if nil.
    public var user: RuntimeUser?
    /// That user's home directory.
    public var home: String?
    /// Whether it gets a terminal.
    public var terminal = false
    /// `--privileged`: every capability.
    public var privileged = false

    /// A process with the container's own settings.
    public init(args: [String]) {
        self.args = args
    }
}
