internal import ArgumentParser
internal import ContainerEngine

/// `pause`: have all processes of containers stand still.
struct Pause: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Pause all processes of containers.")

    @OptionGroup var selection: FilteredSelection

    func run() throws {
        let engine = try Invocation.engine()
        let chosen = try selection.chosen(engine, ifAll: { engine.refreshed($0).isRunning })
        try Failure.forEach(chosen) { container in
            try engine.pause(container.id)
            Output.line(container.shown)
        }
    }
}

/// `unpause`: let the processes of paused containers go on.
struct Unpause: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpause", abstract: "Let the processes of paused containers go on.")

    @OptionGroup var selection: FilteredSelection

    func run() throws {
        let engine = try Invocation.engine()
        let chosen = try selection.chosen(engine, ifAll: { engine.refreshed($0).state == .paused })
        try Failure.forEach(chosen) { container in
            try engine.unpause(container.id)
            Output.line(container.shown)
        }
    }
}
