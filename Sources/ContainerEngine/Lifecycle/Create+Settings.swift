internal import ContainerNetwork
internal import ContainerRuntime
internal import FoundationEssentials
internal import LinuxSys
internal import OCISpec

extension ContainerSpec {
    /// The settings that were asked for, looked up and held against each other.
    ///
    /// - Throws: `EngineError`, in Podman's words, for what is not there or contradicts itself.
    func settings(_ request: CreateRequest, _ engine: Engine) throws -> ContainerSettings? {
        var settings = request.settings
        settings.processes = try engine.namespaceMode(request.namespaces["pid"], "pid")
        settings.communication = try engine.namespaceMode(request.namespaces["ipc"], "ipc")
        settings.hostName = try engine.namespaceMode(request.namespaces["uts"], "uts")
        settings.controlGroups = try engine.namespaceMode(request.namespaces["cgroup"], "cgroup")
        if settings.hostName != nil, request.hostname != nil {
            throw EngineError(
                "invalid config provided: cannot set hostname when running in the \(settings.hostName == .host ? "host" : "container") "
                    + "UTS namespace: invalid configuration")
        }
        settings.runsSystemd = try runsSystemd(request) ? true : nil
        try Self.check(memory: &settings)
        try Self.check(processors: settings.processors)
        try check(sysctl: settings)
        try settings.blockLimits?.check()
        for rule in settings.deviceRules ?? [] { _ = try RuntimeResources.DeviceRule(allowing: rule) }
        engine.dropUnknownLimits(&settings)
        for device in settings.devices ?? [] where !File.exists(device.source) {
            throw EngineError("stat \(device.source): no such file or directory")
        }
        if let file = settings.timeZoneFile, !File.exists(file) {
            throw EngineError("running container create option: stat \(file): no such file or directory")
        }
        return settings == ContainerSettings() ? nil : settings
    }

    /// SIGRTMIN+3, as glibc counts: systemd(1) halts at it.
    static let systemdStopSignal: Int32 = 37

    /// `--systemd`: whether it is made ready for a systemd, because that is its program or because it shall be.
    ///
    /// - Throws: `EngineError`, in Podman's words, for another mode.
    func runsSystemd(_ request: CreateRequest) throws -> Bool {
        switch request.systemd {
        case "always": return true
        case "false": return false
        case "true", "":
            // A build puts a shell before the program.
            let words =
                arguments.count > 2 && arguments.starts(with: ["/bin/sh", "-c"]) ? arguments[2...] : arguments[...]
            guard request.settings.initProgram == nil, let program = words.first else { return false }
            let isInit = ["/sbin/init", "/usr/sbin/init", "/usr/local/sbin/init"].contains(program)
            return isInit || program.split(separator: "/").last == "systemd"
        default:
            throw EngineError(
                "invalid config provided: --systemd values must be one of \"true, false, always\": invalid configuration"
            )
        }
    }

    private static func check(memory settings: inout ContainerSettings) throws {
        guard let swap = settings.memorySwap else {
            // As much swap as memory, as Podman and Docker give.
            if let memory = settings.memory {
                settings.memorySwap = memory.multipliedReportingOverflow(by: 2).partialValue
            }
            return
        }
        guard let memory = settings.memory else {
            throw EngineError("you should always set a memory limit when using a memoryswap limit, see usage")
        }
        guard swap == -1 || swap >= memory else {
            throw EngineError("minimum memoryswap limit should be larger than memory limit, see usage")
        }
    }

    private static func check(processors: String?) throws {
        guard let processors else { return }
        let available = try File.readText("/sys/devices/system/cpu/online", limit: 4096).filter { !$0.isWhitespace }
        func numbers(_ text: String) -> Set<Int>? {
            var found: Set<Int> = []
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
                guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count < 3, 0 <= first,
                    first <= last, last < 1 << 16
                else { return nil }
                found.formUnion(first...last)
            }
            return found
        }
        guard let wanted = numbers(processors) else {
            throw EngineError("invalid value \(processors) for cpuset cpus")
        }
        guard let known = numbers(available), wanted.isSubset(of: known) else {
            throw EngineError("requested CPUs are not available - requested \(processors), available: \(available)")
        }
    }

    private static let messageParameters: Set<String> = [
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax",
        "kernel.shmmni", "kernel.shm_rmid_forced",
    ]

    /// Parameters that are a namespace's own; others would be the host's.
    private func check(sysctl settings: ContainerSettings) throws {
        for (key, value) in (settings.sysctl ?? [:]).sorted(by: { $0.key < $1.key }) {
            let own: Bool
            let kind: String
            if key.hasPrefix("net.") {
                (own, kind) = (network != .host, "Network")
            } else if Self.messageParameters.contains(key) || key.hasPrefix("fs.mqueue.") {
                (own, kind) = (settings.communication != .host, "IPC")
            } else {
                throw EngineError("sysctl '\(key)' is not allowed")
            }
            guard own else {
                throw EngineError(
                    "sysctl \(key)=\(value) can't be set since \(kind) Namespace set to host: invalid argument")
            }
        }
    }
}

extension Engine {
    fileprivate func namespaceMode(_ text: String?, _ kind: String) throws -> NamespaceMode? {
        switch text {
        case nil, "", "private": return nil
        case "shareable" where kind == "ipc": return nil
        case "host": return .host
        case let text? where text.hasPrefix("container:"):
            guard kind != "ipc" else { throw EngineError("--ipc \(text) is not there yet: use host or private") }
            do { return .container(try container(String(text.dropFirst(10))).id) } catch let error as EngineError {
                throw EngineError(
                    "looking up container to share \(kind) namespace with: \(error.message)", kind: error.kind)
            }
        case let text? where text.hasPrefix("ns:") || (text == "none" && kind == "ipc"):
            throw EngineError(
                "--\(kind == "cgroup" ? "cgroupns" : kind) \(text) is not there yet: use host\(kind == "ipc" ? "" : ", container:NAME") or private"
            )
        case let text?: throw EngineError("unrecognized namespace mode \(text) passed")
        }
    }

    /// As in Podman, some limits that the host's control groups do not have are left out with a warning.
    fileprivate func dropUnknownLimits(_ settings: inout ContainerSettings) {
        func drop<Limit>(_ limit: WritableKeyPath<ContainerSettings, Limit?>, _ reason: String, unless isKnown: Bool) {
            guard settings[keyPath: limit] != nil, !isKnown else { return }
            warn(reason)
            settings[keyPath: limit] = nil
        }
        guard settings.realtimePeriod != nil || settings.realtimeRuntime != nil || settings.blockLimits != nil else {
            return
        }
        let isUnified = ContainerCgroups.isUnified()
        drop(\.realtimePeriod, "Realtime period not supported on cgroups V2 systems", unless: !isUnified)
        drop(\.realtimeRuntime, "Realtime runtime not supported on cgroups V2 systems", unless: !isUnified)
        drop(
            \.blockWeight,
            "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.",
            unless: isUnified || File.exists("/sys/fs/cgroup/blkio/blkio.weight"))
    }

    /// What was asked to be mounted, and what other containers have mounted at other places.
    ///
    /// - Parameters:
    ///   - texts: `--volumes-from`: `CONTAINER[:OPTIONS]`.
    ///   - asked: what comes before.
    /// - Returns: both, in this order.
    /// - Throws: `EngineError`, in Podman's words, for a container or an option that there is not.
    func mounts(of texts: [String], besides asked: [MountRequest]) throws -> [MountRequest] {
        var mounts = asked
        for text in texts {
            let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
            let options = parts.count > 1 ? parts[1].split(separator: ",").map(String.init) : []
            if let unknown = options.first(where: { !["z", "ro", "rw"].contains($0) }) {
                throw EngineError(
                    "invalid option \"\(unknown)\" specified - volumes from another container can only use z,ro,rw options"
                )
            }
            let other: ContainerRecord
            do { other = try container(parts.first ?? "") } catch let error as EngineError {
                throw EngineError(
                    "looking up container \"\(parts.first ?? "")\" for volumes-from: \(error.message)", kind: error.kind
                )
            }
            for mount in other.spec.mounts where mount.source != .tmpfs {
                if mounts.contains(where: { $0.destination == mount.destination }) { continue }
                let kept = mount.options.filter { !["ro", "rw"].contains($0) || options.isDisjoint(["ro", "rw"]) }
                mounts.append(
                    MountRequest(source: mount.sourceName, destination: mount.destination, options: kept + options))
            }
        }
        return mounts
    }
}

extension [String] {
    fileprivate func isDisjoint(_ other: Set<String>) -> Bool { other.isDisjoint(with: self) }
}
