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

    @Flag(name: .shortAndLong, help: "Show the container's name before each line.")
    var names = false

    @Flag(name: .shortAndLong, help: "The container created last.")
    var latest = false

    @Argument(help: "Names or ids.")
    var containers: [String] = []

    func run() throws {
        let engine = try Invocation.engine(repairing: false)
        var references = containers
        if latest, let last = try engine.containers().last { references = [last.id] }
        guard !references.isEmpty else { throw EngineError("logs requires at least 1 name or id") }
        let request = LogRequest(
            follow: follow, tail: tail.flatMap { $0 < 0 ? nil : $0 }, since: since, until: until,
            timestamps: timestamps,
            names: names)
        try Failure.forEach(references) { try engine.logs($0, request, write: { try StandardStream.write($0, $1) }) }
    }
}
