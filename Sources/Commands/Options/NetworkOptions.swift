internal import ArgumentParser
internal import ContainerEngine

/// The options of `run` and `create` that say which networks a container is on, and how it resolves names.
struct NetworkOptions: ParsableArguments {
    @Option(
        name: [.customLong("network"), .customLong("net")],
        help: ArgumentHelp(
            "Network: a name with options (NAME:ip=…,alias=…), several with commas between, bridge, none, host, private, container:NAME or ns:PATH.",
            valueName: "network"))
    var networks: [String] = []

    @Option(name: .long, help: ArgumentHelp("IPv4 address on the network.", valueName: "address"))
    var ip: String?

    @Option(name: .long, help: ArgumentHelp("IPv6 address on the network.", valueName: "address"))
    var ip6: String?

    @Option(name: .long, help: ArgumentHelp("MAC of the interface.", valueName: "mac"))
    var macAddress: String?

    @Option(name: .long, help: ArgumentHelp("One more name on every network.", valueName: "name"))
    var networkAlias: [String] = []

    @Option(name: .long, help: ArgumentHelp("Ask this server for names.", valueName: "address"))
    var dns: [String] = []

    @Option(name: .long, help: ArgumentHelp("Look names up in this domain, too; . for in none.", valueName: "domain"))
    var dnsSearch: [String] = []

    @Option(
        name: [.customLong("dns-option"), .customLong("dns-opt")],
        help: ArgumentHelp("Option of resolv.conf.", valueName: "option"))
    var dnsOption: [String] = []

    @Option(name: .long, help: ArgumentHelp("Add a line to /etc/hosts: name:address.", valueName: "entry"))
    var addHost: [String] = []

    @Flag(name: .long, help: "Leave /etc/hosts as the image has it.")
    var noHosts = false

    /// Writes what was asked for into a request.
    func apply(to request: inout CreateRequest) {
        request.networks = networks
        for (flag, value) in [("ip", ip), ("ip6", ip6)] {
            if let value { request.networkOptions.append(NetworkOption(flag: flag, key: flag, value: value)) }
        }
        if let macAddress {
            request.networkOptions.append(NetworkOption(flag: "mac-address", key: "mac", value: macAddress))
        }
        func lists(_ texts: [String]) -> [String] { texts.flatMap { $0.split(separator: ",").map(String.init) } }
        request.networkOptions += lists(networkAlias).map {
            NetworkOption(flag: "network-alias", key: "alias", value: $0, isForEveryNetwork: true)
        }
        request.resolver.servers = lists(dns)
        request.resolver.search = lists(dnsSearch)
        request.resolver.options = lists(dnsOption)
        request.addedHosts = lists(addHost)
        request.noHosts = noHosts
    }
}
