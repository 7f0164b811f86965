internal import ArgumentParser
internal import ContainerEngine
internal import ContainerNetwork

/// `network create`: define a network.
struct NetworkCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Define a network.",
        discussion: """
            Options of bridge networks (--opt): mtu, metric, vlan, vrf, isolate=true|strict, icc=false, mode=unmanaged, \
            no_default_route, gateway_mode=routed, outbound_addr4, outbound_addr6. Of macvlan: parent, mode, mtu, metric, \
            no_default_route, bclim; of ipvlan the same without bclim.
            """)

    @Option(name: [.customShort("d", allowingJoined: true), .long], help: "bridge, macvlan or ipvlan.")
    var driver = "bridge"

    @Option(
        name: .long, help: ArgumentHelp("A subnet, as 10.89.3.0/24 (default: the next free one).", valueName: "cidr"))
    var subnet: [String] = []

    @Option(name: .long, help: ArgumentHelp("The subnet's gateway (default: its first address).", valueName: "address"))
    var gateway: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Give containers addresses from this part, as a block or FIRST-LAST.", valueName: "range"))
    var ipRange: [String] = []

    @Flag(name: .long, help: "Give it an IPv6 subnet, too.")
    var ipv6 = false

    @Flag(name: .long, help: "Cut it off from everything beyond.")
    var `internal` = false

    @Flag(name: .long, help: "Resolve no names of containers.")
    var disableDNS = false

    @Option(name: .long, help: ArgumentHelp("Ask this server for other names.", valueName: "address"))
    var dns: [String] = []

    @Option(name: .long, help: ArgumentHelp("Add a label: key=value.", valueName: "label"))
    var label: [String] = []

    @Option(
        name: [.customShort("o", allowingJoined: true), .long],
        help: ArgumentHelp("Set an option of the driver.", valueName: "key=value"))
    var opt: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Give containers a route: destination,gateway[,metric].", valueName: "route"))
    var route: [String] = []

    @Option(name: .long, help: ArgumentHelp("The bridge's name, or the parent of a macvlan.", valueName: "name"))
    var interfaceName: String?

    @Option(name: .long, help: ArgumentHelp("host-local or none.", valueName: "driver"))
    var ipamDriver: String?

    @Flag(name: .long, help: "Succeed if a network of that name exists.")
    var ignore = false

    @Argument(help: "Its name (made up if missing).")
    var name: String?

    func run() throws {
        var request = NetworkRequest()
        request.name = name
        request.driver = driver.isEmpty ? "bridge" : driver
        request.interfaceName = interfaceName
        request.subnets = subnet
        request.gateways = gateway.flatMap { $0.split(separator: ",").map(String.init) }
        request.ranges = ipRange
        request.routes = route
        request.ipv6 = ipv6
        request.isInternal = `internal`
        request.disablesDNS = disableDNS
        request.dnsServers = dns.flatMap { $0.split(separator: ",").map(String.init) }
        request.labels = try KeyValue.parse(label, what: "label")
        request.options = try KeyValue.parse(opt, what: "option")
        request.ipamDriver = ipamDriver
        let engine = try Invocation.engine()
        do {
            Output.line(try engine.createNetwork(request).name)
        } catch let error as NetworkError where error.kind == .conflict && ignore {
            guard let name, try engine.networks().contains(where: { $0.name == name }) else { throw error }
            Output.line(name)
        }
    }
}

/// `key=value` texts.
enum KeyValue {
    /// A map of them; a key without a value has the empty one, and the last of a key counts.
    static func parse(_ texts: [String], what: String) throws -> [String: String] {
        var values: [String: String] = [:]
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = parts.first, !key.isEmpty else {
                throw EngineError("failed to parse \(what)s: invalid \(what) format: \"\(text)\"")
            }
            values[String(key)] = parts.count > 1 ? String(parts[1]) : ""
        }
        return values
    }
}
