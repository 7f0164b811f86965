internal import ContainerEngine
internal import GoTemplate

extension ContainerDocument {
    /// `HostConfig`: what the host was asked for.
    var hostConfiguration: Value {
        .structure(
            mountFields + capabilityFields + nameFields + isolationFields + resourceFields,
            typeName: "define.InspectContainerHostConfig")
    }

    private var spec: ContainerSpec { inspection.record.spec }
    private var settings: ContainerSettings { spec.settings ?? ContainerSettings() }

    private static func mode(_ namespace: NamespaceMode?, own: String) -> String {
        switch namespace {
        case nil: own
        case .host: "host"
        case .container(let id): "container:\(id)"
        }
    }

    private var securityOptions: [String] {
        let security = settings.security ?? SecurityOptions()
        return (security.noNewPrivileges == true ? ["no-new-privileges"] : [])
            + (security.seccomp.map { ["seccomp=\($0)"] } ?? [])
            + (security.masked.map { ["mask=\($0.joined(separator: ":"))"] } ?? [])
            + (security.unmasked.map { ["unmask=\($0.joined(separator: ":"))"] } ?? [])
    }

    private var devices: Value {
        .array(
            (settings.devices ?? []).map { device in
                .structure([
                    .init("PathOnHost", .string(device.source)), .init("PathInContainer", .string(device.destination)),
                    .init("CgroupPermissions", .string(device.access)),
                ])
            })
    }

    /// `--cpus`, as Podman counts it back from quota and period: billionths of a processor.
    private var nanoCPUs: Int64 {
        guard let quota = settings.cpuQuota, let period = settings.cpuPeriod, quota > 0, period > 0 else { return 0 }
        return quota.multipliedReportingOverflow(by: 1_000_000_000).partialValue / Int64(clamping: period)
    }

    private var mountFields: [Object.Field] {
        let binds = spec.inspectedMounts.map {
            "\($0.sourceName):\($0.destination):\($0.effectiveOptions.joined(separator: ","))"
        }
        return [
            .init("Binds", .strings(binds)), .init("CgroupManager", "cgroupfs"),
            .init("CgroupMode", .string(Self.mode(settings.controlGroups, own: "private"))),
            .init("ContainerIDFile", .string(spec.idFile ?? "")),
            .init(
                "LogConfig",
                .structure([
                    .init("Type", settings.keepsNoLog == true ? "none" : "k8s-file"), .init("Config", .nilMap),
                    .init("Path", .string(inspection.paths.log)),
                    .init("Tag", ""), .init("Size", "0B"),
                ])),
            .init("NetworkMode", .string(spec.network.name)), .init("PortBindings", portBindings),
            .init(
                "RestartPolicy",
                .structure([
                    .init("Name", .string(settings.restart?.name ?? "")),
                    .init("MaximumRetryCount", .int(settings.restart?.retries ?? 0)),
                ])),
            .init("AutoRemove", .bool(spec.autoRemove)), .init("VolumeDriver", ""), .init("VolumesFrom", .nilSlice),
        ]
    }

    private var capabilityFields: [Object.Field] {
        [
            .init("CapAdd", .strings(process.addedCapabilities)),
            .init("CapDrop", .strings(process.droppedCapabilities)),
        ]
    }

    private var nameFields: [Object.Field] {
        [
            .init("Dns", .strings(spec.resolver?.servers ?? [])),
            .init("DnsOptions", .strings(spec.resolver?.options ?? [])),
            .init("DnsSearch", .strings(spec.resolver?.search ?? [])),
            .init("ExtraHosts", .strings(spec.addedHosts ?? [])),
            .init("GroupAdd", .strings(settings.groups ?? [])),
        ]
    }

    private var isolationFields: [Object.Field] {
        let memory = spec.memoryFileSystems.map { ($0.key, Value.string($0.value.joined(separator: ","))) }
        return [
            .init("IpcMode", .string(Self.mode(settings.communication, own: "shareable"))), .init("Cgroup", ""),
            .init("Cgroups", "default"), .init("Links", .nilSlice),
            .init("OomScoreAdj", .int(Int64(settings.oomScoreAdjustment ?? 0))),
            .init("PidMode", .string(Self.mode(settings.processes, own: "private"))),
            .init("Privileged", .bool(spec.privileged)),
            .init("PublishAllPorts", false), .init("ReadonlyRootfs", .bool(spec.readOnly)),
            .init("SecurityOpt", .strings(securityOptions)), .init("Tmpfs", .map(memory)),
            .init("UTSMode", .string(Self.mode(settings.hostName, own: "private"))),
            .init("UsernsMode", ""), .init("ShmSize", .int(settings.sharedMemorySize ?? 65_536_000)),
            .init("Runtime", "oci"),
            .init("ConsoleSize", .array([0, 0])), .init("Isolation", ""),
        ]
    }

    /// As in Podman: -1 where memory is limited otherwise, 0 where it is not.
    private var swappiness: Int64 {
        if let swappiness = settings.swappiness { return Int64(clamping: swappiness) }
        let isLimited = settings.memory != nil || settings.memoryReservation != nil || settings.waitsForMemory != nil
        return isLimited ? -1 : 0
    }

    private var blockFields: [Object.Field] {
        let limits = settings.blockLimits
        func devices(_ devices: [DeviceLimit]?, _ number: String) -> Value {
            // As in Podman: lists were made if anything of it was asked for.
            guard let devices else { return .nilSlice }
            return .array(
                devices.map { device in
                    .structure([
                        .init("Path", .string(device.path)), .init(number, .int(Int64(clamping: device.value))),
                    ])
                })
        }
        return [
            .init("BlkioWeight", .int(Int64(limits?.weight ?? 0))),
            .init("BlkioWeightDevice", devices(limits?.weights, "Weight")),
            .init("BlkioDeviceReadBps", devices(limits?.readBytes, "Rate")),
            .init("BlkioDeviceWriteBps", devices(limits?.writtenBytes, "Rate")),
            .init("BlkioDeviceReadIOps", devices(limits?.reads, "Rate")),
            .init("BlkioDeviceWriteIOps", devices(limits?.writes, "Rate")),
        ]
    }

    private var resourceFields: [Object.Field] {
        let limits = process.limits.map { limit in
            // Without a limit Podman says -1, as setrlimit(2) counts it.
            Value.structure([
                .init("Name", .string(limit.name)), .init("Soft", .int(Int64(bitPattern: limit.soft))),
                .init("Hard", .int(Int64(bitPattern: limit.hard))),
            ])
        }
        return [
            .init("CpuShares", .int(Int64(clamping: settings.cpuShares ?? 0))),
            .init("Memory", .int(settings.memory ?? 0)), .init("NanoCpus", .int(nanoCPUs)), .init("CgroupParent", ""),
        ] + blockFields + [
            .init("CpuPeriod", .int(Int64(clamping: settings.cpuPeriod ?? 0))),
            .init("CpuQuota", .int(settings.cpuQuota ?? 0)),
            .init("CpuRealtimePeriod", .int(Int64(clamping: settings.realtimePeriod ?? 0))),
            .init("CpuRealtimeRuntime", .int(settings.realtimeRuntime ?? 0)),
            .init("CpusetCpus", .string(settings.processors ?? "")),
            .init("CpusetMems", .string(settings.memoryNodes ?? "")), .init("Devices", devices), .init("DiskQuota", 0),
            .init("KernelMemory", 0),
            .init("MemoryReservation", .int(settings.memoryReservation ?? 0)),
            .init("MemorySwap", .int(settings.memorySwap ?? 0)), .init("MemorySwappiness", .int(swappiness)),
            .init("OomKillDisable", .bool(settings.waitsForMemory == true)),
            .init("PidsLimit", .int(spec.pidsLimit ?? 2048)),
            .init("Ulimits", .array(limits)),
            .init("CpuCount", 0), .init("CpuPercent", 0), .init("IOMaximumIOps", 0), .init("IOMaximumBandwidth", 0),
            .init("CgroupConf", .nilMap),
        ]
    }
}
