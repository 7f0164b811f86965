internal import ContainerEngine
internal import GoTemplate
internal import LinuxSys

/// A container as `inspect` shows it: Podman's fields, in Podman's order.
struct ContainerDocument {
    let inspection: ContainerInspection
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
                .init("Created", GoTime(nanoseconds: spec.created).value),
                .init("Path", .string(spec.arguments.first ?? "")), .init("Args", .strings(arguments)),
                .init("State", state), .init("Image", .string(spec.imageID)),
                .init("ImageDigest", .string(inspection.imageDigest)), .init("ImageName", .string(spec.imageName)),
                .init("Rootfs", ""), .init("Pod", ""),
                .init("ResolvConfPath", .string(inspection.paths.resolvConf)),
                .init("HostnamePath", .string(inspection.paths.hostname)),
                .init("HostsPath", .string(inspection.paths.hosts)),
                .init("StaticDir", .string(inspection.paths.directory)),
                .init("OCIConfigPath", .string(inspection.paths.configuration)),
                .init("OCIRuntime", .string(inspection.runtimeName)),
                .init("ConmonPidFile", .string(spec.settings?.monitorPIDFile ?? inspection.paths.monitorPID)),
                .init("PidFile", .string(spec.settings?.pidFile ?? inspection.paths.pid)),
                .init("Name", .string(spec.name)),
                .init("RestartCount", .int(inspection.restarts)), .init("Driver", "overlay"), .init("MountLabel", ""),
                .init("ProcessLabel", ""),
                .init("AppArmorProfile", ""), .init("EffectiveCaps", Self.list(process.effectiveCapabilities)),
                .init("BoundingCaps", Self.list(process.boundingCapabilities)),
                .init("ExecIDs", .strings(inspection.execSessions)), .init("GraphDriver", graphDriver),
                .init("SizeRw", json: "SizeRw", omitEmpty: true, inspection.size.map { .int($0.written) } ?? .null),
                .init("SizeRootFs", json: "SizeRootFs", omitEmpty: true, .int(inspection.size?.image ?? 0)),
                .init("Mounts", .array(mounts)), .init("Dependencies", .strings(spec.dependencies)),
                .init("NetworkSettings", networkSettings), .init("Namespace", ""), .init("IsInfra", false),
                .init("IsService", false), .init("Config", configuration), .init("HostConfig", hostConfiguration),
            ], typeName: "define.InspectContainerData")
    }

    var process: InspectedProcess { inspection.process }

    /// As in Podman: without the program, except where there is nothing but the program.
    private var arguments: [String] {
        spec.arguments.count > 1 ? Array(spec.arguments.dropFirst()) : spec.arguments
    }

    /// A Go slice, which was never made if there is nothing in it.
    private static func list(_ texts: [String]) -> Value { texts.isEmpty ? .nilSlice : .strings(texts) }

    private var state: Value {
        let health = Value.structure([.init("Status", ""), .init("FailingStreak", 0), .init("Log", .nilSlice)])
        return .structure(
            [
                .init("OciVersion", "1.0.2-dev"), .init("Status", .string(record.state.rawValue)),
                .init("Running", .bool(record.isRunning)), .init("Paused", .bool(record.state == .paused)),
                .init("Restarting", false),
                .init("OOMKilled", false), .init("Dead", false),
                .init("Pid", .int(Int64(record.run?.initProcess?.pid ?? 0))),
                .init("ConmonPid", json: "ConmonPid", omitEmpty: true, .int(Int64(record.run?.monitor?.pid ?? 0))),
                .init("ExitCode", .int(Int64(record.exitCode ?? 0))), .init("Error", ""),
                .init("StartedAt", GoTime(nanoseconds: record.started).value),
                .init("FinishedAt", GoTime(nanoseconds: record.finished).value),
                .init("Health", health), .init("Healthcheck", json: nil, health),
                .init(
                    "CgroupPath", json: "CgroupPath", omitEmpty: true,
                    .string(record.hasProcess ? inspection.cgroupPath : "")),
                .init("CheckpointedAt", GoTime.zero.value), .init("RestoredAt", GoTime.zero.value),
            ], typeName: "define.InspectContainerState")
    }

    private var graphDriver: Value {
        var data = [("UpperDir", inspection.paths.upper), ("WorkDir", inspection.paths.work)]
        if !inspection.paths.lower.isEmpty {
            data.append(("LowerDir", inspection.paths.lower.joined(separator: ":")))
        }
        if record.hasProcess { data.append(("MergedDir", inspection.paths.merged)) }
        return .structure([.init("Name", "overlay"), .init("Data", .map(data.map { ($0.0, .string($0.1)) }))])
    }

    private var mounts: [Value] {
        spec.inspectedMounts.map { mount in
            let isVolume = mount.isVolume
            let (propagation, options) = Self.split(mount.effectiveOptions)
            return .structure([
                .init("Type", .string(isVolume ? "volume" : "bind")),
                .init("Name", json: "Name", omitEmpty: true, .string(isVolume ? mount.sourceName : "")),
                .init("Source", .string(inspection.source(of: mount))),
                .init("Destination", .string(mount.destination)),
                .init("Driver", .string(isVolume ? "local" : "")), .init("Mode", ""),
                .init("Options", .strings(options)), .init("RW", .bool(!mount.options.contains("ro"))),
                .init("Propagation", .string(propagation)),
            ])
        }
    }

    /// The propagation among a mount's options, and the others, without whether it can be written to.
    private static func split(_ options: [String]) -> (propagation: String, others: [String]) {
        let propagations = ["shared", "slave", "private", "unbindable"].flatMap { [$0, "r\($0)"] }
        return (
            options.first(where: propagations.contains) ?? "rprivate",
            options.filter { !propagations.contains($0) && $0 != "rw" && $0 != "ro" }
        )
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

    var portBindings: Value {
        // A container without networks of its own has no ports of its own, whatever its image exposes.
        var bindings: [(String, Value)] =
            if case .bridge = spec.network { spec.exposedPorts.map { ($0, .nilSlice) } } else { [] }
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
                .init("StdinOnce", false), .init("Env", .strings(process.environment)),
                .init("Cmd", .strings(spec.command)),
                .init("Image", .string(spec.imageName)), .init("Volumes", .nilMap),
                .init("WorkingDir", .string(spec.workingDirectory)),
                .init("Entrypoint", .string(spec.entrypoint.joined(separator: " "))), .init("OnBuild", .nilSlice),
                .init("Labels", labels),
                .init("Annotations", annotations),
                .init("StopSignal", .int(Int64(spec.stopSignal))), .init("HealthcheckOnFailureAction", "none"),
                .init("CreateCommand", .strings(spec.createCommand)),
                .init("SystemdMode", json: "SystemdMode", omitEmpty: true, .bool(spec.settings?.runsSystemd == true)),
                .init("Umask", .string(spec.settings?.umaskText ?? "0022")),
                .init("Timeout", .int(Int64(clamping: spec.settings?.secondsToRun ?? 0))),
                .init("StopTimeout", .int(spec.stopTimeout)),
                .init("Passwd", .bool(spec.settings?.addsNoAccount != true)), .init("sdNotifyMode", "container"),
            ], typeName: "define.InspectContainerConfig")
    }

    /// What the runtime is told, and what Podman's tools look for besides it.
    private var annotations: Value {
        var all = process.annotations
        func flag(_ name: String, _ isSet: Bool) { all["io.podman.annotations.\(name)"] = isSet ? "TRUE" : "FALSE" }
        flag("autoremove", spec.autoRemove)
        flag("init", spec.settings?.initProgram != nil)
        flag("privileged", spec.privileged)
        if let file = spec.idFile { all["io.podman.annotations.cid-file"] = file }
        all["io.kubernetes.cri-o.TTY"] = spec.terminal ? "true" : "false"
        all["io.kubernetes.cri-o.Created"] = HumanText.timestamp(spec.created)
        return .map(all.map { ($0.key, .string($0.value)) })
    }
}
