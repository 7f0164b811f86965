internal import ArgumentParser
internal import ContainerEngine

/// `port`: which ports of the host lead to a container.
struct Port: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "port", abstract: "List published ports.")

    @Flag(name: .shortAndLong, help: "All running containers.")
    var all = false

    @Flag(name: .shortAndLong, help: "The container created last.")
    var latest = false

    @Argument(help: "Name or id.")
    var container: String?

    @Argument(help: ArgumentHelp("Only this port of the container: 80 or 80/tcp.", valueName: "port"))
    var port: String?

    func run() throws {
        let engine = try Invocation.engine(repairing: false)
        var selected: [ContainerRecord]
        if all {
            selected = try engine.containers().filter(\.isRunning)
        } else if latest {
            selected = Array(try engine.containers().suffix(1))
        } else {
            guard let container else { throw EngineError("you must supply a running container name or id") }
            selected = [try engine.container(container)]
        }
        // Ports of one that does not run are chosen, but lead nowhere.
        selected = selected.filter { engine.refreshed($0).isRunning }
        for record in selected {
            let mappings = record.spec.publishedPorts
            guard let port else {
                for (inside, outside) in mappings {
                    Output.line(all ? "\(record.id.prefix(12))\t\(inside) -> \(outside)" : "\(inside) -> \(outside)")
                }
                continue
            }
            let wanted = port.contains("/") ? port : "\(port)/tcp"
            let found = mappings.filter { $0.0 == wanted }
            guard !found.isEmpty else { throw EngineError("failed to find published port \"\(port)\"") }
            for (_, outside) in found { Output.line(outside) }
        }
    }
}
