internal import ArgumentParser
internal import ContainerEngine
internal import LinuxSys

/// `logs`: what containers have written.
struct Logs: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "logs", abstract: "Show what a container has written.")

    @Flag(name: .shortAndLong, help: "Go on until the container ends.")
    var follow = false

    @Option(name: .long, help: ArgumentHelp("Only the last lines (default: all).", valueName: "number"))
    var tail: Int?

    @Option(name: .long, help: ArgumentHelp("Only lines since a time, or that long ago (10m).", valueName: "time"))
    var since: String?

    @Option(name: .long, help: ArgumentHelp("Only lines until a time, or that long ago.", valueName: "time"))
    var until: String?

    @Flag(name: .shortAndLong, help: "Show the time of each line.")
    var timestamps = false

    @Flag(name: .shortAndLong, help: "Of several containers, show names before the lines, not ids.")
    var names = false

    @Flag(name: .long, help: "Show each container in a colour of its own.")
    var color = false

    @Flag(name: .long, help: "Nothing more: there is nothing more to show.")
    var details = false

    @Flag(name: .shortAndLong, help: "The container created last.")
    var latest = false

    @Argument(help: "Names or ids.")
    var containers: [String] = []

    func run() throws {
        let engine = try Invocation.engine(repairing: false)
        var references = containers
        if latest {
            guard references.isEmpty else { throw EngineError("--latest and containers cannot be used together") }
            references = try engine.containers().last.map { [$0.id] } ?? []
        }
        guard !references.isEmpty else { throw EngineError("specify at least one container name or ID to log") }
        let request = LogRequest(
            follow: follow, tail: tail.flatMap { $0 < 0 ? nil : $0 }, since: since, until: until,
            timestamps: timestamps, names: names, colors: color)
        try engine.logs(references, request, write: { try StandardStream.write($0, $1) })
    }
}
