internal import ArgumentParser
internal import ContainerEngine

/// `network connect`: one more network for a container.
struct NetworkConnect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connect", abstract: "Join a container to a network, at once if it runs.")

    @Option(name: .long, help: ArgumentHelp("One more name on the network.", valueName: "name"))
    var alias: [String] = []

    @Option(name: .long, help: ArgumentHelp("IPv4 address.", valueName: "address"))
    var ip: String?

    @Option(name: .long, help: ArgumentHelp("IPv6 address.", valueName: "address"))
    var ip6: String?

    @Option(name: .long, help: ArgumentHelp("MAC of the interface.", valueName: "mac"))
    var macAddress: String?

    @Argument(help: "The network, by name or id.")
    var network: String

    @Argument(help: "The container, by name or id.")
    var container: String

    func run() throws {
        var options = NetworkAttachmentOptions()
        for (key, value) in [("ip", ip), ("ip6", ip6), ("mac", macAddress)] {
            if let value { try options.set(key, value) }
        }
        for name in alias { try options.set("alias", name) }
        try Invocation.engine().connect(container: container, network: network, options: options)
    }
}

/// `network disconnect`: one network less for a container.
struct NetworkDisconnect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disconnect", abstract: "Take a container off a network, at once if it runs.")

    @Flag(name: .shortAndLong, help: "Do not fail if the container does not exist.")
    var force = false

    @Argument(help: "The network, by name or id.")
    var network: String

    @Argument(help: "The container, by name or id.")
    var container: String

    func run() throws {
        try Invocation.engine().disconnect(container: container, network: network, force: force)
    }
}
