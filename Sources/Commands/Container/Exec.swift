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

    @Option(name: .long, help: ArgumentHelp("Read variables from a file, one a line.", valueName: "file"))
    var envFile: [String] = []

    @Flag(name: .shortAndLong, help: "In the container created last.")
    var latest = false

    @Flag(name: .long, help: "Give the process every capability.")
    var privileged = false

    @OptionGroup var attach: AttachOptions

    @Option(name: .long, help: ArgumentHelp("Pass so many descriptors on, from 3 on.", valueName: "number"))
    var preserveFds: UInt64?

    @Flag(name: .long, help: "Print where the time went, to standard error.")
    var timing = false

    @Argument(
        parsing: .captureForPassthrough, help: ArgumentHelp("The container, then the command.", valueName: "container"))
    var words: [String] = []

    func run() throws {
        try Passthrough.check(words.first, Self.self)
        guard latest || !words.isEmpty else {
            throw EngineError("exec requires the name or ID of a container or the --latest flag")
        }
        let passedDescriptors = try PassedDescriptors.count(preserveFds)
        let variables = try EnvironmentWords.variables(files: envFile, words: env)
        let timing = Timing()
        defer { if self.timing { TimingReport.print(timing) } }
        let engine = try Invocation.engine(repairing: false, timing: timing)
        var words = words[...]
        guard let container = try latest ? engine.containers().last?.id : words.popFirst() else {
            throw EngineError("no containers: there is no latest one", kind: .noSuchContainer)
        }
        var request = ExecRequest(container: container, arguments: Array(words))
        request.environment = variables
        request.workingDirectory = workdir
        request.user = user
        request.privileged = privileged
        request.terminal = tty
        request.openStandardInput = interactive
        request.passedDescriptors = passedDescriptors
        if detach {
            Output.line(try engine.execDetached(request))
            return
        }
        let code = try engine.exec(request, attach.plan(terminal: tty, input: interactive))
        if code != 0 { throw ExitStatus(code: code) }
    }
}
