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

    @Flag(name: .long, help: "Also what other programs made (nothing does: it is always so).")
    var external = false

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

    @Flag(name: [.customLong("ns"), .customLong("namespace")], help: "Show the namespaces of the processes.")
    var namespaces = false

    @Flag(name: .shortAndLong, help: "Show the pods (there are none).")
    var pod = false

    @Flag(name: .shortAndLong, help: "Print ids only.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Show what each takes of the disk.")
    var size = false

    @Flag(name: .long, help: "Take what the processes are now (it is always so).")
    var sync = false

    @Option(name: .long, help: "Order: command, created, id, image, names, runningfor, size, status.")
    var sort = ListOrder.created

    @Option(
        name: [.customShort("w", allowingJoined: true), .long],
        help: ArgumentHelp("List again each so many seconds, until interrupted.", valueName: "seconds"))
    var watch: UInt32?

    func run() throws {
        try checkFlags()
        guard let watch, watch > 0 else { return try list() }
        while true {
            Output.clearTerminal()
            try list()
            var nothing: [PollEntry] = []
            try poll(&nothing, until: Deadline(after: .seconds(Int64(watch))))
        }
    }

    private func checkFlags() throws {
        if last != nil && latest { throw EngineError("last and latest are mutually exclusive") }
        if quiet && (size || namespaces) { throw EngineError("quiet conflicts with size and namespace") }
        if size && namespaces { throw EngineError("size and namespace options conflict") }
        if (watch ?? 0) > 0 && latest { throw EngineError("the watch and latest flags cannot be used together") }
    }

    private func list() throws {
        let engine = try Invocation.engine(repairing: false)
        let records = try records(engine)
        if quiet && format == nil {
            for record in records { Output.line(noTrunc ? record.id : String(record.id.prefix(12))) }
            return
        }
        let format = Rendering.Format(self.format)
        // To find a size, every file that the container wrote is looked at: only for who asks.
        let needsSize = size || (self.format?.contains(".Size") ?? false)
        let isJSON = if case .json = format { true } else { false }
        let rows = try records.map { record in
            let size = needsSize ? try engine.size(of: record) : nil
            let row = ContainerRow(record, size: size, truncated: !noTrunc)
            return isJSON ? row.json(size: self.size, namespaces: namespaces) : row.value
        }
        try Rendering.list(
            rows, format: format, columns: columns,
            headings: [
                "ID": "CONTAINER ID", "CreatedHuman": "CREATED", "Pod": "POD ID",
                "PodName": "PODNAME", "Cgroup": "CGROUPNS",
            ],
            heading: !noheading)
    }

    /// The containers to list, in the order to list them.
    private func records(_ engine: Engine) throws -> [ContainerRecord] {
        var records = try ContainerFilter(filter, engine).apply(to: try engine.containers().map(engine.refreshed))
        let count = latest ? 1 : max(0, last ?? 0)
        if !all && count == 0 && !ContainerFilter.namesState(filter) {
            records = records.filter { $0.state == .running }
        }
        if count > 0 { records = records.suffix(count) }
        guard sort == .size else { return sort.sorted(records) }
        return try records.map { (record: $0, size: try engine.size(of: $0)) }
            .sorted { $0.size.image < $1.size.image }.map(\.record)
    }

    private var columns: [(header: String, template: String)] {
        if namespaces {
            return [
                ("CONTAINER ID", "{{.ID}}"), ("NAMES", "{{.Names}}"), ("PID", "{{.Pid}}"),
                ("CGROUPNS", "{{.CGROUPNS}}"), ("IPC", "{{.IPC}}"), ("MNT", "{{.MNT}}"), ("NET", "{{.NET}}"),
                ("PIDNS", "{{.PIDNS}}"), ("USERNS", "{{.USERNS}}"), ("UTS", "{{.UTS}}"),
            ]
        }
        var columns = [
            ("CONTAINER ID", "{{.ID}}"), ("IMAGE", "{{.Image}}"), ("COMMAND", "{{.Command}}"),
            ("CREATED", "{{.RunningFor}}"), ("STATUS", "{{.Status}}"), ("PORTS", "{{.Ports}}"),
            ("NAMES", "{{.Names}}"),
        ]
        if pod { columns += [("POD ID", "{{.Pod}}"), ("PODNAME", "{{.PodName}}")] }
        if size { columns.append(("SIZE", "{{.Size}}")) }
        return columns
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
    case command, created, id, image, names, runningfor, size, status

    /// The records, which come in the order of their creation and keep it where the keys are equal.
    ///
    /// For the size that is all: the caller knows it.
    func sorted(_ records: [ContainerRecord]) -> [ContainerRecord] {
        switch self {
        // Newest last, as Podman's own order is.
        case .created, .size: records
        // As in Podman: what never ran comes first.
        case .runningfor:
            stable(records) {
                $0.started ?? 0
            } by: {
                $0 < $1
            }
        case .command: stable(records, \.spec.command) { $0.lexicographicallyPrecedes($1) }
        case .id: stable(records, \.id) { $0 < $1 }
        case .image: stable(records, \.spec.imageName) { $0 < $1 }
        case .names: stable(records, \.spec.name) { $0 < $1 }
        case .status: stable(records, \.state.rawValue) { $0 < $1 }
        }
    }

    private func stable<Key>(
        _ records: [ContainerRecord], _ key: (ContainerRecord) -> Key, by precedes: (Key, Key) -> Bool
    ) -> [ContainerRecord] {
        records.enumerated().sorted { left, right in
            let (first, second) = (key(left.element), key(right.element))
            return precedes(first, second) || (!precedes(second, first) && left.offset < right.offset)
        }.map(\.element)
    }
}
