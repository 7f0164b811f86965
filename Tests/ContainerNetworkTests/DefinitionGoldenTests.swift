import ContainerNetwork
import LinuxSys
import Testing
import WirePrimitives

/// What Podman 4.3.1 made of a `network create`, as `Tests/Host/record_networks.py` recorded it: the networks that were
/// there before, the arguments, and the file that it wrote or the error that it printed.
struct RecordedCreate: Sendable, CustomTestStringConvertible {
    var name = ""
    var before: [[String]] = []
    var arguments: [String] = []
    var result = ""
    var testDescription: String { name }

    /// Every case of a file, in order.
    static func read(_ file: String) throws -> [RecordedCreate] {
        let directory = #filePath.split(separator: "/").dropLast().map { "/\($0)" }.joined()
        var cases: [RecordedCreate] = []
        for line in try File.readText("\(directory)/Golden/definitions/\(file)").split(separator: "\n") {
            if line.hasPrefix("## ") {
                cases.append(RecordedCreate(name: String(line.dropFirst(3))))
            } else if line.hasPrefix("before: ") {
                cases[cases.count - 1].before.append(words(line.dropFirst(8)))
            } else if line.hasPrefix("create: ") {
                cases[cases.count - 1].arguments = words(line.dropFirst(8))
            } else {
                cases[cases.count - 1].result += line + "\n"
            }
        }
        return cases
    }

    /// Words as a shell separates them; of its quotes, the double ones.
    private static func words(_ text: Substring) -> [String] {
        var words: [String] = []
        var word: String?
        var isQuoted = false
        var isEscaped = false
        for character in text {
            switch character {
            case _ where isEscaped:
                word = (word ?? "") + String(character)
                isEscaped = false
            case "\\": isEscaped = true
            case "\"":
                isQuoted.toggle()
                word = word ?? ""
            case " " where !isQuoted:
                if let word { words.append(word) }
                word = nil
            default: word = (word ?? "") + String(character)
            }
        }
        return words + (word.map { [$0] } ?? [])
    }
}

extension NetworkRequest {
    /// The request that arguments of `network create` stand for.
    init(arguments: [String]) {
        self.init()
        var rest = arguments[...]
        func pair(_ text: String) -> (String, String) {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            return (parts[0], parts.count > 1 ? parts[1] : "")
        }
        while let word = rest.popFirst() {
            switch word {
            case "--ipv6": ipv6 = true
            case "--internal": isInternal = true
            case "--disable-dns": disablesDNS = true
            case "--": name = rest.popFirst()
            case _ where word.hasPrefix("-"):
                let value = rest.popFirst() ?? ""
                switch word {
                case "--subnet": subnets.append(value)
                case "--gateway": gateways.append(value)
                case "--ip-range": ranges.append(value)
                case "--route": routes.append(value)
                case "--dns": dnsServers.append(value)
                case "--label": labels[pair(value).0] = pair(value).1
                case "-o": options[pair(value).0] = pair(value).1
                case "-d": driver = value
                case "--ipam-driver": ipamDriver = value
                case "--interface-name": interfaceName = value
                default: Issue.record("\(word) is not known here")
                }
            default: name = word
            }
        }
    }
}

@Suite struct DefinitionGoldenTests {
    /// The host on which the cases were recorded.
    static func host(_ networks: [NetworkDefinition]) -> NetworkSurroundings {
        NetworkSurroundings(
            networks: [.podmanDefault] + networks, interfaces: ["lo", "eth0"],
            hostNetworks: ["127.0.0.0/8", "192.168.121.0/24"].compactMap { CIDR($0) })
    }

    func definition(_ recorded: RecordedCreate) throws -> NetworkDefinition {
        var random = SeededRandom(1)
        var networks: [NetworkDefinition] = []
        for arguments in recorded.before + [recorded.arguments] {
            networks.append(
                try NetworkRequest(arguments: arguments).definition(
                    among: Self.host(networks), created: "NOW", &random))
        }
        return try #require(networks.last)
    }

    @Test(arguments: try RecordedCreate.read("written.txt"))
    func `a file is Podman's, byte for byte`(recorded: RecordedCreate) throws {
        let definition = try definition(recorded)
        var wanted = recorded.result
            .replacing(#/"id": "[0-9a-f]{64}"/#, with: "\"id\": \"\(definition.id)\"")
            .replacing(#/"created": "[0-9TZ:.-]+"/#, with: "\"created\": \"NOW\"")
        // Nobody resolves names there. Podman says so itself since 5.0.
        if definition.driver != "bridge" {
            wanted = wanted.replacing("\"dns_enabled\": true", with: "\"dns_enabled\": false")
        }
        #expect(definition.json == wanted)
    }

    // The words of `label` are the command line's; Tests/Host compares all of them. Later versions of Podman take a macvlan
    // network without a subnet: its addresses are a DHCP server's.
    @Test(
        arguments: try RecordedCreate.read("refused.txt").filter {
            !["label", "macvlan-subnet", "macvlan-dhcp"].contains($0.name)
        })
    func `an error is Podman's, word for word`(recorded: RecordedCreate) throws {
        let error = #expect(throws: NetworkError.self) { try definition(recorded) }
        // Later versions of Podman say more about this.
        let words = [
            "isolate": "failed to parse isolate option: strconv.ParseBool: parsing \"maybe\": invalid syntax"
        ]
        #expect("Error: \(error?.message ?? "")\n" == words[recorded.name].map { "Error: \($0)\n" } ?? recorded.result)
    }

    @Test func `enough was recorded`() throws {
        #expect(try RecordedCreate.read("written.txt").count > 40)
        #expect(try RecordedCreate.read("refused.txt").count > 30)
    }
}

/// Numbers that are the same at every run (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
