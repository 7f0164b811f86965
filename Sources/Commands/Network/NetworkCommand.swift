internal import ArgumentParser
internal import ContainerEngine
internal import ContainerNetwork
internal import GoTemplate

/// `network …`: the network commands.
struct NetworkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network", abstract: "Manage networks.",
        subcommands: [
            NetworkCreate.self, NetworkList.self, NetworkInspect.self, NetworkRemove.self, NetworkPrune.self,
            NetworkExists.self, NetworkConnect.self, NetworkDisconnect.self, NetworkReload.self, NetworkUpdate.self,
            NetworkIPAM.self,
        ])
}

/// `network inspect`: everything about networks.
struct NetworkInspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show everything about networks.")

    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp("json, or a Go template.", valueName: "format"))
    var format: String?

    @Argument(help: ArgumentHelp("Names or ids.", valueName: "network"))
    var networks: [String]

    func run() throws {
        let engine = try Invocation.engine(repairing: false)
        try InspectType.network.show(networks, engine, format: format)
    }
}

/// `network rm`: remove networks.
struct NetworkRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove networks.", aliases: ["remove"])

    @Flag(name: .shortAndLong, help: "Remove the containers on them first.")
    var force = false

    @Option(
        name: [.customShort("t", allowingJoined: true), .long],
        help: ArgumentHelp("Seconds that --force waits before killing.", valueName: "seconds"))
    var time: Int64?

    @Argument(help: ArgumentHelp("Names or ids.", valueName: "network"))
    var networks: [String]

    func run() throws {
        if time != nil && !force { throw EngineError("--force option must be specified to use the --time option") }
        let engine = try Invocation.engine()
        try Failure.forEach(networks, exitCode: Self.exitCode) { network in
            do {
                Output.line(try engine.removeNetwork(network, force: force, timeout: time))
            } catch let error as NetworkError where error.kind == .notFound && force {
                return
            }
        }
    }

    /// Podman's `network rm`: 1 for a network that does not exist, 2 for one that is in use.
    private static func exitCode(_ error: any Error) -> Int32 {
        if (error as? NetworkError)?.kind == .notFound { return 1 }
        return (error as? EngineError)?.kind == .inUse ? 2 : Failure.exitCode(error)
    }
}

/// `network exists`: 0 if it does, 1 if not.
struct NetworkExists: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exists", abstract: "Exit with 0 if the network exists, with 1 if not.")

    @Argument(help: "Name or id.")
    var network: String

    func run() throws {
        do {
            _ = try Invocation.engine(repairing: false).network(network)
        } catch let error as NetworkError where error.kind == .notFound {
            throw ExitStatus(code: 1)
        }
    }
}

/// `network prune`: remove networks that nobody uses.
struct NetworkPrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove networks that no container is on.")

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var force = false

    @Option(
        name: .long, help: ArgumentHelp("label=KEY[=VALUE], label!=… or until=TIME.", valueName: "filter"))
    var filter: [String] = []

    func run() throws {
        let filter = try NetworkFilter(filter, known: ["label", "label!", "until"])
        if !force {
            let question =
                "WARNING! This will remove all networks not used by at least one container.\nAre you sure you want to continue? [y/N] "
            guard Output.confirm(question) else { return }
        }
        let engine = try Invocation.engine()
        for name in try engine.pruneNetworks(where: { filter.matches($0) { true } }) { Output.line(name) }
    }
}

/// `network reload`: put back what was flushed.
struct NetworkReload: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Put back addresses, rules and names of running containers that somebody took away.")

    @Flag(name: .shortAndLong, help: "Every container.")
    var all = false

    @Flag(name: .shortAndLong, help: "The container that was created last.")
    var latest = false

    @Argument(help: ArgumentHelp("Containers, by name or id.", valueName: "container"))
    var containers: [String] = []

    func run() throws {
        guard [all, latest, !containers.isEmpty].count(where: \.self) == 1 else {
            throw EngineError("give either names or ids of containers, --all or --latest")
        }
        let engine = try Invocation.engine()
        var references = all ? nil : containers
        if latest {
            guard let last = try engine.containers().last else { throw EngineError("there is no container") }
            references = [last.id]
        }
        for id in try engine.reloadNetworks(references) { Output.line(id) }
    }
}

/// `network update`: other servers for names.
struct NetworkUpdate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Change which servers a network's resolver asks.")

    @Option(name: .customLong("dns-add"), help: ArgumentHelp("Ask this server, too.", valueName: "address"))
    var added: [String] = []

    @Option(name: .customLong("dns-drop"), help: ArgumentHelp("Ask this server no more.", valueName: "address"))
    var dropped: [String] = []

    @Argument(help: "Name or id.")
    var network: String

    func run() throws {
        func lists(_ texts: [String]) -> [String] { texts.flatMap { $0.split(separator: ",").map(String.init) } }
        try Invocation.engine().updateNetwork(network, addServers: lists(added), dropServers: lists(dropped))
        Output.line(network)
    }
}
