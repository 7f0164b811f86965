internal import LinuxSys
public import WirePrimitives

/// A network whose containers find each other by name.
public struct NetworkNames: Hashable, Sendable {
    /// One container on it.
    public struct Container: Hashable, Sendable {
        /// 64 hexadecimal digits.
        public var id: String
        /// Its addresses on this network.
        public var addresses: [IPAddress]
        /// Its names, without spaces and commas.
        public var names: [String]
        /// Servers to ask for what is no name of ours; empty for the network's or the host's.
        public var servers: [IPAddress]

        /// A container with these names.
        public init(id: String, addresses: [IPAddress], names: [String], servers: [IPAddress]) {
            self.id = id
            self.addresses = addresses
            self.names = names
            self.servers = servers
        }
    }

    /// The network's name.
    public var network: String
    /// Whether nothing is asked beyond its own names.
    public var isInternal: Bool
    /// The host's addresses on it, where the server listens.
    public var gateways: [IPAddress]
    /// Servers of the network; empty for the host's.
    public var servers: [IPAddress]
    /// Its containers.
    public var containers: [Container] = []

    /// A network without containers, whose names are answered at `gateways`.
    public init(_ network: NetworkDefinition, at gateways: [IPAddress]) {
        self.network = network.name
        isInternal = network.isInternal
        self.gateways = gateways
        servers = network.dnsServers
    }

    /// The name of its file, as aardvark-dns has it.
    var fileName: String { isInternal ? "\(network)%int" : network }

    /// Its file's text, as aardvark-dns has it: the addresses to listen at and the servers, then a line a container.
    var text: String {
        func list(_ addresses: [IPAddress], _ family: AddressFamily? = nil) -> String {
            addresses.filter { family == nil || $0.family == family }.map(\.description).joined(separator: ",")
        }
        func tail(_ servers: [IPAddress]) -> String { servers.isEmpty ? "\n" : " \(list(servers))\n" }
        return list(gateways) + tail(servers)
            + containers.map { container in
                "\(container.id) \(list(container.addresses, .ipv4)) \(list(container.addresses, .ipv6)) "
                    + container.names.joined(separator: ",") + tail(container.servers)
            }.joined()
    }
}

/// The server of all networks' names: `swiftlet-dns`, which outlives the command that starts it and goes when there is
/// nothing left to serve.
public struct NameServer: Sendable {
    /// Where the networks' files and the server's socket are; it is made, open to all beneath a parent that is not.
    public let directory: String
    /// The server's executable.
    public let program: String
    /// Where it listens.
    public let port: UInt16

    /// The server that works from `directory`.
    public init(directory: String, program: String, port: UInt16 = 53) {
        self.directory = directory
        self.program = program
        self.port = port
    }

    /// The server's control socket.
    private static let control = ".control"
    /// How long the server may take to answer: it does nothing that waits.
    private static let patience = Duration.seconds(5)

    /// Makes these networks what the server answers, from the moment that this returns. The caller sees to it that
    /// only one command at a time publishes.
    ///
    /// - Parameters:
    ///   - networks: every network that answers names.
    ///   - concerned: names of the networks whose listeners the caller depends on; nil for all. That the server cannot
    ///     listen for another is no error here: it tries again the next time.
    /// - Throws: `NetworkError` when the server cannot be started, cannot listen, or does not answer.
    public func publish(_ networks: [NetworkNames], for concerned: Set<String>? = nil) throws(NetworkError) {
        let serving = networks.filter { !$0.gateways.isEmpty && !$0.containers.isEmpty }
        do throws(Errno) { try write(serving) } catch { throw NetworkError("write \(directory)", error) }
        let needed = serving.filter { concerned?.contains($0.network) != false }.flatMap(\.gateways)
        if let connection = connect() {
            try check(try reload(connection), Set(needed))
        } else if !serving.isEmpty {
            try check(try start(), Set(needed))
        }
        if serving.isEmpty {
            // The socket and the directory, which is empty by now.
            do throws(Errno) { try File.removeTree(directory) } catch {
                throw NetworkError("remove \(directory)", error)
            }
        }
    }

    /// Makes the files what they must be, and no other.
    private func write(_ networks: [NetworkNames]) throws(Errno) {
        if networks.isEmpty && !File.exists(directory) { return }
        try File.makeDirectories(directory, mode: 0o755)
        for network in networks {
            let path = "\(directory)/\(network.fileName)"
            let text = network.text
            // A file that cannot be read is written anew.
            if (try? File.readText(path)) == text { continue }
            try File.replace(path, Array(text.utf8), mode: 0o644)
        }
        let wanted = Set(networks.map(\.fileName))
        for name in try File.names(in: directory) where name != Self.control && !wanted.contains(name) {
            try File.remove("\(directory)/\(name)")
        }
    }

    private func connect() -> PeerSocket? {
        // No socket, or one that nobody listens at any more: there is no server.
        try? PeerSocket(directory: directory, name: Self.control)
    }

    /// Waits until the server, which reads its files for whoever connects, answers by them.
    private func reload(_ connection: consuming PeerSocket) throws(NetworkError) -> String {
        let answer: String
        do throws(Errno) {
            var entries = [PollEntry(connection.raw, .readable)]
            guard try poll(&entries, until: Deadline(after: Self.patience)) > 0 else {
                throw Errno.timedOut
            }
            answer = String(decoding: try connection.receive(limit: 1 << 16) ?? [], as: UTF8.self)
            guard !answer.isEmpty else { throw Errno.connectionReset }
        } catch {
            throw NetworkError("reload the name server", error)
        }
        return answer
    }

    /// Reads the server's answer: `ok`, or a line a problem, which begins with the address that it is about.
    private func check(_ answer: String, _ needed: Set<IPAddress>) throws(NetworkError) {
        if answer == "ok" { return }
        let problems = answer.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
            guard parts.count == 2, let address = IPAddress(parts[0]) else { return String(line) }
            return needed.contains(address) ? parts[1] : nil
        }
        if problems.isEmpty { return }
        throw NetworkError(.conflict, "name server: \(problems.joined(separator: "; "))")
    }

    private func start() throws(NetworkError) -> String {
        guard File.exists(program) else {
            throw NetworkError(
                .notFound,
                "\(program) is missing, without which no names are resolved: install swiftlet whole, or create the network with --disable-dns"
            )
        }
        let answer: [UInt8]
        do throws(Errno) {
            let pipe = try Pipe()
            var server = Program(path: program, arguments: ["--config", directory, "--port", "\(port)", "run"])
            server.descriptors = [nil, pipe.writeEnd.raw, nil]
            server.outlivesSession = true
            server.directory = "/"
            _ = try server.start()
            let end = pipe.keepingReadEnd()
            var entries = [PollEntry(end.raw, .readable)]
            guard try poll(&entries, until: Deadline(after: Self.patience)) > 0 else { throw Errno.timedOut }
            answer = try end.read(upTo: 1 << 16)
        } catch {
            throw NetworkError("start the name server \(program)", error)
        }
        guard !answer.isEmpty else {
            throw NetworkError(.invalid, "name server \(program) ended without a word: run it by hand to see why")
        }
        return String(decoding: answer, as: UTF8.self)
    }
}
