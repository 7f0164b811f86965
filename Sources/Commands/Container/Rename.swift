internal import ArgumentParser
internal import ContainerEngine

/// `rename`: give a container another name.
struct Rename: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "rename", abstract: "Rename a container.")

    @Argument(help: "Name or id.")
    var container: String

    @Argument(help: "The new name.")
    var name: String

    func run() throws { try Invocation.engine().rename(container, to: name) }
}

/// `container prune`: remove containers that do not run.
struct ContainerPrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove all containers that do not run.")

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var force = false

    @Option(name: .long, help: ArgumentHelp("label=KEY[=VALUE] or until=TIME.", valueName: "filter"))
    var filter: [String] = []

    func run() throws {
        if !force {
            let question =
                "WARNING! This will remove all non running containers.\nAre you sure you want to continue? [y/N] "
            guard Output.confirm(question) else { return }
        }
        let engine = try Invocation.engine()
        let ended = try engine.containers().map(engine.refreshed).filter { [.created, .exited].contains($0.state) }
        let chosen = try ContainerFilter(filter, engine).apply(to: ended).map(\.id)
        for id in try engine.removalOrder(chosen, including: false) {
            do { try engine.remove(id, force: false, timeout: nil, volumes: true) } catch let error as EngineError
                where [.noSuchContainer, .inUse].contains(error.kind)
            {
                // Somebody else was first, to remove it or to start it.
                continue
            }
            Output.line(id)
        }
    }
}
