public import ArgumentParser
internal import LinuxSys

/// The command line: `swiftlet`, or `podman` where it is linked so.
public struct RootCommand: ParsableCommand {
    /// The commands and the program's name.
    public static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Invocation.programName,
            abstract: "Run containers from OCI images, on networks that explain themselves.",
            version: "\(Invocation.programName) version \(Version.engine)",
            groupedSubcommands: [
                CommandGroup(
                    name: "Container",
                    subcommands: [
                        Run.self, Create.self, Initialize.self, Start.self, Stop.self, Kill.self, Remove.self,
                        List.self, Exec.self,
                        Logs.self,
                        Wait.self, Attach.self, Restart.self, Pause.self, Unpause.self, Rename.self, Port.self,
                        Top.self,
                        Export.self, Stats.self,
                        ContainerCommand.self,
                    ]),
                CommandGroup(
                    name: "Image",
                    subcommands: [
                        Pull.self, Push.self, Load.self, Save.self, Images.self, RemoveImage.self, Tag.self, Untag.self,
                        History.self, Import.self, Commit.self, Diff.self, ImageCommand.self, ManifestCommand.self,
                        Search.self, Login.self, Logout.self,
                    ]),
                CommandGroup(name: "Network", subcommands: [NetworkCommand.self]),
                CommandGroup(name: "Volume", subcommands: [VolumeCommand.self]),
                CommandGroup(
                    name: "System", subcommands: [Inspect.self, Info.self, VersionCommand.self, SystemCommand.self]),
            ],
            helpNames: [.short, .long])
    }

    @OptionGroup var global: GlobalOptions

    /// For the argument parser.
    public init() {}

    /// The parser calls this for the root before it goes on to the command, which takes the options from there.
    public func validate() throws {
        Invocation.remember(global)
    }

    /// Parses the process's arguments, runs the command, and exits as Podman would: 125 for an error of the engine,
    /// 126 and 127 where the command cannot be run, else what the command exits with.
    public static func runAndExit() -> Never {
        StandardStream.ignoreBrokenPipes()
        if ["--version", "-v"].contains(Invocation.arguments.first) && Invocation.arguments.count == 1 {
            // Scripts ask this often; the whole command tree need not be built for it.
            Output.line(configuration.version)
            StandardStream.exitProcess(0)
        }
        do {
            try parseAndRun(Invocation.arguments)
            StandardStream.exitProcess(0)
        } catch {
            StandardStream.exitProcess(report(error))
        }
    }

    /// Parses, and runs the command; what the parser cannot read is read as Podman would, and parsed once more.
    private static func parseAndRun(_ arguments: [String]) throws {
        if !FlagSyntax.misreads(arguments), let command = try parse(arguments, ifReadable: true) {
            do { return try run(command) } catch is UnreadFlag {
                // Nothing has been done yet.
            }
        }
        var syntax = try FlagSyntax()
        let read = try syntax.read(arguments)
        do {
            guard let command = try parse(read, ifReadable: false) else { return }
            try run(command)
        } catch let flag as UnreadFlag {
            throw syntax.rephrased("unknown flag: \(flag.word)")
        } catch  where RootCommand.exitCode(for: error) == .validationFailure {
            throw syntax.rephrased(RootCommand.message(for: error))
        }
    }

    /// The command that a line is; nil when the parser cannot read the line, if that is to be no error.
    private static func parse(_ arguments: [String], ifReadable: Bool) throws -> (any ParsableCommand)? {
        do { return try parseAsRoot(arguments) } catch
            where ifReadable && RootCommand.exitCode(for: error) == .validationFailure
        {
            return nil
        }
    }

    private static func run(_ parsed: any ParsableCommand) throws {
        var command = parsed
        let configuration = type(of: command).configuration
        guard configuration.subcommands.isEmpty && configuration.groupedSubcommands.isEmpty else {
            let title = ([Invocation.programName] + Invocation.commandWords).joined(separator: " ")
            Output.text(RootCommand.helpMessage(for: type(of: command)))
            throw UsageError(
                message: "missing command '\(title) COMMAND'", hint: "Try '\(title) --help' for more information")
        }
        try command.run()
    }

    private static func report(_ error: any Error) -> Int32 {
        switch error {
        case let code as ExitStatus:
            return code.code
        case let usage as UsageError:
            Output.error(usage.message)
            if let hint = usage.hint { Output.errorLine(hint) }
            return 125
        case let errors as ErrorList:
            for error in errors.errors { Output.error("\(Failure.message(error))") }
            return errors.exitCode
        default:
            let code = RootCommand.exitCode(for: error)
            if code == .success {
                Output.text(RootCommand.fullMessage(for: error))
                return 0
            }
            Output.error(Failure.message(error))
            return Failure.exitCode(error)
        }
    }
}

/// Options that stand before the command, as Podman's do.
struct GlobalOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Directory of what must last.", valueName: "dir"))
    var root = "/var/lib/swiftlet"

    @Option(help: ArgumentHelp("Directory of what a reboot ends.", valueName: "dir"))
    var runroot = "/run/swiftlet"

    @Option(
        help: ArgumentHelp(
            "Directory of the network definitions (default: that of containers.conf, else /etc/containers/networks).",
            valueName: "dir"))
    var networkConfigDir: String?

    @Option(
        help: ArgumentHelp(
            "OCI runtime, by name or path (default: that of containers.conf, else crun, else runc).",
            valueName: "runtime"))
    var runtime: String?

    @Option(help: ArgumentHelp("What is told: trace, debug, info, warn, error, fatal or panic.", valueName: "level"))
    var logLevel = LogLevel.warn

    @Option(help: ArgumentHelp("Only cgroupfs.", valueName: "manager"))
    var cgroupManager: OnlyValue<CgroupManager>?

    @Option(help: ArgumentHelp("Only overlay.", valueName: "driver"))
    var storageDriver: OnlyValue<StorageDriver>?

    @Option(help: ArgumentHelp("Only none: no events are kept yet.", valueName: "backend"))
    var eventsBackend: OnlyValue<EventsBackend>?
}
