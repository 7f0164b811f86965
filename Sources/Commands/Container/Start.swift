internal import ArgumentParser
internal import ContainerEngine

/// `start`: start containers that were created or have ended.
struct Start: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "start", abstract: "Start containers.")

    @Flag(name: .shortAndLong, help: "Stay attached to the process's output.")
    var attach = false

    @Flag(name: .shortAndLong, help: "Attach standard input, too.")
    var interactive = false

    @OptionGroup var attachOptions: AttachOptions

    @Argument(help: "Names or ids.")
    var containers: [String]

    func run() throws {
        let engine = try Invocation.engine()
        if attach || interactive {
            guard containers.count == 1, let container = containers.first else {
                throw EngineError("you cannot start and attach multiple containers at once")
            }
            let spec = try engine.container(container).spec
            let plan = try attachOptions.plan(terminal: spec.terminal, input: interactive && spec.openStandardInput)
            let code = try engine.startAttached(container, plan)
            if code != 0 { throw ExitStatus(code: code) }
            return
        }
        try Failure.forEach(containers) { container in
            try engine.start(container)
            Output.line(container)
        }
    }
}

/// `stop`: end containers, by their stop signal and then by SIGKILL.
struct Stop: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "stop", abstract: "Stop containers.")

    @Option(
        name: [.customShort("t", allowingJoined: true), .long],
        help: ArgumentHelp("Seconds to wait before killing.", valueName: "seconds"))
    var time: Int64?

    @OptionGroup var selection: ContainerSelection

    func run() throws {
        let engine = try Invocation.engine()
        try Failure.forEach(try selection.references(engine, ifAll: { $0.isRunning })) { container in
            try engine.stop(container, timeout: time)
            Output.line(container)
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
        try Failure.forEach(try selection.references(engine, ifAll: { $0.isRunning })) { container in
            try engine.kill(container, signal: signal)
            Output.line(container)
        }
    }
}

/// `wait`: wait for containers to end, and print their exit codes.
struct Wait: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait for containers to end and print their exit codes.")

    @Flag(name: .shortAndLong, help: "Say -1 instead of failing for a container that does not exist.")
    var ignore = false

    @Argument(help: "Names or ids.")
    var containers: [String]

    func run() throws {
        let engine = try Invocation.engine()
        try Failure.forEach(containers) { container in
            do {
                Output.line(String(try engine.wait(container)))
            } catch let error as EngineError where ignore && error.kind == .noSuchContainer {
                Output.line("-1")
            }
        }
    }
}
