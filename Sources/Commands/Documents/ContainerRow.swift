internal import ContainerEngine
internal import GoTemplate
internal import LinuxSys

/// What `ps` shows of a container: the fields of Podman's templates and JSON.
struct ContainerRow {
    private let record: ContainerRecord
    private let size: ContainerSize?
    private let truncated: Bool

    /// - Parameters:
    ///   - record: the container.
    ///   - size: what it takes of the disk, if somebody asks.
    ///   - truncated: whether ids and commands are cut to their beginnings.
    init(_ record: ContainerRecord, size: ContainerSize?, truncated: Bool) {
        self.record = record
        self.size = size
        self.truncated = truncated
    }

    private var spec: ContainerSpec { record.spec }

    private var status: String {
        switch record.state {
        case .creating: "Creating"
        case .created: "Created"
        case .running: record.started.map { "Up \(HumanText.duration(max(0, Clock.now - $0)))" } ?? "Starting"
        case .exited: "Exited (\(record.exitCode ?? 0)) \(record.finished.map(HumanText.ago) ?? "")"
        case .initialized: "Initialized"
        case .paused: "Paused"
        case .removing: "Removing"
        }
    }

    private var command: String {
        let text = spec.command.joined(separator: " ")
        return truncated && text.count > 17 ? "\(text.prefix(17))..." : text
    }

    private var labels: Value {
        spec.labels.isEmpty ? .nilMap : .map(spec.labels.map { ($0.key, .string($0.value)) })
    }

    /// Podman lists memory file systems and directories of the host before volumes.
    private var mounts: [String] {
        let (volumes, others) = spec.mounts.reduce(into: ([String](), [String]())) { lists, mount in
            switch mount.source {
            case .volume, .anonymousVolume: lists.0.append(mount.destination)
            case .bind, .tmpfs: lists.1.append(mount.destination)
            }
        }
        return others + volumes
    }

    private var sizeText: String {
        size.map { "\(HumanText.unitSize($0.written)) (virtual \(HumanText.unitSize($0.image)))" } ?? ""
    }

    private var seconds: (created: Int64, started: Int64, exited: Int64) {
        // Go's zero time, which Podman prints for a time that never was.
        let never = GoTime.zero.seconds
        return (
            spec.created / 1_000_000_000, record.started.map { $0 / 1_000_000_000 } ?? never,
            record.finished.map { $0 / 1_000_000_000 } ?? never
        )
    }

    private var process: Int32? { record.run?.initProcess?.pid }

    /// What templates see. What is dear to find is found when a template names it.
    var value: Value {
        .structure(fields + namespaceFields, typeName: "containers.psReporter")
    }

    private var fields: [Object.Field] {
        let created = spec.created
        return [
            .init("ID", .string(truncated ? String(record.id.prefix(12)) : record.id)),
            .init("Id", json: nil, .string(record.id)), .init("Image", .string(spec.imageName)),
            .init("ImageID", .string(truncated ? String(spec.imageID.prefix(12)) : spec.imageID)),
            .init("Command", .string(command)),
            .method("Created") { _ in GoTime(nanoseconds: created).value },
            .method("CreatedAt") { _ in .string(GoTime(nanoseconds: created).description) },
            .method("CreatedHuman") { _ in .string(HumanText.ago(created)) },
            .method("RunningFor") { _ in .string(HumanText.ago(created)) },
            .init("Status", .string(status)), .init("State", .string(record.state.rawValue)),
            .init("Ports", .string(spec.portColumn)), .init("Names", .string(spec.name)), .init("Labels", labels),
            .init("Mounts", .strings(mounts)),
            .init("Networks", .string(spec.network.networks.joined(separator: ","))),
            .init("Pid", .int(Int64(process ?? 0))),
            .init("ExitCode", .int(Int64(record.exitCode ?? 0))), .init("Exited", .bool(record.state == .exited)),
            .init("ExitedAt", .int(seconds.exited)), .init("StartedAt", .int(seconds.started)),
            .init("AutoRemove", .bool(spec.autoRemove)), .init("Pod", ""), .init("PodName", ""),
            .init("Restarts", 0), .init("Size", .string(sizeText)), .init("IsInfra", false),
        ]
    }

    /// Podman's names of the namespaces, and which each is.
    private static let namespaceNames: [(String, @Sendable (ContainerNamespaces) -> String)] = [
        ("Cgroup", \.cgroup), ("CGROUPNS", \.cgroup), ("IPC", \.ipc), ("MNT", \.mount), ("NET", \.network),
        ("PIDNS", \.pid), ("USERNS", \.user), ("UTS", \.uts),
    ]

    private var namespaceFields: [Object.Field] {
        let process = process
        return Self.namespaceNames.map { name, find in
            .method(name) { _ in .string(find(ContainerNamespaces(process: process))) }
        } + [.method("Namespaces") { _ in Self.namespaces(of: process) }]
    }

    private static func namespaces(of process: Int32?) -> Value {
        let found = ContainerNamespaces(process: process)
        let fields = [
            ("MNT", "Mnt", found.mount), ("Cgroup", "Cgroup", found.cgroup), ("IPC", "Ipc", found.ipc),
            ("NET", "Net", found.network), ("PIDNS", "Pidns", found.pid), ("UTS", "Uts", found.uts),
            ("User", "User", found.user),
        ]
        return .structure(fields.map { .init($0.0, json: $0.1, omitEmpty: true, .string($0.2)) })
    }

    /// What `--format json` prints, with the parts that are asked for.
    func json(size wantsSize: Bool, namespaces wantsNamespaces: Bool) -> Value {
        let size: Value =
            if let size, wantsSize {
                .structure([.init("rootFsSize", .int(size.image)), .init("rwSize", .int(size.written))])
            } else {
                .null
            }
        return .structure([
            .init("AutoRemove", .bool(spec.autoRemove)), .init("Command", .strings(spec.command)),
            .init("CreatedAt", .string(HumanText.ago(spec.created))), .init("Exited", .bool(record.state == .exited)),
            .init("ExitedAt", .int(seconds.exited)), .init("ExitCode", .int(Int64(record.exitCode ?? 0))),
            .init("Id", .string(record.id)), .init("Image", .string(spec.imageName)),
            .init("ImageID", .string(spec.imageID)), .init("IsInfra", false), .init("Labels", labels),
            .init("Mounts", .strings(mounts)), .init("Names", .strings([spec.name])),
            .init("Namespaces", wantsNamespaces ? Self.namespaces(of: process) : .map([])),
            .init("Networks", .strings(spec.network.networks)), .init("Pid", .int(Int64(process ?? 0))),
            .init("Pod", ""), .init("PodName", ""),
            .init("Ports", spec.ports.isEmpty ? .null : .array(spec.portList.map(Self.port))), .init("Size", size),
            .init("StartedAt", .int(seconds.started)), .init("State", .string(record.state.rawValue)),
            .init("Status", .string(status)), .init("Created", .int(seconds.created)),
        ])
    }

    private static func port(_ ports: PublishedPorts) -> Value {
        .structure([
            .init("host_ip", .string(ports.hostIP)), .init("container_port", .int(Int64(ports.containerPort))),
            .init("host_port", .int(Int64(ports.hostPort))), .init("range", .int(Int64(ports.range))),
            .init("protocol", .string(ports.transport)),
        ])
    }
}
