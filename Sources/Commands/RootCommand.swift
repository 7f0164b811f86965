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
            groupedSubcommands: commands.map { CommandGroup(name: $0, subcommands: $1) })
    }

    /// The commands by the groups that help shows them in.
    static let commands: KeyValuePairs<String, [any ParsableCommand.Type]> = [
        "Container": [
            Run.self, Create.self, Initialize.self, Start.self, Stop.self, Kill.self, Remove.self, List.self, Exec.self,
            Logs.self, Wait.self, Attach.self, Restart.self, Pause.self, Unpause.self, Rename.self, Port.self, Top.self,
            Stats.self, Export.self, ContainerCommand.self,
        ],
        "Image": [
            Pull.self, Push.self, Load.self, Save.self, Images.self, RemoveImage.self, Tag.self, Untag.self,
            History.self, Import.self, Commit.self, Diff.self, ImageCommand.self, ManifestCommand.self, Search.self,
            Login.self, Logout.self,
        ],
        "Network": [NetworkCommand.self],
        "Volume": [VolumeCommand.self],
        "System": [Inspect.self, Info.self, VersionCommand.self, SystemCommand.self],
    ]

    @OptionGroup var global: GlobalOptions

    /// For the argument parser.
    public init() {}

    /// The parser calls this for the root before it goes on to the command, which takes the options from there.
    public func validate() throws {
        Invocation.remember(global.values)
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
        if !FlagSyntax.misreads(arguments),
            let command = try ifReadable({ try DirectCommand.parse(line: arguments) })
                ?? ifReadable({ try parseAsRoot(arguments) })
        {
            do { return try run(command) } catch is UnreadFlag {
                // Nothing has been done yet.
            }
        }
        var syntax = try FlagSyntax()
        let read = try syntax.read(arguments)
        do {
            try run(try parseAsRoot(read))
        } catch let flag as UnreadFlag {
            throw syntax.rephrased("unknown flag: \(flag.word)")
        } catch  where RootCommand.exitCode(for: error) == .validationFailure {
            throw syntax.rephrased(RootCommand.message(for: error))
        }
    }

    /// The command that a line is; nil when the parser cannot read the line.
    private static func ifReadable(_ parse: () throws -> (any ParsableCommand)?) throws -> (any ParsableCommand)? {
        do { return try parse() } catch  where RootCommand.exitCode(for: error) == .validationFailure {
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
