internal import ArgumentParser
internal import ContainerEngine

/// `stop`: end containers, by their stop signal and then by SIGKILL.
struct Stop: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "stop", abstract: "Stop containers.")

    @Option(
        name: [.customShort("t", allowingJoined: true), .long],
        help: ArgumentHelp("Seconds to wait before killing.", valueName: "seconds"))
    var time: Int64?

    @OptionGroup var selection: FilteredSelection

    func run() throws {
        let engine = try Invocation.engine()
        let chosen = try selection.chosen(engine, ifAll: { $0.hasProcess })
        try Failure.forEach(chosen) { container in
            try engine.stop(container.id, timeout: time)
            Output.line(container.shown)
        }
    }
}

/// `kill`: send a signal to the first process of containers.
struct Kill: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill", abstract: "Send a signal to containers (default KILL).")

    @Option(name: [.customShort("s", allowingJoined: true), .long], help: "The signal, by name or number.")
    var signal = "KILL"

    @OptionGroup var selection: ContainerSelection

    func run() throws {
        let engine = try Invocation.engine()
        try Failure.forEach(try selection.chosen(engine, ifAll: { $0.hasProcess })) { container in
            try engine.kill(container.id, signal: signal)
            Output.line(container.shown)
        }
    }
}

/// `wait`: wait for containers to end, and print their exit codes.
struct Wait: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait for containers to end and print their exit codes.")

    @Option(
        name: [.customShort("i", allowingJoined: true), .long],
        help: ArgumentHelp(
            "How often to look for a condition that nothing tells of, such as 250ms; milliseconds if it is a number.",
            valueName: "time"))
    var interval = "250ms"

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Wait for this state, or the first of several: created, running, stopped, exited, …", valueName: "state"))
    var condition: [String] = []

    @Flag(name: .long, help: "Say -1 instead of failing for a container that does not exist.")
    var ignore = false

    @Flag(name: .shortAndLong, help: "The container created last.")
    var latest = false

    @Argument(help: "Names or ids.")
    var containers: [String] = []

    func run() throws {
        let interval = try Engine.waitInterval(interval)
        let states = try condition.map(Engine.waitCondition)
        let engine = try Invocation.engine()
        if latest && !containers.isEmpty { throw EngineError("--latest and containers cannot be used together") }
        guard latest || !containers.isEmpty else { throw EngineError("wait requires at least one name or id") }
        let ids = try latest ? engine.containers().suffix(1).map(\.id) : containers.map { try id($0, engine) }
        try Failure.forEach(ids) { id in
            guard let id else { return Output.line("-1") }
            Output.line(String(try engine.wait(id, for: states, every: interval)))
        }
    }

    private func id(_ reference: String, _ engine: Engine) throws -> String? {
        do { return try engine.container(reference).id } catch let error as EngineError
            where ignore && error.kind == .noSuchContainer
        {
            return nil
        }
    }
}
