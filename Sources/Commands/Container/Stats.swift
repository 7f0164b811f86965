internal import ArgumentParser
internal import ContainerEngine
internal import GoTemplate
internal import LinuxSys

/// `stats`: show what containers take of the host.
struct Stats: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Show what containers take of processors, memory, networks and disks.")

    @Flag(name: .shortAndLong, help: "All of them, not only those that run.")
    var all = false

    @Flag(name: .shortAndLong, help: "The container created last.")
    var latest = false

    @Option(name: .long, help: ArgumentHelp("table, json, or a Go template.", valueName: "format"))
    var format: String?

    @Option(
        name: [.customShort("i", allowingJoined: true), .long],
        help: ArgumentHelp("Seconds between two looks.", valueName: "seconds"))
    var interval: Int64 = 5

    @Flag(name: .long, help: "Look once.")
    var noStream = false

    @Flag(name: .long, help: "Do not clear the screen in between.")
    var noReset = false

    @Flag(name: .long, help: "Show whole ids.")
    var noTrunc = false

    @Argument(help: "Names or ids.")
    var containers: [String] = []

    func run() throws {
        guard [all, latest, !containers.isEmpty].count(where: \.self) < 2 else {
            throw EngineError("--all, --latest and containers cannot be used together")
        }
        guard interval > 0 else { throw EngineError("invalid interval, must be a positive number greater zero") }
        let engine = try Invocation.engine(repairing: false)
        var earlier: [String: ContainerStatistics] = [:]
        while true {
            var now: [String: ContainerStatistics] = [:]
            let rows = try chosen(engine).map { record in
                let found = try engine.statistics(of: record)
                now[record.id] = found
                return StatisticsRow(record, found, since: earlier[record.id], truncated: !noTrunc)
            }
            if !noStream && !noReset { Output.clearTerminal() }
            try show(rows)
            if noStream { return }
            earlier = now
            var nothing: [PollEntry] = []
            try poll(&nothing, until: Deadline(after: .seconds(interval)))
        }
    }

    private func chosen(_ engine: Engine) throws -> [ContainerRecord] {
        if latest { return try engine.containers().suffix(1) }
        guard containers.isEmpty else {
            return try containers.map { reference in
                do { return try engine.container(reference) } catch let error as EngineError {
                    throw EngineError(
                        "unable to get list of containers: unable to look up container \(reference): \(error)")
                }
            }
        }
        return try engine.containers().filter { all || engine.refreshed($0).isRunning }
    }

    private func show(_ rows: [StatisticsRow]) throws {
        if let format, Rendering.isJSON(format) {
            return Output.line(Value.array(rows.map(\.json)).json(indent: " "))
        }
        try Rendering.list(
            rows.map(\.value), format: Rendering.Format(format),
            columns: [
                ("ID", "{{.ID}}"), ("NAME", "{{.Name}}"), ("CPU %", "{{.CPUPerc}}"),
                ("MEM USAGE / LIMIT", "{{.MemUsage}}"), ("MEM %", "{{.MemPerc}}"), ("NET IO", "{{.NetIO}}"),
                ("BLOCK IO", "{{.BlockIO}}"), ("PIDS", "{{.PIDS}}"), ("CPU TIME", "{{.UpTime}}"),
                ("AVG CPU %", "{{.AVGCPU}}"),
            ],
            headings: [
                "CPUPerc": "CPU %", "MemUsage": "MEM USAGE / LIMIT", "MemUsageBytes": "MEM USAGE / LIMIT",
                "MemPerc": "MEM %", "NetIO": "NET IO", "BlockIO": "BLOCK IO", "UpTime": "CPU TIME",
                "AVGCPU": "AVG CPU %",
            ])
    }
}
