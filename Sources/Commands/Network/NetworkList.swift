internal import ArgumentParser
internal import ContainerEngine
internal import ContainerNetwork
internal import OCISpec

/// `network ls`: the networks.
struct NetworkList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List networks.", aliases: ["list"])

    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp(
            "driver=, id=, label=, label!=, name=, until= or dangling=true|false.", valueName: "filter"))
    var filter: [String] = []

    @Option(name: .long, help: ArgumentHelp("table, json, or a Go template.", valueName: "format"))
    var format: String?

    @Flag(name: .long, help: "Show whole ids.")
    var noTrunc = false

    @Flag(name: [.customShort("n"), .long], help: "Leave out the header.")
    var noheading = false

    @Flag(name: .shortAndLong, help: "Print names only.")
    var quiet = false

    func run() throws {
        let engine = try Invocation.engine(repairing: false)
        let filter = try NetworkFilter(filter, known: ["driver", "id", "label", "label!", "name", "until", "dangling"])
        let networks = try engine.networks().filter { network in
            try filter.matches(network) { try engine.isUnused(network) }
        }
        if quiet {
            for network in networks { Output.line(network.name) }
            return
        }
        try Rendering.list(
            networks.map { NetworkDocument.row($0, truncated: !noTrunc) }, format: Rendering.Format(format),
            columns: [("NETWORK ID", "{{.ID}}"), ("NAME", "{{.Name}}"), ("DRIVER", "{{.Driver}}")],
            headings: ["ID": "NETWORK ID"], heading: !noheading)
    }
}

/// `--filter` of the network commands: values of one key are alternatives, keys must all hold.
struct NetworkFilter {
    private var conditions: [(key: String, values: [String])] = []
    private var names: [NamePattern] = []
    private var ids: [NamePattern] = []

    /// Parses `key=value` texts.
    ///
    /// - Throws: `EngineError` that names a filter or a value that there is not.
    init(_ texts: [String], known: Set<String>) throws {
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else {
                throw EngineError("filter input must be in the form of filter=value: \(text) is invalid")
            }
            guard known.contains(parts[0]) else {
                throw EngineError("invalid filter \"\(parts[0])\": known are \(known.sorted().joined(separator: ", "))")
            }
            switch parts[0] {
            case "until" where Engine.time(parts[1]) == nil:
                throw EngineError(
                    "invalid time \"\(parts[1])\" in filter until: use RFC 3339, seconds since 1970, or a duration")
            case "dangling" where !Self.truths.keys.contains(parts[1]):
                throw EngineError("invalid dangling filter value \"\(parts[1])\": it must be true or false")
            case "name": names.append(try NamePattern(parts[1]))
            case "id": ids.append(try NamePattern(parts[1]))
            default: break
            }
            if let index = conditions.firstIndex(where: { $0.key == parts[0] }) {
                conditions[index].values.append(parts[1])
            } else {
                conditions.append((parts[0], [parts[1]]))
            }
        }
    }

    /// Whether a network passes; `isUnused` is asked only if it matters.
    func matches(_ network: NetworkDefinition, isUnused: () throws -> Bool) rethrows -> Bool {
        for (key, values) in conditions {
            switch key {
            case "dangling":
                let unused = try isUnused()
                guard values.contains(where: { Self.truths[$0] == unused }) else { return false }
            case "name": guard names.contains(where: { $0.matches(network.name) }) else { return false }
            case "id": guard ids.contains(where: { $0.matches(network.id) }) else { return false }
            // Every label must be there, as in Podman.
            case "label": guard values.allSatisfy({ Self.has(network, $0) }) else { return false }
            case "label!": guard values.allSatisfy({ !Self.has(network, $0) }) else { return false }
            default: guard values.contains(where: { Self.holds(key, $0, network) }) else { return false }
            }
        }
        return true
    }

    private static let truths = ["true": true, "1": true, "false": false, "0": false]

    private static func holds(_ key: String, _ value: String, _ network: NetworkDefinition) -> Bool {
        switch key {
        case "driver": network.driver == value
        default: (Timestamp(network.created)?.nanoseconds ?? 0) < (Engine.time(value) ?? 0)
        }
    }

    private static func has(_ network: NetworkDefinition, _ text: String) -> Bool {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard let found = network.labels[parts.first ?? ""] else { return false }
        return parts.count < 2 || found == parts[1]
    }
}
