import ContainerNetwork
import FoundationEssentials
import LinuxSys
import WirePrimitives

/// One recorded case: what netavark 1.17.2 was told, and the rules it left after each step.
struct GoldenCase: CustomStringConvertible, Sendable {
    var name: String
    /// The containers' attachments in the order they were made, one list a container.
    var containers: [[AttachedContainer]]
    var dnsPort: UInt16
    var description: String { name }

    private static let directory = #filePath.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/Golden"

    static let names = [
        "01-bridge-noports", "02-bridge-empty-ports", "03-bridge-tcp-port", "04-bridge-tcp-udp-sctp",
        "05-bridge-port-ranges", "06-bridge-two-containers", "07-hostip-v4", "08-hostip-wildcards-localhost",
        "09-ipv6-ports", "10-dualstack-ports", "11-internal", "12-internal-dns", "13-isolate", "14-two-networks-ports",
        "15-dns-port-1153", "16-mtu-metric-mac", "17-ipam-none", "20-isolate-strict", "21-static-ips-two-v4-subnets",
    ]

    private struct Input: Decodable {
        struct Attachment: Decodable {
            var static_ips: [IPAddress]?
        }
        var container_id: String
        var networks: [String: Attachment]
        var network_info: [String: NetworkDefinition]
        var port_mappings: [PortMapping]?
    }

    init(_ name: String) throws {
        self.name = name
        dnsPort = name.hasPrefix("15") ? 1153 : 53
        containers = []
        for suffix in ["", "2", "3"] {
            let path = "\(Self.directory)/\(name)/input\(suffix).json"
            guard File.exists(path) else { break }
            let input = try JSONDecoder().decode(Input.self, from: Data(File.read(path)))
            // In the case with two networks netavark took "mynetwork" first: its order is that of a hash.
            containers.append(
                try input.networks.keys.sorted().map { network in
                    AttachedContainer(
                        containerID: input.container_id, network: try require(input.network_info[network]),
                        addresses: input.networks[network]?.static_ips ?? [], ports: input.port_mappings)
                })
        }
    }

    /// The recorded rules after a step, as `## TABLE` sections.
    func recorded(_ step: String) throws -> String {
        try File.readText("\(Self.directory)/\(name)/\(step).txt")
    }

    private struct Missing: Error {}

    private func require(_ value: NetworkDefinition?) throws -> NetworkDefinition {
        guard let value else { throw Missing() }
        return value
    }
}

/// A host's tables that obeys iptables-restore(8) with `--noflush`, for the commands that we give.
struct FakeTables {
    var tables: [String: IptablesTable] = ["nat": IptablesTable(), "filter": IptablesTable()]

    struct Refused: Error, CustomStringConvertible {
        var description: String
    }

    mutating func load(_ commands: [IptablesCommand], into name: String) throws {
        var table = tables[name] ?? IptablesTable()
        for command in commands { try Self.obey(command.description, &table) }
        tables[name] = table
    }

    private static func obey(_ line: String, _ table: inout IptablesTable) throws {
        let words = line.split(separator: " ", maxSplits: 2).map(String.init)
        let chain = words[0].hasPrefix(":") ? String(words[0].dropFirst()) : words[1]
        switch words[0] {
        case "-F": try change(chain, &table) { $0 = [] }
        case "-X":
            let rules = Array(table.chains.values) + Array(table.builtIn.values)
            let isUsed = rules.joined().contains { $0.hasSuffix("-j \(chain)") }
            guard table.chains[chain] == [], !isUsed else { throw Refused(description: "\(line): in use") }
            table.chains[chain] = nil
        case "-A": try change(chain, &table) { $0.append(words[2]) }
        case "-D":
            try change(chain, &table) { rules throws in
                guard let place = rules.firstIndex(of: words[2]) else {
                    throw Refused(description: "\(line): no such rule")
                }
                rules.remove(at: place)
            }
        case "-I":
            let parts = words[2].split(separator: " ", maxSplits: 1).map(String.init)
            try change(chain, &table) { rules throws in
                guard let position = Int(parts[0]), (1...rules.count + 1).contains(position) else {
                    throw Refused(description: "\(line): no such place")
                }
                rules.insert(parts[1], at: position - 1)
            }
        default:
            guard words[0].hasPrefix(":") else { throw Refused(description: "\(line): not understood") }
            table.chains[chain] = []
        }
        let rules = Array(table.chains.values) + Array(table.builtIn.values)
        for target in rules.joined().compactMap(target) {
            guard table.chains[target] != nil else { throw Refused(description: "\(line): no chain \(target)") }
        }
    }

    private static func target(_ rule: String) -> String? {
        rule.split(separator: " ").last.map(String.init).flatMap { $0.hasPrefix("NETAVARK") ? $0 : nil }
    }

    private static func change(
        _ chain: String, _ table: inout IptablesTable, _ body: (inout [String]) throws -> Void
    ) throws {
        if table.chains[chain] != nil {
            try body(&table.chains[chain, default: []])
        } else if chain.hasPrefix("NETAVARK") {
            throw Refused(description: "no chain \(chain)")
        } else {
            try body(&table.builtIn[chain, default: []])
        }
    }

    /// The table as `iptables -S` lists it, without policies.
    func listing(_ name: String) -> String {
        let table = tables[name] ?? IptablesTable()
        var lines = table.chains.keys.sorted().map { "-N \($0)" }
        for chain in ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"] {
            lines += (table.builtIn[chain] ?? []).map { "-A \(chain) \($0)" }
        }
        for chain in table.chains.keys.sorted() { lines += (table.chains[chain] ?? []).map { "-A \(chain) \($0)" } }
        return lines.map { $0 + "\n" }.joined()
    }
}
