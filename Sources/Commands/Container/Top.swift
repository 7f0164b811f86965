internal import ArgumentParser
internal import ContainerEngine
internal import GoTemplate

/// `top`: show the processes of a container.
struct Top: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "top", abstract: "Show the processes of a running container.",
            usage: "\(Invocation.programName) top [options] CONTAINER [FORMAT-DESCRIPTORS|ARGS...]",
            discussion: "Format descriptors: \(ProcessColumn.all.map(\.name).sorted().joined(separator: ", ")). "
                + "With anything else ps(1) is run in the container, with these arguments.")
    }

    @Flag(name: .shortAndLong, help: "Of the container created last.")
    var latest = false

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("The container, then what to show of each process.", valueName: "container"))
    var words: [String] = []

    func run() throws {
        try Passthrough.check(words.first, Self.self)
        let engine = try Invocation.engine(repairing: false)
        var words = words[...]
        guard let container = try latest ? engine.containers().last?.id : words.popFirst() else {
            throw EngineError("you must provide the name or id of a running container")
        }
        let processes = try engine.processes(of: container)
        guard let columns = ProcessColumn.columns(Array(words)) else { return try runPS(engine, container, words) }
        let rows =
            [columns.map(\.header)]
            + processes.list.map { process in
                columns.map { column in
                    Rendering.printable(column.text(process, processes)).replacing("\t", with: " ").replacing(
                        "\n", with: " ")
                }
            }
        Output.text(TabWriter.columns(rows: rows))
    }

    /// Podman, too, leaves to ps what it does not know.
    private func runPS(_ engine: Engine, _ container: String, _ words: ArraySlice<String>) throws {
        let arguments = words.flatMap { $0.split(whereSeparator: \.isWhitespace).map(String.init) }
        let request = ExecRequest(container: container, arguments: ["ps"] + arguments.filter { $0 != "--" })
        let plan = AttachPlan(terminal: false, input: false, detachKeys: "", proxySignals: false)
        let code = try engine.exec(request, plan)
        if code != 0 { throw ExitStatus(code: code) }
    }
}
