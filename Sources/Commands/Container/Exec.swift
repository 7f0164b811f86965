internal import ArgumentParser
internal import ContainerEngine

/// `exec`: run another process in a container.
struct Exec: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "exec", abstract: "Run a command in a running container.",
            usage: "\(Invocation.programName) exec [options] CONTAINER COMMAND [ARG...]")
    }

    @Flag(name: .shortAndLong, help: "Run in the background and print the session's id.")
    var detach = false

    @Flag(name: .shortAndLong, help: "Keep standard input open.")
    var interactive = false

    @Flag(name: .shortAndLong, help: "Give the process a terminal.")
    var tty = false

    @Option(
        name: [.customShort("e", allowingJoined: true), .long],
        help: ArgumentHelp("Set a variable.", valueName: "variable"))
    var env: [String] = []

    @Option(
        name: [.customShort("w", allowingJoined: true), .long],
        help: ArgumentHelp("Working directory.", valueName: "dir"))
    var workdir: String?

    @Option(
        name: [.customShort("u", allowingJoined: true), .long],
        help: ArgumentHelp("User: name or uid, and :group.", valueName: "user"))
    var user: String?

    @Flag(name: .long, help: "Give the process every capability.")
    var privileged = false

    @OptionGroup var attach: AttachOptions

    @Flag(name: .long, help: "Print where the time went, to standard error.")
    var timing = false

    @Argument(
        parsing: .captureForPassthrough, help: ArgumentHelp("The container, then the command.", valueName: "container"))
    var words: [String] = []

    func run() throws {
        try Passthrough.check(words.first, Self.self)
        guard let container = words.first else { throw EngineError("must provide the name of a container") }
        guard words.count > 1 else {
            throw EngineError("must provide a non-empty command to start an exec session: invalid argument")
        }
        let timing = Timing()
        defer { if self.timing { TimingReport.print(timing) } }
        let engine = try Invocation.engine(repairing: false, timing: timing)
        var request = ExecRequest(container: container, arguments: Array(words.dropFirst()))
        request.environment = env
        request.workingDirectory = workdir
        request.user = user
        request.privileged = privileged
        request.terminal = tty
        request.openStandardInput = interactive
        if detach {
            Output.line(try engine.execDetached(request))
            return
        }
        let code = try engine.exec(request, try attach.plan(terminal: tty, input: interactive))
        if code != 0 { throw ExitStatus(code: code) }
    }
}
