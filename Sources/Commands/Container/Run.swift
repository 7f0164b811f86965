internal import ArgumentParser
internal import ContainerEngine
internal import LinuxSys

/// `run`: create a container and start it.
struct Run: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "run", abstract: "Create a container from an image and start it.",
            usage: "\(Invocation.programName) run [options] IMAGE [COMMAND [ARG...]]", helpNames: .long)
    }

    @Flag(name: .shortAndLong, help: "Run in the background and print the container's id.")
    var detach = false

    @Option(
        name: [.customShort("a", allowingJoined: true), .customLong("attach")],
        help: ArgumentHelp("Attach to stdin, stdout or stderr alone.", valueName: "stream"))
    var streams: [String] = []

    @OptionGroup var attach: AttachOptions

    @Flag(name: .long, help: "Remove the container when it ends, and then its image, unless another one uses it.")
    var rmi = false

    @Option(name: .long, help: ArgumentHelp("Pass so many descriptors on, from 3 on.", valueName: "number"))
    var preserveFds: UInt64?

    @Flag(name: .long, help: "Print where the time went, to standard error.")
    var timing = false

    @OptionGroup var options: ContainerOptions

    func run() throws {
        if let unknown = streams.first(where: { !["stdin", "stdout", "stderr"].contains($0.lowercased()) }) {
            throw EngineError(
                "invalid stream \"\(unknown)\" for --attach - must be one of stdin, stdout, or stderr: invalid argument"
            )
        }
        let streams = streams.map { $0.lowercased() }
        let timing = Timing()
        var request = try options.request(Self.self)
        request.passedDescriptors = try PassedDescriptors.count(preserveFds)
        if rmi { (request.autoRemove, request.settings.removesImage) = (true, true) }
        let engine = try Invocation.engine(timing: timing)
        defer { if self.timing { TimingReport.print(timing) } }
        if options.tty && options.interactive && !StandardStream.isTerminal(0) {
            Output.errorLine(
                "WARN: The input device is not a TTY. The --tty and --interactive flags might not work properly")
        }
        if detach {
            Output.line(try engine.run(request))
            return
        }
        var plan = attach.plan(terminal: options.tty, input: options.interactive)
        if !streams.isEmpty {
            plan.input = plan.input && streams.contains("stdin")
            (plan.output, plan.errors) = (streams.contains("stdout"), streams.contains("stderr"))
        }
        let code = try engine.runAttached(request, plan)
        if code != 0 { throw ExitStatus(code: code) }
    }
}

/// `create`: make a container without starting it.
struct Create: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "create", abstract: "Create a container without starting it.",
            usage: "\(Invocation.programName) create [options] IMAGE [COMMAND [ARG...]]", helpNames: .long)
    }

    @OptionGroup var options: ContainerOptions

    func run() throws {
        let request = try options.request(Self.self)
        Output.line(try Invocation.engine().create(request))
    }
}

/// `--preserve-fds`: the caller's descriptors that a process in a container gets.
enum PassedDescriptors {
    /// How many they are, from 3 on. To be asked before this process opens any of its own.
    ///
    /// - Throws: `EngineError`, in Podman's words, for one that is not there.
    static func count(_ asked: UInt64?) throws -> Int32 {
        let count = Int32(clamping: asked ?? 0)
        for number in 3..<3 + Int64(count) where !File.exists("/proc/self/fd/\(number)") {
            throw EngineError(
                "file descriptor \(number) is not available - the preserve-fds option requires that file descriptors "
                    + "must be passed")
        }
        return count
    }
}

/// How a command that stays in the foreground is tied to the process in the container.
struct AttachOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Keys that detach from the terminal.", valueName: "keys"))
    var detachKeys = "ctrl-p,ctrl-q"

    @Flag(name: .long, inversion: .prefixedNo, help: "Pass signals on to the process.")
    var sigProxy = true

    func plan(terminal: Bool, input: Bool) -> AttachPlan {
        AttachPlan(terminal: terminal, input: input, detachKeys: detachKeys, proxySignals: sigProxy)
    }
}

/// `--timing`: the waterfall of a command.
enum TimingReport {
    static func print(_ timing: Timing) {
        func milliseconds(_ nanoseconds: Int64) -> String {
            let microseconds = nanoseconds / 1000
            let fraction = String(microseconds % 1000)
            return "\(microseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
        }
        func padded(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        Output.errorLine("   start ms      took ms  step")
        for span in timing.recorded {
            Output.errorLine(
                "\(padded(milliseconds(span.start), 11))  \(padded(milliseconds(span.duration), 11))  \(span.name)")
        }
    }
}
