public import LinuxSys
internal import WirePrimitives

/// The name server as a process that always has a second one beside it.
///
/// Both hold the same bound sockets. One serves; the other, a copy of it, waits for its death and then serves in its
/// place at once, with what waits in the sockets, and makes a copy of its own. So whichever of the two is killed,
/// nobody who asks is refused. Both are nobody who may bind low ports; commands of root's tell the one that serves,
/// over a socket, that the files have changed.
public final class Service {
    private static let control = ".control"
    private static let done = "ok"

    private let directory: BeneathDirectory
    private let control: ControlSocket
    private let port: UInt16
    private let descriptors: Int
    private var listeners: [Listener] = []
    /// The other process, and the connection to it, which breaks when it ends.
    private var twin: Other?

    private final class Other {
        let process: ChildProcess
        let connection: PeerSocket

        init(_ process: ChildProcess, _ connection: consuming PeerSocket) {
            self.process = process
            self.connection = connection
        }
    }

    /// Opens what the service works from, as root still.
    ///
    /// - Parameters:
    ///   - path: the directory of the networks' files.
    ///   - port: where to listen.
    /// - Throws: `Errno` when the directory cannot be used.
    public init(directory path: String, port: UInt16) throws(Errno) {
        directory = try BeneathDirectory(opening: path)
        control = try ControlSocket(directory: directory.descriptor, name: Self.control)
        self.port = port
        descriptors = try ProcessLimit.raiseOpenFiles()
    }

    /// Binds, gives up every other privilege, and serves until nothing is left to serve.
    ///
    /// - Parameter isReady: is told once, when the first questions can be answered: `ok`, or what is wrong.
    /// - Throws: `Errno` when the kernel refuses what the service cannot be without.
    public func run(isReady: (String) -> Void) throws(Errno) {
        let zones = loadZones()
        let problem = bind(zones)
        try Privileges.keepOnlyBinding()
        isReady(problem ?? Self.done)
        guard !listeners.isEmpty else { return }
        // Every round is a life: the copy comes back from the end of its original's.
        while try serve() == .originalEnded {}
    }

    private enum Outcome {
        /// Nothing is left to serve.
        case finished
        /// This is the copy, and the process that it was made by is gone.
        case originalEnded
    }

    /// The files as they are now. One that cannot be read serves nobody; the others are served.
    private func loadZones() -> Zones {
        // A directory that cannot be read has nothing to serve.
        let names = (try? directory.entries().map(\.name)) ?? []
        let visible = names.filter { $0.first != UInt8(ascii: ".") }
        let files = visible.map { String(decoding: $0, as: UTF8.self) }.sorted().compactMap { name in
            // As said above: the others are served.
            (try? directory.file(Array(name.utf8), links: .refused).readAll(limit: 1 << 26)).flatMap {
                Zones.NetworkFile(fileName: name, text: String(decoding: $0, as: UTF8.self))
            }
        }
        return Zones(files)
    }

    /// Listens at the addresses that there are to be, and at no other.
    ///
    /// - Returns: what is wrong with those at which that cannot be done, a line each that begins with the address;
    ///   they are passed over until the next time.
    private func bind(_ zones: Zones) -> String? {
        let wanted = zones.listeners
        listeners.removeAll { !wanted.contains($0.address) }
        var problems: [String] = []
        for address in wanted.sorted() where !listeners.contains(where: { $0.address == address }) {
            do throws(Errno) {
                let pair = [
                    try Listener(address, .datagram, port: port), try Listener(address, .stream, port: port),
                ]
                listeners += pair
            } catch {
                let hint =
                    error == .addressInUse
                    ? ": another program listens there; end it, or set dns_bind_port in containers.conf" : ""
                problems.append("\(address) failed to bind \(address) port \(port): \(error)\(hint)")
            }
        }
        return problems.isEmpty ? nil : problems.joined(separator: "\n")
    }

    // MARK: Serving

    private func serve() throws(Errno) -> Outcome {
        let server = try Server(loadZones(), listeners, descriptors: descriptors)
        try server.watch(control.raw)
        while true {
            if twin == nil {
                guard let made = try makeTwin() else {
                    // In the copy. What the original had under way is not this process's: it is closed at once.
                    server.abandon()
                    try outliveOriginal()
                    return .originalEnded
                }
                try server.watch(made.connection.raw)
                twin = made
            }
            let woken = try server.run()
            if let twin, woken.contains(twin.connection.raw) {
                _ = try twin.process.wait()
                self.twin = nil
            }
            if woken.contains(control.raw), try answerCommands(server) { return .finished }
        }
    }

    /// The other process; nil in that process itself.
    private func makeTwin() throws(Errno) -> Other? {
        let pair = try PeerSocketPair()
        switch try Twin.make() {
        case .original(let process): return Other(process, pair.closingTheirs())
        case .copy:
            originalConnection = pair.keepingTheirs()
            return nil
        }
    }

    /// In the copy: the connection to the process that it was made by.
    private var originalConnection: OwnedFD?

    /// Waits until the process that this one is a copy of is gone; ends this one, too, when it is told to.
    private func outliveOriginal() throws(Errno) {
        twin = nil
        guard let connection = originalConnection.take() else { return }
        let word = try connection.read(upTo: 16)
        if !word.isEmpty { StandardStream.exitProcess(0) }
    }

    /// Ends the other process, which is not to serve in this one's place.
    private func endTwin() throws(Errno) {
        guard let twin else { return }
        self.twin = nil
        do throws(Errno) { _ = try twin.connection.send(Array("end".utf8)[...]) } catch {
            // It is gone already.
        }
        _ = try twin.process.wait()
    }

    /// Takes over what the files say now, for every command that asks for it.
    ///
    /// - Returns: whether nothing is left to serve.
    private func answerCommands(_ server: Server) throws(Errno) -> Bool {
        // Who asks from now on asks again: only those are answered whose change is in the files by now.
        var askers: [Asker] = []
        while let asker = try control.accept() { askers.append(Asker(connection: asker)) }
        if askers.isEmpty { return false }
        let zones = loadZones()
        let old = listeners
        let problem = bind(zones)
        for listener in old where !listeners.contains(where: { $0 === listener }) { server.remove(listener) }
        for listener in listeners where !old.contains(where: { $0 === listener }) { try server.add(listener) }
        server.answer(from: zones)
        let isFinished = listeners.isEmpty
        if isFinished || !listeners.elementsEqual(old, by: ===) {
            // The copy holds the sockets of before: whoever binds an address anew must find it free.
            try endTwin()
        }
        for asker in askers { asker.answer(problem ?? Self.done) }
        return isFinished
    }
}

/// A command that waits for the server.
private final class Asker {
    private let connection: OwnedFD

    init(connection: consuming OwnedFD) {
        self.connection = connection
    }

    func answer(_ text: String) {
        // One that has gone meanwhile needs no answer.
        _ = try? connection.send(some: Array(text.utf8)[...])
    }
}
