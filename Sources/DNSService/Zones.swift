public import WirePrimitives

/// What the server answers from: networks with their containers' names, as it was at one moment.
public struct Zones: Sendable {
    /// One network's file: aardvark-dns' format, so that either program can serve it.
    ///
    /// First line: the addresses to listen at, and perhaps servers to ask. Then a line a container:
    /// `ID IPV4S IPV6S NAMES[ SERVERS]`, lists with commas.
    public struct NetworkFile: Sendable {
        /// The network's name.
        public var name: String
        /// Whether nothing is asked beyond its own names.
        public var isInternal: Bool
        var listeners: [IPAddress]
        var servers: [IPAddress]
        var containers: [Container]

        struct Container: Sendable {
            var addresses: [IPAddress]
            var names: [DomainName]
            var servers: [IPAddress]
        }

        /// Reads a file; nil when there is nothing to listen at. Lines that make no sense are passed over.
        ///
        /// - Parameters:
        ///   - fileName: the network's name, with `%int` behind it if it is internal.
        ///   - text: the file's text.
        public init?(fileName: String, text: String) {
            isInternal = fileName.hasSuffix("%int")
            name = isInternal ? String(fileName.dropLast(4)) : fileName
            func list(_ text: some StringProtocol) -> [IPAddress] {
                text.split(separator: ",").compactMap { IPAddress(String($0)) }
            }
            var lines = text.split(separator: "\n")[...]
            guard let header = lines.popFirst()?.split(separator: " "), let first = header.first else { return nil }
            listeners = list(first)
            servers = header.count > 1 && !isInternal ? list(header[1]) : []
            let isInternal = isInternal
            containers = lines.compactMap { line in
                let fields = line.split(separator: " ", omittingEmptySubsequences: false)
                guard fields.count >= 4 else { return nil }
                return Container(
                    addresses: list(fields[1]) + list(fields[2]),
                    names: fields[3].split(separator: ",").compactMap { DomainName(String($0)) },
                    servers: fields.count == 5 && !isInternal ? list(fields[4]) : [])
            }
            if listeners.isEmpty { return nil }
        }
    }

    struct Network: Sendable {
        var isInternal: Bool
        var servers: [IPAddress]
        var addresses: [DomainName: [IPAddress]] = [:]
        var names: [IPAddress: [DomainName]] = [:]
    }

    /// Somebody who may ask.
    struct Asker: Sendable {
        /// Indices of the networks that it is on.
        var networks: [Int]
        /// Its own servers.
        var servers: [IPAddress]
    }

    private(set) var networks: [Network] = []
    private var askers: [IPAddress: Asker] = [:]
    private var byListener: [IPAddress: [Int]] = [:]

    /// Nothing to answer.
    public init() {}

    /// What these files say together.
    public init(_ files: [NetworkFile]) {
        for (index, file) in files.enumerated() {
            var network = Network(isInternal: file.isInternal, servers: file.servers)
            for container in file.containers {
                for name in container.names { network.addresses[name, default: []] += container.addresses }
                for address in container.addresses {
                    network.names[address, default: []] += container.names
                    askers[address, default: Asker(networks: [], servers: [])].networks.append(index)
                    askers[address]?.servers += container.servers
                }
            }
            networks.append(network)
            for listener in file.listeners { byListener[listener, default: []].append(index) }
        }
        connectAddresses(files)
    }

    /// A container on several networks asks with the address of one of them, and may know names of all.
    private mutating func connectAddresses(_ files: [NetworkFile]) {
        var byName: [DomainName: [IPAddress]] = [:]
        for container in files.flatMap(\.containers) {
            // Every container has its short id among its names, which nobody else has.
            guard let id = container.names.first(where: \.isShortID) else { continue }
            byName[id, default: []] += container.addresses
        }
        for addresses in byName.values where addresses.count > 1 {
            let all = addresses.flatMap { askers[$0]?.networks ?? [] }
            let servers = addresses.compactMap { askers[$0]?.servers }.first { !$0.isEmpty } ?? []
            for address in addresses { askers[address] = Asker(networks: Array(Set(all)).sorted(), servers: servers) }
        }
    }

    /// Where to listen.
    public var listeners: Set<IPAddress> { Set(byListener.keys) }

    /// Who asks from an address at a listener; nil for somebody who has no business here.
    ///
    /// The host itself asks from an address of its own: it gets the names of the networks at that listener.
    func asker(_ address: IPAddress, at listener: IPAddress) -> Asker? {
        if let asker = askers[address] { return asker }
        guard address == listener || byListener[address] != nil || address.isLoopback else { return nil }
        return Asker(networks: byListener[listener] ?? [], servers: [])
    }
}

extension DomainName {
    /// Whether it is one label of 12 hexadecimal digits, as short ids of containers are.
    fileprivate var isShortID: Bool {
        wire.count == 14 && wire[0] == 12
            && wire[1...12].allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
