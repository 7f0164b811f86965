internal import ContainerRuntime
internal import ContainerStorage
internal import LinuxSys
internal import OCISpec

extension ContainerSettings {
    /// Says in the runtime's words what does not depend on the mounted root or on other containers.
    func apply(to blueprint: inout ContainerBlueprint) {
        let memoryLimits = RuntimeResources.Memory(
            limit: memory, reservation: memoryReservation, swap: memorySwap, swappiness: swappiness,
            disableOOMKiller: waitsForMemory)
        if memoryLimits != .init() { blueprint.memory = memoryLimits }
        let cpu = RuntimeResources.CPU(
            shares: cpuShares, quota: cpuQuota, period: cpuPeriod, cpus: processors, mems: memoryNodes,
            realtimeRuntime: realtimeRuntime, realtimePeriod: realtimePeriod)
        if cpu != .init() { blueprint.cpu = cpu }
        blueprint.oomScoreAdjustment = oomScoreAdjustment
        if let sharedMemorySize { blueprint.sharedMemorySize = sharedMemorySize }
        blueprint.sysctl = sysctl ?? [:]
        blueprint.noNewPrivileges = security?.noNewPrivileges ?? false
        blueprint.maskedPaths = security?.masked ?? []
        blueprint.unmaskedPaths = security?.unmasked ?? []
        blueprint.personality = personality
        blueprint.annotations = annotations ?? [:]
        blueprint.initProgram = initProgram
        blueprint.systemd = runsSystemd == true
        blueprint.readOnlyTmpfs = hasNoReadOnlyTmpfs != true
        blueprint.unsetVariables = unsetVariables ?? []
        if communication == .host { blueprint.communication = .host }
        if processes == .host { blueprint.processes = .host }
        if hostName == .host { blueprint.uts = .host }
        if controlGroups == .host { blueprint.controlGroups = .host }
        if let umask { blueprint.user.umask = umask }
    }
}

extension Launcher {
    /// Adds what depends on the mounted root, on the host's files, or on other containers.
    func complete(_ blueprint: inout ContainerBlueprint, _ launch: ProcessLaunch, _ root: ContainerFiles) throws {
        guard let settings = launch.spec.settings else { return }
        blueprint.user.additionalGids = try groups(settings, root, blueprint.user.additionalGids ?? [], launch.spec.id)
        if let umask = settings.umask { blueprint.user.umask = umask }
        blueprint.devices = try (settings.devices ?? []).map { request in
            guard let file = try RuntimeDevice(host: request.source, as: request.destination) else {
                throw EngineError("no devices found in \(request.source): invalid argument")
            }
            return (file, request.access)
        }
        blueprint.deviceRules = try (settings.deviceRules ?? []).map(RuntimeResources.DeviceRule.init(allowing:))
        blueprint.blockIO = try settings.blockLimits?.resolved()
        if let file = settings.timeZoneFile {
            let path = try File.resolve(file)
            blueprint.mounts.append(
                ContainerMount(.bind(path, try MountRestrictions(of: path)), at: "/etc/localtime", options: ["ro"]))
        }
        if let path = launch.joined["pid"] { blueprint.processes = .path(path) }
        if let path = launch.joined["uts"] { blueprint.uts = .path(path) }
        if let path = launch.joined["cgroup"] { blueprint.controlGroups = .path(path) }
    }

    func groups(
        _ settings: ContainerSettings, _ root: ContainerFiles, _ own: [UInt32], _ id: String
    ) throws -> [UInt32] {
        var groups = own
        for name in settings.groups ?? [] {
            do throws(StorageError) {
                let gid = try ContainerUser.resolve("0:\(name)", in: root).gid
                if !groups.contains(gid) { groups.append(gid) }
            } catch {
                throw EngineError("looking up supplemental groups for container \(id): \(error)", exitCode: 126)
            }
        }
        return groups
    }
}

extension Engine {
    /// The namespaces of other containers that one joins.
    ///
    /// - Throws: `EngineError` when one of them does not run.
    func joinedNamespaces(_ spec: ContainerSpec) throws -> [String: String] {
        var joined: [String: String] = [:]
        for (kind, id) in spec.settings?.sharedNamespaces ?? [] {
            guard let other = try store.container(id: id), other.isRunning, let process = other.run?.initProcess else {
                throw EngineError(
                    "container \(id.prefix(12)), whose \(kind) namespace this one shares, has ended again")
            }
            joined[kind] = "/proc/\(process.pid)/ns/\(kind)"
        }
        return joined
    }
}
