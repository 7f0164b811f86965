internal import ContainerEngine
internal import GoTemplate
internal import LinuxSys

/// A container as `inspect` shows it: Podman's fields, in Podman's order.
struct ContainerDocument {
    private let inspection: ContainerInspection
    private var record: ContainerRecord { inspection.record }
    private var spec: ContainerSpec { inspection.record.spec }

    init(_ inspection: ContainerInspection) {
        self.inspection = inspection
    }

    /// The whole document.
    var value: Value {
        .structure(
            [
                .init("ID", json: "Id", .string(record.id)),
                .init("Created", .string(HumanText.timestamp(spec.created))),
                .init("Path", .string(spec.arguments.first ?? "")), .init("Args", .strings(spec.arguments)),
                .init("State", state), .init("Image", .string(spec.imageID)),
                .init("ImageDigest", .string(inspection.imageDigest)), .init("ImageName", .string(spec.imageName)),
                .init("Rootfs", ""), .init("Pod", ""),
                .init("ResolvConfPath", .string(inspection.paths.resolvConf)),
                .init("HostnamePath", .string(inspection.paths.hostname)),
                .init("HostsPath", .string(inspection.paths.hosts)),
                .init("StaticDir", .string(inspection.paths.directory)),
                .init("OCIConfigPath", .string(inspection.paths.configuration)),
                .init("OCIRuntime", .string(inspection.runtimeName)),
                .init("ConmonPidFile", .string(inspection.paths.monitorPID)),
                .init("PidFile", .string(inspection.paths.pid)), .init("Name", .string(spec.name)),
                .init("RestartCount", 0), .init("Driver", "overlay"), .init("MountLabel", ""),
                .init("ProcessLabel", ""),
                .init("AppArmorProfile", ""), .init("EffectiveCaps", .strings(inspection.capabilities)),
                .init("BoundingCaps", .strings(inspection.capabilities)),
                .init("ExecIDs", .strings(inspection.execSessions)), .init("GraphDriver", graphDriver),
                .init("Mounts", .array(mounts)), .init("Dependencies", .strings(spec.network.dependencies)),
                .init("NetworkSettings", networkSettings), .init("Namespace", ""), .init("IsInfra", false),
                .init("IsService", false), .init("Config", configuration), .init("HostConfig", hostConfiguration),
            ], typeName: "define.InspectContainerData")
    }

    private var state: Value {
        .structure(
            [
                .init("OciVersion", "1.0.2-dev"), .init("Status", .string(record.state.rawValue)),
                .init("Running", .bool(record.isRunning)), .init("Paused", false), .init("Restarting", false),
                .init("OOMKilled", false), .init("Dead", false),
                .init("Pid", .int(Int64(record.run?.initProcess?.pid ?? 0))),
                .init("ConmonPid", json: "ConmonPid", omitEmpty: true, .int(Int64(record.run?.monitor?.pid ?? 0))),
                .init("ExitCode", .int(Int64(record.exitCode ?? 0))), .init("Error", ""),
                .init("StartedAt", .string(HumanText.timestamp(record.started))),
                .init("FinishedAt", .string(HumanText.timestamp(record.finished))),
                .init("Health", .structure([.init("Status", ""), .init("FailingStreak", 0), .init("Log", .null)])),
                .init("CgroupPath", .string(record.isRunning ? inspection.cgroupPath : "")),
                .init("CheckpointedAt", "0001-01-01T00:00:00Z"), .init("RestoredAt", "0001-01-01T00:00:00Z"),
            ], typeName: "define.InspectContainerState")
    }

    private var graphDriver: Value {
        var data: [Object.Field] = []
        if !inspection.paths.lower.isEmpty {
            data.append(.init("LowerDir", .string(inspection.paths.lower.joined(separator: ":"))))
        }
        if record.isRunning { data.append(.init("MergedDir", .string(inspection.paths.merged))) }
        data += [.init("UpperDir", .string(inspection.paths.upper)), .init("WorkDir", .string(inspection.paths.work))]
        return .structure([.init("Name", "overlay"), .init("Data", .structure(data))])
    }

    private var mounts: [Value] {
        spec.mounts.filter { $0.source != .tmpfs }.map { mount in
            let isVolume = if case .bind = mount.source { false } else { true }
            var fields: [Object.Field] = [.init("Type", .string(isVolume ? "volume" : "bind"))]
            if isVolume { fields.append(.init("Name", .string(mount.sourceName))) }
            fields += [
                .init("Source", .string(inspection.source(of: mount))),
                .init("Destination", .string(mount.destination)),
                .init("Driver", .string(isVolume ? "local" : "")), .init("Mode", ""),
                .init("Options", .strings(isVolume ? ["nosuid", "nodev", "rbind"] : ["rbind"])),
                .init("RW", .bool(!mount.options.contains("ro"))),
                .init(
                    "Propagation",
                    .string(
                        mount.options.first {
                            $0.hasSuffix("shared") || $0.hasSuffix("slave") || $0.hasSuffix("private")
                        } ?? "rprivate")),
            ]
            return .structure(fields)
        }
    }

    // MARK: Network

    private var networkSettings: Value {
        // As in Podman 4, the flat fields are of the default network alone.
        let first = inspection.networks.first { $0.name == "podman" }
        var fields: [Object.Field] = [.init("EndpointID", "")]
        fields += Self.addresses(first)
        fields += [
            .init("Bridge", ""), .init("SandboxID", ""), .init("HairpinMode", false), .init("LinkLocalIPv6Address", ""),
            .init("LinkLocalIPv6PrefixLen", 0), .init("Ports", portBindings),
            .init("SandboxKey", .string(record.run?.namespacePath ?? "")),
        ]
        let owner = inspection.networkOwner
        let networks = owner.network.networks.map { name in
            (name, Self.network(name, inspection.networks.first { $0.name == name }, owner))
        }
        fields.append(.init("Networks", json: "Networks", omitEmpty: true, networks.isEmpty ? .null : .map(networks)))
        return .structure(fields, typeName: "define.InspectNetworkSettings")
    }

    private static func network(_ name: String, _ network: NetworkInspection?, _ spec: ContainerSpec) -> Value {
        var fields: [Object.Field] = [.init("EndpointID", "")]
        fields += addresses(network)
        fields += [
            .init("NetworkID", .string(name)), .init("DriverOpts", .null), .init("IPAMConfig", .null),
            .init("Links", .null),
            .init("Aliases", .strings(spec.aliases(on: name))),
        ]
        return .structure(fields, typeName: "define.InspectAdditionalNetwork")
    }

    private static func addresses(_ network: NetworkInspection?) -> [Object.Field] {
        [
            .init("Gateway", .string(network?.gateway ?? "")), .init("IPAddress", .string(network?.address ?? "")),
            .init("IPPrefixLen", .int(Int64(network?.prefixLength ?? 0))),
            .init("IPv6Gateway", .string(network?.gateway6 ?? "")),
            .init("GlobalIPv6Address", .string(network?.address6 ?? "")),
            .init("GlobalIPv6PrefixLen", .int(Int64(network?.prefixLength6 ?? 0))),
            .init("MacAddress", .string(network?.macAddress ?? "")),
        ]
    }

    private var portBindings: Value {
        var bindings: [(String, Value)] = spec.exposedPorts.map { ($0, .null) }
        for ports in spec.portList {
            for offset in 0..<ports.range {
                let key = "\(ports.containerPort + offset)/\(ports.transport)"
                let binding = Value.structure([
                    .init("HostIP", json: "HostIp", .string(ports.hostIP)),
                    .init("HostPort", .string(String(ports.hostPort + offset))),
                ])
                if let index = bindings.firstIndex(where: { $0.0 == key }), case .array(let others) = bindings[index].1
                {
                    bindings[index].1 = .array(others + [binding])
                } else {
                    bindings.removeAll { $0.0 == key }
                    bindings.append((key, .array([binding])))
                }
            }
        }
        return .map(bindings)
    }

    // MARK: Configuration

    private var labels: Value {
        spec.labels.isEmpty ? .nilMap : .map(spec.labels.map { ($0.key, .string($0.value)) })
    }

    private var configuration: Value {
        .structure(
            [
                .init("Hostname", .string(spec.hostname)), .init("Domainname", ""), .init("User", .string(spec.user)),
                .init("AttachStdin", false), .init("AttachStdout", false), .init("AttachStderr", false),
                .init("Tty", .bool(spec.terminal)), .init("OpenStdin", .bool(spec.openStandardInput)),
                .init("StdinOnce", false), .init("Env", .strings(spec.environment)),
                .init("Cmd", .strings(spec.command)),
                .init("Image", .string(spec.imageName)), .init("Volumes", .null),
                .init("WorkingDir", .string(spec.workingDirectory)),
                .init("Entrypoint", .string(spec.entrypoint.joined(separator: " "))), .init("OnBuild", .null),
                .init("Labels", labels),
                .init("Annotations", .map(inspection.annotations.map { ($0.key, .string($0.value)) })),
                .init("StopSignal", .int(Int64(spec.stopSignal))), .init("HealthcheckOnFailureAction", "none"),
                .init("CreateCommand", .strings(spec.createCommand)), .init("Umask", "0022"), .init("Timeout", 0),
                .init("StopTimeout", .int(spec.stopTimeout)), .init("Passwd", true), .init("sdNotifyMode", "container"),
            ], typeName: "define.InspectContainerConfig")
    }

    private var binds: [String] {
        spec.mounts.compactMap { mount in
            guard mount.source != .tmpfs else { return nil }
            return
                "\(mount.sourceName):\(mount.destination):\((mount.options.isEmpty ? ["rw"] : mount.options).joined(separator: ","))"
        }
    }

    private var hostConfiguration: Value {
        .structure(
            [
                .init("Binds", .strings(binds)), .init("CgroupManager", "cgroupfs"),
                .init("CgroupMode", .string("private")), .init("ContainerIDFile", ""),
                .init(
                    "LogConfig",
                    .structure([
                        .init("Type", "k8s-file"), .init("Config", .null), .init("Path", .string(inspection.paths.log)),
                        .init("Tag", ""), .init("Size", "0B"),
                    ])),
                .init("NetworkMode", .string(spec.network.name)), .init("PortBindings", portBindings),
                .init("RestartPolicy", .structure([.init("Name", ""), .init("MaximumRetryCount", 0)])),
                .init("AutoRemove", .bool(spec.autoRemove)), .init("VolumeDriver", ""), .init("VolumesFrom", .null),
                .init("CapAdd", .strings(spec.capabilitiesToAdd)), .init("CapDrop", .strings(spec.capabilitiesToDrop)),
                .init("Dns", .array([])), .init("DnsOptions", .array([])), .init("DnsSearch", .array([])),
                .init("ExtraHosts", .array([])), .init("GroupAdd", .array([])), .init("IpcMode", "shareable"),
                .init("Cgroup", ""), .init("Cgroups", "default"), .init("Links", .null), .init("OomScoreAdj", 0),
                .init("PidMode", "private"), .init("Privileged", .bool(spec.privileged)),
                .init("PublishAllPorts", false), .init("ReadonlyRootfs", .bool(spec.readOnly)),
                .init("SecurityOpt", .array([])),
                .init(
                    "Tmpfs",
                    .map(
                        spec.mounts.filter { $0.source == .tmpfs }.map {
                            ($0.destination, .string($0.options.joined(separator: ",")))
                        })),
                .init("UTSMode", "private"), .init("UsernsMode", ""), .init("ShmSize", 65_536_000),
                .init("Runtime", "oci"),
                .init("ConsoleSize", .array([0, 0])), .init("Isolation", ""), .init("CpuShares", 0), .init("Memory", 0),
                .init("NanoCpus", 0), .init("CgroupParent", ""), .init("BlkioWeight", 0), .init("CpuPeriod", 0),
                .init("CpuQuota", 0), .init("CpusetCpus", ""), .init("CpusetMems", ""), .init("Devices", .array([])),
                .init("MemoryReservation", 0), .init("MemorySwap", 0), .init("OomKillDisable", false),
                .init("PidsLimit", 2048),
            ], typeName: "define.InspectContainerHostConfig")
    }
}
