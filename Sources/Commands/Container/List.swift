internal import ArgumentParser
internal import ContainerEngine
internal import GoTemplate
internal import LinuxSys

/// `ps`: list containers.
struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps", abstract: "List containers.")

    @Flag(name: .shortAndLong, help: "All of them, not only those that run.")
    var all = false

    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp("Only those that match: key=value.", valueName: "filter"))
    var filter: [String] = []

    @Option(name: .long, help: ArgumentHelp("table, json, or a Go template.", valueName: "format"))
    var format: String?

    @Flag(name: .shortAndLong, help: "The container created last, whatever its state.")
    var latest = false

    @Option(
        name: [.customShort("n", allowingJoined: true), .long],
        help: ArgumentHelp("The last containers created, whatever their state.", valueName: "number"))
    var last: Int?

    @Flag(name: .long, help: "Show whole ids and commands.")
    var noTrunc = false

    @Flag(name: [.long, .customLong("no-heading")], help: "Leave out the header.")
    var noheading = false

    @Flag(name: .shortAndLong, help: "Print ids only.")
    var quiet = false

    @Flag(name: .long, help: "Take what the processes are now (it is always so).")
    var sync = false

    @Option(name: .long, help: "Order: command, created, id, image, names, runningfor, status.")
    var sort = ListOrder.created

    func run() throws {
        if quiet && format != nil { throw EngineError("quiet and format cannot be used together") }
        let engine = try Invocation.engine(repairing: false)
        var records = try ContainerFilter(filter, engine).apply(to: try engine.containers().map(engine.refreshed))
        let everything = all || latest || last != nil || ContainerFilter.namesState(filter)
        if !everything { records = records.filter { $0.state == .running } }
        records.reverse()
        if let last { records = Array(records.prefix(max(0, last))) }
        if latest { records = Array(records.prefix(1)) }
        records = sort.sorted(records)
        if quiet {
            for record in records { Output.line(noTrunc ? record.id : String(record.id.prefix(12))) }
            return
        }
        let isJSON = if case .json = Rendering.Format(format) { true } else { false }
        let rows = records.map { ContainerRow($0, truncated: !noTrunc) }
        try Rendering.list(
            rows.map { isJSON ? $0.json : $0.value }, format: Rendering.Format(format),
            columns: [
                ("CONTAINER ID", "{{.ID}}"), ("IMAGE", "{{.Image}}"), ("COMMAND", "{{.Command}}"),
                ("CREATED", "{{.RunningFor}}"), ("STATUS", "{{.Status}}"), ("PORTS", "{{.Ports}}"),
                ("NAMES", "{{.Names}}"),
            ],
            headings: [
                "ID": "CONTAINER ID", "CreatedHuman": "CREATED", "RunningFor": "CREATED", "ImageID": "IMAGE ID",
                "Created": "CREATED",
            ],
            heading: !noheading)
    }
}

/// `container ls`: `ps` under its noun.
struct ContainerList: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List containers.", aliases: ["list"])

    @OptionGroup var list: List

    func run() throws { try list.run() }
}

/// `ps --sort`.
enum ListOrder: String, ExpressibleByArgument, CaseIterable {
    case command, created, id, image, names, runningfor, status

    func sorted(_ records: [ContainerRecord]) -> [ContainerRecord] {
        switch self {
        // Newest last, as Podman's own order is.
        case .created, .runningfor: records.sorted { $0.spec.created < $1.spec.created }
        case .command: records.sorted { $0.spec.command.lexicographicallyPrecedes($1.spec.command) }
        case .id: records.sorted { $0.id < $1.id }
        case .image: records.sorted { $0.spec.imageName < $1.spec.imageName }
        case .names: records.sorted { $0.spec.name < $1.spec.name }
        case .status: records.sorted { $0.state.rawValue < $1.state.rawValue }
        }
    }
}

/// What `ps` shows of a container: the fields of Podman's templates and JSON.
struct ContainerRow {
    let record: ContainerRecord
    let truncated: Bool

    init(_ record: ContainerRecord, truncated: Bool) {
        self.record = record
        self.truncated = truncated
    }

    private var spec: ContainerSpec { record.spec }

    private var status: String {
        switch record.state {
        case .creating: "Creating"
        case .created: "Created"
        case .running: record.started.map { "Up \(HumanText.duration(max(0, Clock.now - $0)))" } ?? "Starting"
        case .exited: "Exited (\(record.exitCode ?? 0)) \(record.finished.map(HumanText.ago) ?? "")"
        case .removing: "Removing"
        }
    }

    private var command: String {
        let text = spec.command.joined(separator: " ")
        return truncated && text.count > 17 ? "\(text.prefix(17))..." : text
    }

    private var ports: String {
        spec.portColumn
    }

    private var labels: Value {
        spec.labels.isEmpty ? .null : .map(spec.labels.map { ($0.key, .string($0.value)) })
    }

    private var mounts: [String] { spec.mounts.map(\.destination) }

    private var seconds: (created: Int64, started: Int64, exited: Int64) {
        // Go's zero time, which Podman prints for a time that never was.
        let never: Int64 = -62_135_596_800
        return (
            spec.created / 1_000_000_000, record.started.map { $0 / 1_000_000_000 } ?? never,
            record.finished.map { $0 / 1_000_000_000 } ?? never
        )
    }

    /// What templates see.
    var value: Value {
        .structure(
            [
                .init("ID", .string(truncated ? String(record.id.prefix(12)) : record.id)),
                .init("Id", json: nil, .string(record.id)),
                .init("Image", .string(spec.imageName)), .init("ImageID", .string(String(spec.imageID.prefix(12)))),
                .init("Command", .string(command)), .init("CreatedAt", .string(HumanText.timestamp(spec.created))),
                .init("CreatedHuman", .string(HumanText.ago(spec.created))),
                .init("RunningFor", .string(HumanText.ago(spec.created))),
                .init("Created", .string(HumanText.ago(spec.created))),
                .init("Status", .string(status)), .init("State", .string(record.state.rawValue)),
                .init("Ports", .string(ports)), .init("Names", .string(spec.name)), .init("Labels", labels),
                .init("Mounts", .string(mounts.joined(separator: ","))),
                .init("Networks", .string(spec.network.networks.joined(separator: ","))),
                .init("Pid", .int(Int64(record.run?.initProcess?.pid ?? 0))),
                .init("ExitCode", .int(Int64(record.exitCode ?? 0))), .init("Exited", .bool(record.state == .exited)),
                .init("ExitedAt", .int(seconds.exited)), .init("StartedAt", .int(seconds.started)),
                .init("AutoRemove", .bool(spec.autoRemove)), .init("Pod", ""), .init("PodName", ""),
                .init("Size", ""), .init("IsInfra", false),
            ], typeName: "containers.psReporter")
    }

    /// What `--format json` prints.
    var json: Value {
        .structure([
            .init("AutoRemove", .bool(spec.autoRemove)), .init("Command", .strings(spec.command)),
            .init("CreatedAt", .string(HumanText.ago(spec.created))), .init("Exited", .bool(record.state == .exited)),
            .init("ExitedAt", .int(seconds.exited)), .init("ExitCode", .int(Int64(record.exitCode ?? 0))),
            .init("Id", .string(record.id)), .init("Image", .string(spec.imageName)),
            .init("ImageID", .string(spec.imageID)), .init("IsInfra", false), .init("Labels", labels),
            .init("Mounts", .strings(mounts)), .init("Names", .strings([spec.name])), .init("Namespaces", .map([])),
            .init("Networks", .strings(spec.network.networks)),
            .init("Pid", .int(Int64(record.run?.initProcess?.pid ?? 0))), .init("Pod", ""), .init("PodName", ""),
            .init("Ports", spec.ports.isEmpty ? .null : .array(spec.portList.map(Self.port))), .init("Size", .null),
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
