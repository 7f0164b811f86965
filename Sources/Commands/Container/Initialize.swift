internal import ArgumentParser
internal import ContainerEngine

/// `init`: set containers up, up to where their processes wait to be started.
struct Initialize: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Set containers up without starting their processes.")

    @Flag(name: .shortAndLong, help: "All containers.")
    var all = false

    @Flag(name: .shortAndLong, help: "The container created last.")
    var latest = false

    @Argument(help: "Names or ids.")
    var containers: [String] = []

    func run() throws {
        let engine = try Invocation.engine()
        let selection = ContainerSelection(all: all, latest: latest, containers: containers)
        try Failure.forEach(try selection.chosen(engine)) { container in
            do { try engine.initialize(container.id) } catch let error as EngineError
                where all && error.kind == .inUse
            {
                // As in Podman: with --all it is no error that one is set up already.
            }
            Output.line(container.shown)
        }
    }
}
