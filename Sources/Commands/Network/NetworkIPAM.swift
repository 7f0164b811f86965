internal import ArgumentParser
internal import ContainerEngine
internal import GoTemplate

/// `network ipam …`: who holds which address.
struct NetworkIPAM: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ipam", abstract: "Show, reserve and release addresses of networks.",
        subcommands: [NetworkIPAMList.self, NetworkIPAMReserve.self, NetworkIPAMRelease.self])
}

/// `network ipam ls`: who holds what, since when.
struct NetworkIPAMList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the addresses that are somebody's.", aliases: ["list"])

    @Option(name: .long, help: ArgumentHelp("table, json, or a Go template.", valueName: "format"))
    var format: String?

    @Flag(name: [.customShort("n"), .long], help: "Leave out the header.")
    var noheading = false

    @Flag(name: .shortAndLong, help: "Print addresses only.")
    var quiet = false

    @Argument(help: "Only this network, by name or id.")
    var network: String?

    func run() throws {
        let leases = try Invocation.engine(repairing: false).leases(network: network)
        try Rendering.list(
            leases.map(NetworkDocument.row), format: quiet ? .template("{{.Address}}") : Rendering.Format(format),
            columns: [
                ("NETWORK", "{{.Network}}"), ("ADDRESS", "{{.Address}}"), ("HOLDER", "{{.Holder}}"),
                ("STATE", "{{.State}}"), ("SINCE", "{{.Since}}"),
            ], heading: !noheading)
    }
}

/// `network ipam reserve`: keep an address from being given out.
struct NetworkIPAMReserve: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reserve", abstract: "Keep an address or a block from being given to containers.")

    @Argument(help: "The network, by name or id.")
    var network: String

    @Argument(help: ArgumentHelp("The address, or a block such as 10.89.0.128/28.", valueName: "address"))
    var prefix: String

    func run() throws { try Invocation.engine().reserve(network: network, prefix: prefix) }
}

/// `network ipam release`: take a reservation back.
struct NetworkIPAMRelease: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Give a reserved address or block back.")

    @Argument(help: "The network, by name or id.")
    var network: String

    @Argument(help: ArgumentHelp("The address or block, as it was reserved.", valueName: "address"))
    var prefix: String

    func run() throws { try Invocation.engine().release(network: network, prefix: prefix) }
}
