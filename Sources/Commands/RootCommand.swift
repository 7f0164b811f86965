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
                        Run.self, Create.self, Start.self, Stop.self, Kill.self, Remove.self, List.self, Exec.self,
                        Logs.self,
                        Wait.self, Attach.self, Restart.self, Port.self, ContainerCommand.self,
                    ]),
                CommandGroup(
                    name: "Image",
                    subcommands: [
                        Pull.self, Push.self, Load.self, Save.self, Images.self, RemoveImage.self, Tag.self, Untag.self,
                        History.self, Import.self, Commit.self, Diff.self, ImageCommand.self, ManifestCommand.self,
                        Search.self, Login.self, Logout.self,
                    ]),
                CommandGroup(name: "Network", subcommands: [NetworkCommand.self]),
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
        refuseUnknownCommand()
        do {
            var command = try parseAsRoot(Invocation.arguments)
            try command.run()
            StandardStream.exitProcess(0)
        } catch {
            StandardStream.exitProcess(report(error))
        }
    }

    /// Says so, in Podman's words, when the first word is no command.
    private static func refuseUnknownCommand() {
        guard let word = Invocation.commandWords.first else { return }
        // Each command states its name: deriving forty from their types takes two milliseconds.
        let known = configuration.groupedSubcommands.flatMap { $0.subcommands }.map { $0._commandName }
        guard !known.contains(word), word != "help" else { return }
        Output.error("unrecognized command `\(Invocation.programName) \(word)`")
        Output.errorLine("Try '\(Invocation.programName) --help' for more information")
        StandardStream.exitProcess(125)
    }

    /// The parser's own words for an option that there is not, as Podman has them.
    private static func podmanWords(_ message: String) -> String {
        let words = message.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count > 1, words[0] == "Unknown option ", words[1].hasPrefix("-") else { return message }
        return words[1].hasPrefix("--") ? "unknown flag: \(words[1])" : "unknown shorthand flag: \(words[1])"
    }

    private static func report(_ error: any Error) -> Int32 {
        switch error {
        case let code as ExitStatus:
            return code.code
        case let errors as ErrorList:
            for error in errors.errors { Output.error("\(Failure.message(error))") }
            return errors.exitCode
        default:
            let code = RootCommand.exitCode(for: error)
            if code == .success {
                Output.text(RootCommand.fullMessage(for: error))
                return 0
            }
            if code == .validationFailure {
                Output.error(Self.podmanWords(RootCommand.message(for: error)))
                Output.errorLine(
                    "See '\(([Invocation.programName] + Invocation.commandWords).joined(separator: " ")) --help'")
                return 125
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

    @Option(help: ArgumentHelp("Directory of the network definitions.", valueName: "dir"))
    var networkConfigDir = "/etc/containers/networks"

    @Option(help: ArgumentHelp("OCI runtime, by name or path (default: crun, else runc).", valueName: "runtime"))
    var runtime: String?
}
