internal import ArgumentParser
internal import ContainerEngine
internal import LinuxSys

/// `export`: write a container's root file system as a tar archive.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a container's root file system as a tar archive.")

    @Option(
        name: [.customShort("o", allowingJoined: true), .long],
        help: ArgumentHelp("The file (default: standard output).", valueName: "file"))
    var output: String?

    @Argument(help: "Name or id.")
    var container: String

    func run() throws {
        if output == nil && StandardStream.isTerminal(1) {
            throw EngineError("refusing to export to terminal. Use -o flag or redirect")
        }
        if let output, output.contains(":") {
            throw EngineError("invalid filename (should not contain ':') \"\(output)\"")
        }
        try Invocation.engine().export(container, to: output)
    }
}
