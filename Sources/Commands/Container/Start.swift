internal import ArgumentParser
internal import ContainerEngine

/// `start`: start containers that were created or have ended.
struct Start: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "start", abstract: "Start containers.")

    @Flag(name: .shortAndLong, help: "Stay attached to the process's output.")
    var attach = false

    @Flag(name: .shortAndLong, help: "Attach standard input, too.")
    var interactive = false

    @Flag(name: .long, help: "All containers.")
    var all = false

    @Flag(name: .shortAndLong, help: "The container created last.")
    var latest = false

    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp("Those that match, as ps has it: key=value.", valueName: "filter"))
    var filter: [String] = []

    @OptionGroup var attachOptions: AttachOptions

    @Argument(help: "Names or ids.")
    var containers: [String] = []

    func run() throws {
        let engine = try Invocation.engine()
        let selection = ContainerSelection(all: all, latest: latest, containers: containers)
        let chosen = try selection.chosen(engine, filters: filter, ifAll: { !$0.hasProcess })
        if attach || interactive { return try attach(engine, chosen) }
        try Failure.forEach(chosen) { container in
            do {
                if try engine.start(container.id) { Output.line(container.shown) }
            } catch {
                throw EngineError("unable to start container \"\(container.id)\": \(Failure.message(error))")
            }
        }
    }

    private func attach(_ engine: Engine, _ chosen: [ContainerSelection.Chosen]) throws {
        guard chosen.count == 1, let container = chosen.first else {
            throw EngineError("you cannot start and attach multiple containers at once")
        }
        let spec = try engine.container(container.id).spec
        let plan = attachOptions.plan(terminal: spec.terminal, input: interactive && spec.openStandardInput)
        let code = try engine.startAttached(container.id, plan)
        if code != 0 { throw ExitStatus(code: code) }
    }
}

/// `restart`: stop containers and start them again.
struct Restart: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "restart", abstract: "Restart containers.")

    @Option(
        name: [.customShort("t", allowingJoined: true), .long],
        help: ArgumentHelp("Seconds to wait before killing.", valueName: "seconds"))
    var time: Int64?

    @Flag(name: .long, help: "Only those that run, if --all is given.")
    var running = false

    @OptionGroup var selection: FilteredSelection

    func run() throws {
        let engine = try Invocation.engine()
        var selection = selection
        if running && selection.base.containers.isEmpty { selection.base.all = true }
        let chosen = try selection.chosen(engine, ifAll: { !running || $0.hasProcess })
        try Failure.forEach(chosen) { container in
            try engine.restart(container.id, timeout: time)
            Output.line(container.shown)
        }
    }
}

/// `attach`: come back to a running container.
struct Attach: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Attach to the input and output of a running container.")

    @Flag(name: .shortAndLong, help: "The container created last.")
    var latest = false

    @Flag(name: .long, help: "Leave standard input alone.")
    var noStdin = false

    @OptionGroup var attach: AttachOptions

    @Argument(help: "Name or id.")
    var container: String?

    func run() throws {
        guard (container == nil) == latest else {
            throw EngineError(
                latest
                    ? "--latest and containers cannot be used together"
                    : "attach requires the name or id of one running container or the latest flag")
        }
        let engine = try Invocation.engine()
        guard let record = try container.map(engine.container) ?? engine.containers().last else {
            throw EngineError("no containers: there is no latest one", kind: .noSuchContainer)
        }
        guard engine.refreshed(record).isRunning else {
            throw EngineError("you can only attach to running containers", kind: .inUse)
        }
        let plan = attach.plan(
            terminal: record.spec.terminal, input: !noStdin && record.spec.openStandardInput)
        let code = try engine.attach(record.id, plan)
        if code != 0 { throw ExitStatus(code: code) }
    }
}
