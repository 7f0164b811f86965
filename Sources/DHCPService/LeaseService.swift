internal import LinuxSys
internal import Netlink
internal import WirePrimitives

/// The program that keeps one container's address: it asks for a lease, configures the container's link by it, renews
/// it, and gives it back when it is told to.
///
/// It lives in the container's network and in no other, as nobody with the right to change networks. The kernel takes the
/// address away when the lease runs out, whatever becomes of this program; a second process that only waits begins it
/// anew when it dies.
final class LeaseService {
    /// What the link is to be like.
    struct Options {
        var namespace = ""
        var interface = ""
        var hostName = ""
        var metric: UInt32 = 100
        var setsDefaultRoute = true
        /// How long the first lease may take, in seconds.
        var patience: Int64 = 10
    }

    private let options: Options
    private let control: ControlSocket
    private let transport: NetlinkSocket
    private var session: Session
    private let socket: PacketSocket
    private let link: Int32
    private let mac: MACAddress
    private var machine: LeaseMachine
    /// The MAC by which the server that gave the lease is reached.
    private var serverMAC = PacketSocket.broadcast

    /// Moves into the container's network and opens what it works with, as root still; afterwards it is nobody.
    init(_ options: Options, control: consuming ControlSocket) throws {
        guard let name = InterfaceName(options.interface) else { throw Errno.invalidArgument }
        // This process has one thread, and is in one network from now on.
        try NetworkNamespace(path: options.namespace).enter()
        transport = try NetlinkSocket(.route)
        session = Session(transport)
        guard let found = try session.link(name), let mac = found.address else { throw Errno.noSuchDevice }
        link = found.index
        socket = try PacketSocket(link: link, port: UDPDatagram.clientPort)
        self.mac = mac
        self.options = options
        machine = LeaseMachine(mac: mac, hostName: options.hostName, now: Clock.monotonic)
        self.control = control
        try Privileges.keepOnlyNetworkAdministration()
    }

    /// What to do next.
    private enum Outcome {
        case bound(Lease)
        case released
        case outOfTime
        /// This is the copy, and the process that it was made by has died.
        case originalEnded
    }

    /// Asks for the first lease.
    ///
    /// - Returns: nil when it was told to stop before there was one.
    /// - Throws: `Errno.timedOut` when no server gave one in time.
    func acquire() throws -> Lease? {
        switch try run(until: Clock.monotonic + options.patience * 1_000_000_000, orBound: true) {
        case .bound(let lease): return lease
        case .released: return nil
        case .outOfTime, .originalEnded: throw Errno.timedOut
        }
    }

    /// Keeps the lease until it is told to give it back, or the link is gone. A second process waits meanwhile, and does so
    /// when this one dies.
    func keep() throws {
        while case .originalEnded = try run(until: nil, orBound: false) {
            // Whatever ended it may be there still.
            var nothing: [PollEntry] = []
            try poll(&nothing, until: Deadline(after: .seconds(1)))
            // Answers to the other process may be under way.
            session = Session(transport, firstSequence: .random(in: 0...(.max)))
            guard let lease = machine.lease else { continue }
            machine = LeaseMachine(mac: mac, hostName: options.hostName, resuming: lease, now: Clock.monotonic)
        }
        try endTwin()
    }

    private func run(until end: Int64?, orBound: Bool) throws -> Outcome {
        while true {
            if end == nil {
                // What the other knows is what this one knew when it made it.
                if let twin, twin.lease != machine.lease?.address { try endTwin() }
                if twin == nil, try !makeTwin() { return .originalEnded }
            }
            let now = Clock.monotonic
            if let end, now >= end { return .outOfTime }
            if let lease = try perform(machine.wake(now: now)), orBound { return .bound(lease) }
            let next = min(machine.wakeTime, end ?? .max)
            let wait = next == .max ? nil : Duration.nanoseconds(max(0, next - Clock.monotonic))
            var entries = [PollEntry(socket.raw, .readable), PollEntry(control.raw, .readable)]
            if let twin { entries.append(PollEntry(twin.connection.raw, .readable)) }
            guard try poll(&entries, until: Deadline(after: wait)) > 0 else { continue }
            if !entries[0].returned.isEmpty {
                for reply in try receive() {
                    if let lease = try perform(machine.take(reply, now: Clock.monotonic)), orBound {
                        return .bound(lease)
                    }
                }
            }
            if !entries[1].returned.isEmpty, try answerCommands() { return .released }
            if entries.count > 2, !entries[2].returned.isEmpty {
                _ = try twin?.process.wait()
                twin = nil
            }
            if try machine.lease == nil && session.link(index: link) == nil { return .released }
        }
    }

    // MARK: The other process

    /// The process that waits for the end of this one.
    private final class Other {
        let process: ChildProcess
        let connection: PeerSocket
        /// The address that it knows.
        let lease: InterfaceAddress?

        init(_ process: ChildProcess, _ connection: consuming PeerSocket, _ lease: InterfaceAddress?) {
            self.process = process
            self.connection = connection
            self.lease = lease
        }
    }

    private var twin: Other?

    /// Makes the other process.
    ///
    /// - Returns: true at once in this one; false in the other, when this one has died.
    private func makeTwin() throws(Errno) -> Bool {
        let pair = try PeerSocketPair()
        switch try Twin.make() {
        case .original(let process):
            twin = Other(process, pair.closingTheirs(), machine.lease?.address)
            return true
        case .copy:
            let connection = pair.keepingTheirs()
            if try !connection.read(upTo: 16).isEmpty { StandardStream.exitProcess(0) }
            return false
        }
    }

    /// Ends the other process, which is not to go on in this one's place.
    private func endTwin() throws(Errno) {
        guard let twin else { return }
        self.twin = nil
        do throws(Errno) { _ = try twin.connection.send(Array("end".utf8)[...]) } catch {
            // It is gone already.
        }
        _ = try twin.process.wait()
    }

    // MARK: The wire

    /// At most so many datagrams before something else is looked at.
    private static let most = 64

    private func receive() throws -> [DHCPReply] {
        var replies: [DHCPReply] = []
        for _ in 0..<Self.most {
            let datagram: LinkDatagram
            do throws(Errno) {
                guard let next = try socket.receive() else { break }
                datagram = next
            } catch {
                // The link is down or gone: the socket says so once.
                guard try session.link(index: link) != nil else { throw error }
                break
            }
            guard let message = UDPDatagram.unwrap(datagram.bytes, isSummed: datagram.isSummed),
                let reply = DHCPReply(message), reply.mac == mac
            else { continue }
            if reply.kind == .acknowledgement { serverMAC = datagram.sender }
            replies.append(reply)
        }
        return replies
    }

    private func send(_ request: DHCPRequest, to server: IPv4Address?) {
        let datagram = UDPDatagram.wrap(
            request.bytes, from: request.address, to: server ?? IPv4Address(rawValue: .max))
        // What cannot be sent now is lost as on the wire, and sent again.
        try? socket.send(datagram, to: server == nil ? PacketSocket.broadcast : serverMAC)
    }

    /// Does what the machine wants: the lease if there is a new one.
    private func perform(_ actions: [LeaseMachine.Action]) throws -> Lease? {
        var bound: Lease?
        for action in actions {
            switch action {
            case .send(let request, let server): send(request, to: server)
            case .configure(let lease):
                try configure(lease)
                bound = lease
            case .withdraw(let lease): try withdraw(lease)
            }
        }
        return bound
    }

    // MARK: The link

    private func configure(_ lease: Lease) throws {
        try session.perform(AddressRequest.replace(lease.address, on: link, validFor: lease.seconds))
        guard options.setsDefaultRoute, let router = lease.router else { return }
        do throws(NetlinkError) {
            try session.perform(
                RouteRequest.add(gateway: .v4(router), link: link, metric: options.metric))
        } catch {
            guard error.errno == .fileExists else { throw error }
        }
    }

    /// Makes the link what the lease says again.
    ///
    /// - Returns: false when there is no lease, or no link.
    private func restore() throws -> Bool {
        guard let lease = machine.lease, try session.link(index: link) != nil else { return false }
        try configure(lease)
        return true
    }

    /// Takes the address away; the routes that need it go with it.
    private func withdraw(_ lease: Lease) throws {
        do throws(NetlinkError) {
            try session.perform(AddressRequest.delete(lease.address, from: link))
        } catch {
            guard [.addressNotAvailable, .noSuchDevice].contains(error.errno) else { throw error }
        }
    }

    // MARK: Commands

    /// Answers commands of root's: `lease`, `restore`, and `release`, after which this is over.
    private func answerCommands() throws -> Bool {
        var isOver = false
        while let asker = try control.accept() {
            var entries = [PollEntry(asker.raw, .readable)]
            // Who does not say what it wants in this time is not waited for.
            guard try poll(&entries, until: Deadline(after: .seconds(1))) > 0 else { continue }
            // One that has gone meanwhile needs no answer.
            let word = (try? asker.receive(upTo: 16)).flatMap { $0.map { String(decoding: $0, as: UTF8.self) } }
            switch word {
            case "release":
                if let request = machine.release() {
                    send(request, to: request.server)
                    if let lease = machine.lease { try withdraw(lease) }
                }
                isOver = true
                _ = try? asker.send(some: Array("ok".utf8)[...])  // as above
            case "restore":
                _ = try? asker.send(some: Array((try restore() ? "ok" : "gone").utf8)[...])  // as above
            case "lease": _ = try? asker.send(some: Array((machine.lease?.text ?? "none").utf8)[...])  // as above
            default: continue
            }
        }
        return isOver
    }
}

extension Lease {
    /// A line for each thing that it says.
    var text: String {
        var lines = ["address \(address)"]
        if let router { lines.append("router \(router)") }
        lines += nameServers.map { "server \($0)" }
        if let domain { lines.append("domain \(domain)") }
        return lines.joined(separator: "\n")
    }
}
