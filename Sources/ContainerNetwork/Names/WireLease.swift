internal import LinuxSys
public import WirePrimitives

/// What a DHCP server on the wire gave a container.
public struct WireLease: Hashable, Sendable, Codable {
    /// The container's address.
    public var address: InterfaceAddress
    /// The way out of its subnet.
    public var router: IPAddress?
    /// Servers of names.
    public var servers: [IPAddress] = []
    /// The domain of names without a dot.
    public var domain: String?

    /// Reads the lines that the program writes which keeps it; nil when there is no address among them.
    init?(text: String) {
        var address: InterfaceAddress?
        var servers: [IPAddress] = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            guard words.count == 2 else { continue }
            switch words[0] {
            case "address": address = InterfaceAddress(words[1])
            case "router": router = IPAddress(words[1])
            case "server": servers += IPAddress(words[1]).map { [$0] } ?? []
            case "domain": domain = words[1]
            default: continue
            }
        }
        guard let address else { return nil }
        self.address = address
        self.servers = servers
    }
}

/// The process that asks for one container's address on a network and keeps it: `swiftlet-dns lease`, which outlives the
/// command that starts it and goes when it is told to.
///
/// It is found by the socket in its directory. The socket listens before there is a process: whoever connects finds the
/// process, however far it is, or nobody who could ever answer.
public struct LeaseKeeper: Sendable {
    /// Where its socket is; a directory of its own.
    public let directory: String
    /// The program's executable.
    public let program: String

    private static let control = ".control"
    /// The program itself gives up earlier.
    private static let patience = Duration.seconds(15)

    /// The process that works from `directory`.
    public init(directory: String, program: String) {
        self.directory = directory
        self.program = program
    }

    /// Gets an address on the wire and configures the container's link by it.
    ///
    /// - Parameters:
    ///   - request: the container and the network, to which it is linked already.
    ///   - hostName: what the server is told as the client's name.
    /// - Returns: what the server gave.
    /// - Throws: `NetworkError` when no server answers in time.
    public func acquire(_ request: AttachmentRequest, hostName: String) throws(NetworkError) -> WireLease {
        guard File.exists(program) else {
            throw NetworkError(
                .notFound, "\(program) is missing, which asks for addresses by DHCP: install swiftlet whole")
        }
        let routing = try RoutingOptions(OptionReader(request.network))
        let text: String
        do throws(Errno) {
            try File.makeDirectories(directory)
            let parent = try OwnedFD.open(directory, .directory)
            let socket = try ControlSocket(directory: parent, name: Self.control)
            let pipe = try Pipe()
            var keeper = Program(
                path: program,
                arguments: [
                    "lease", "--namespace", request.namespacePath, "--interface", "\(request.interfaceName)",
                    "--host-name", hostName, "--metric", "\(request.defaultRouteMetric ?? routing.metric)",
                    "--default-route", request.network.isInternal || routing.noDefaultRoute ? "no" : "yes",
                ])
            keeper.descriptors = [nil, pipe.writeEnd.raw, nil, socket.raw]
            keeper.outlivesSession = true
            keeper.directory = "/"
            _ = try keeper.start()
            let end = pipe.keepingReadEnd()
            var entries = [PollEntry(end.raw, .readable)]
            guard try poll(&entries, until: Deadline(after: Self.patience)) > 0 else { throw Errno.timedOut }
            text = String(decoding: try end.read(upTo: 1 << 16), as: UTF8.self)
        } catch {
            throw NetworkError("start \(program) lease", error)
        }
        if let lease = WireLease(text: text) { return lease }
        let reason = text.hasPrefix("error ") ? String(text.dropFirst(6)) : "the program ended without a word"
        throw NetworkError(
            .refused,
            "unable to obtain lease: network \(request.network.name), interface \(request.interfaceName): \(reason)")
    }

    /// The lease as it is now; nil when there is none, or nobody keeps it.
    public func current() -> WireLease? {
        // Whoever asks shows what is written down when nobody answers.
        (try? ask("lease")).flatMap { $0.flatMap { WireLease(text: $0) } }
    }

    /// Has the address, and the route that goes with it, put back where somebody took them away.
    ///
    /// - Returns: false when nobody keeps a lease, or its link is gone.
    /// - Throws: `NetworkError` when the process does not answer.
    public func restore() throws(NetworkError) -> Bool {
        do throws(Errno) { return try ask("restore") == "ok" } catch {
            throw NetworkError("restore the address that \(directory) keeps", error)
        }
    }

    /// Gives the address back and ends the process; that there is none is success.
    ///
    /// - Throws: `NetworkError` when the process does not answer.
    public func release() throws(NetworkError) {
        do throws(Errno) {
            if File.exists(directory) { _ = try ask("release") }
            try File.removeTree(directory)
        } catch {
            throw NetworkError("give back the address that \(directory) keeps", error)
        }
    }

    /// What the process answers; nil when there is none.
    private func ask(_ word: String) throws(Errno) -> String? {
        let connection: PeerSocket
        do throws(Errno) { connection = try PeerSocket(directory: directory, name: Self.control) } catch {
            // No socket, or one that nobody holds any more.
            guard [.noSuchFileOrDirectory, .connectionRefused].contains(error) else { throw error }
            return nil
        }
        _ = try connection.send(Array(word.utf8)[...])
        var entries = [PollEntry(connection.raw, .readable)]
        guard try poll(&entries, until: Deadline(after: Self.patience)) > 0 else { throw Errno.timedOut }
        return String(decoding: try connection.receive(limit: 1 << 16) ?? [], as: UTF8.self)
    }
}

extension AttachmentRecord {
    /// What is written down once a server on the wire has answered.
    public func with(_ lease: WireLease) -> AttachmentRecord {
        var record = self
        record.addresses = [lease.address]
        record.lease = lease
        return record
    }
}

extension AttachmentRequest {
    /// The MAC of a container that asks for its address: a function of the two ids, so that the server knows it again.
    var leaseMAC: MACAddress? {
        network.leasesAddresses ? .derived(from: "\(containerID) \(network.id) container") : nil
    }

    /// Adds those of the network's routes over neighbours that are not there, once the container has an address.
    ///
    /// - Throws: `NetworkError` with the kernel's refusal.
    public func addRoutesOverNeighbours() throws(NetworkError) {
        let steps = ContainerRoutes.overNeighbours(network, interfaceName)
        guard !steps.isEmpty else { return }
        let context = try NetworkContext(namespacePath: namespacePath)
        for step in steps { try step.restore(in: context) }
    }
}
