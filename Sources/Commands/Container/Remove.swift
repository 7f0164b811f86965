internal import ArgumentParser
internal import ContainerEngine

/// `rm`: remove containers.
struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "rm", abstract: "Remove containers.")

    @Flag(name: .shortAndLong, help: "Stop them first if they run; do not fail if they do not exist.")
    var force = false

    @Option(
        name: [.customShort("t", allowingJoined: true), .long],
        help: ArgumentHelp("Seconds that --force waits before killing.", valueName: "seconds"))
    var time: Int64?

    @Flag(name: .shortAndLong, help: "Remove their anonymous volumes, too.")
    var volumes = false

    @Flag(name: .long, help: "Remove the containers that cannot be without them, too.")
    var depend = false

    @Option(name: .long, help: ArgumentHelp("Those that match, as ps has it: key=value.", valueName: "filter"))
    var filter: [String] = []

    @OptionGroup var selection: ContainerSelection

    func run() throws {
        if time != nil && !force { throw EngineError("--force option must be specified to use the --time option") }
        let engine = try Invocation.engine()
        let chosen: [ContainerSelection.Chosen]
        do {
            chosen = try selection.chosen(engine, filters: filter, ignoring: force)
        } catch var error as EngineError {
            error.exitCode = Self.exitCode(error)
            throw error
        }
        let order = try engine.removalOrder(chosen.map(\.id), including: depend)
        try Failure.forEach(order, exitCode: Self.exitCode) { id in
            do {
                try engine.remove(id, force: force, timeout: time, volumes: volumes || force)
            } catch let error as EngineError where error.kind == .noSuchContainer && force {
                return
            }
            Output.line(chosen.first { $0.id == id }?.shown ?? id)
        }
    }

    /// Podman's `rm`: 1 for a container that does not exist, 2 for one that runs.
    static func exitCode(_ error: any Error) -> Int32 {
        switch (error as? EngineError)?.kind {
        case .noSuchContainer: 1
        case .inUse: 2
        default: Failure.exitCode(error)
        }
    }
}
