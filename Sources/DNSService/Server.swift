internal import LinuxSys
internal import WirePrimitives

/// A socket bound to one address of ours.
final class Listener {
    let address: IPAddress
    let transport: InternetTransport
    let socket: OwnedFD

    init(_ address: IPAddress, _ transport: InternetTransport, port: UInt16) throws(Errno) {
        self.address = address
        self.transport = transport
        socket = try .bound(transport, to: InternetPeer(address: address.bytes, port: port))
    }
}

/// The answering itself: one thread that waits for all sockets at once and never for one of them.
///
/// It lives until it is told to end; everything that outlives it (listeners, control socket) belongs to `Service`.
final class Server {
    /// Connections at once; the one that was idle longest goes for a new one.
    private static let mostConnections = 256
    /// Questions on their way to one server at once: a slow one cannot take the room of the others.
    private static let mostPerServer = 1024

    /// So many questions at once are a crowd: the next ones are let gather so long, in nanoseconds, before they are
    /// answered. For the kernel, many together are little more work than one, and those who ask, on the same processors,
    /// go on meanwhile.
    private static let crowd = 8
    private static let gathering = 50_000

    private var queue: EventQueue
    private var zones: Zones
    private let mostForwards: Int
    private var batch = DatagramBatch()
    private var turn = 0
    private var isCrowded = false
    private var listeners: [Int32: Listener] = [:]
    private var clients: [Int: StreamClient] = [:]
    private var clientNumbers: [Int32: Int] = [:]
    private var nextClient = 0
    /// Questions on their way, by socket, with the server that each was sent to.
    private var forwards: [Int32: (forward: Forward, server: IPAddress)] = [:]
    private var load: [IPAddress: Int] = [:]
    private var host = HostResolvers()
    private var lastSweep: Int64 = 0

    /// Answers from `zones` at these listeners, with at most so many descriptors.
    init(_ zones: Zones, _ listeners: [Listener], descriptors: Int) throws(Errno) {
        queue = try EventQueue()
        self.zones = zones
        mostForwards = max(64, min(8192, descriptors - Self.mostConnections - listeners.count - 32))
        for listener in listeners { try add(listener) }
    }

    /// Wakes `wait` when a descriptor of the caller's has something to read.
    func watch(_ raw: Int32) throws(Errno) { try queue.add(raw, .readable) }

    /// Answers from other zones from now on.
    func answer(from zones: Zones) { self.zones = zones }

    /// Listens at one more socket.
    func add(_ listener: Listener) throws(Errno) {
        try queue.add(listener.socket.raw, .readable)
        listeners[listener.socket.raw] = listener
    }

    /// Listens at a socket no more; its owner closes it.
    func remove(_ listener: Listener) { listeners[listener.socket.raw] = nil }

    /// Drops everything that is under way: in a copy of the process, that is the other's.
    func abandon() {
        clients = [:]
        clientNumbers = [:]
        forwards = [:]
        load = [:]
    }

    /// Answers until a descriptor that is watched has something to read: which ones.
    func run() throws(Errno) -> [Int32] {
        while true {
            let isIdle = clients.isEmpty && forwards.isEmpty
            let events = try queue.wait(milliseconds: isIdle ? -1 : 100)
            var others: [Int32] = []
            for (descriptor, what) in events {
                if let listener = listeners[descriptor] {
                    serve(listener)
                } else if let forward = forwards[descriptor]?.forward {
                    take(forward.progress(what), of: forward, descriptor)
                } else if let number = clientNumbers[descriptor], let client = clients[number] {
                    serve(client, what)
                } else {
                    others.append(descriptor)
                }
            }
            sweep()
            if !others.isEmpty { return others }
            if isCrowded {
                isCrowded = false
                Clock.sleep(nanoseconds: Self.gathering)
            }
        }
    }

    // MARK: Listeners

    /// An error of one listener, such as a link that goes, is nobody else's: it is passed over.
    private func serve(_ listener: Listener) {
        switch listener.transport {
        // As said above.
        case .datagram: try? serveDatagrams(listener)
        case .stream: try? accept(listener)  // likewise
        }
    }

    private func serveDatagrams(_ listener: Listener) throws(Errno) {
        let count = try batch.receive(from: listener.socket)
        var answered = 0
        for index in 0..<count {
            let peer = batch.sender(index)
            guard peer.port != 0, let address = IPAddress(bytes: peer.address) else { continue }
            turn &+= 1
            let response = zones.respond(
                to: batch.bytes(index), from: address, at: listener.address, isStream: false, turn: turn & 0xFFFF)
            switch response {
            case .none: continue
            case .reply(let bytes):
                batch.answer(index, bytes)
                answered += 1
            case .forward(_, let servers):
                // A copy of the message: the batch is filled again before the answer comes.
                let message = Array(batch.bytes(index))
                forward(message, for: .datagram(listener: listener.socket.raw, peer), to: servers)
            }
        }
        batch.send(to: listener.socket)
        // When the batch is full, more waits already; what is passed on waits long enough.
        if answered >= Self.crowd, count < DatagramBatch.capacity { isCrowded = true }
    }

    private func accept(_ listener: Listener) throws(Errno) {
        while let (descriptor, peer) = try listener.socket.acceptConnection() {
            let socket = OwnedFD(adopting: descriptor)
            guard let address = IPAddress(bytes: peer.address), zones.asker(address, at: listener.address) != nil else {
                continue
            }
            if clients.count >= Self.mostConnections, let idle = clients.values.min(by: { $0.deadline < $1.deadline }) {
                close(idle)
            }
            nextClient += 1
            let client = StreamClient(nextClient, socket, peer: address, listener: listener.address)
            try queue.add(descriptor, .readable)
            clients[client.number] = client
            clientNumbers[descriptor] = client.number
        }
    }

    // MARK: Connections

    private func serve(_ client: StreamClient, _ what: Readiness) {
        do throws(Errno) {
            if what.contains(.writable) { try client.flush() }
            if !what.intersection([.readable, .closed]).isEmpty {
                for message in try client.questions() { try answer(message, client) }
            }
            try queue.change(client.socket.raw, client.interest)
            if client.isDone { close(client) }
        } catch {
            close(client)
        }
    }

    private func answer(_ message: [UInt8], _ client: StreamClient) throws(Errno) {
        turn &+= 1
        switch zones.respond(
            to: message[...], from: client.peer, at: client.listener, isStream: true, turn: turn & 0xFFFF)
        {
        case .none: throw Errno.protocolError  // who sends rubbish in a stream cannot be followed any more
        case .reply(let bytes): try client.answer(bytes)
        case .forward(_, let servers):
            guard client.pending < StreamClient.mostPending else { throw Errno.noBufferSpace }
            client.pending += 1
            forward(message, for: .stream(client.number), to: servers)
        }
    }

    private func close(_ client: StreamClient) {
        clients[client.number] = nil
        clientNumbers[client.socket.raw] = nil
    }

    // MARK: Passing on

    private func forward(_ message: [UInt8], for client: Client, to own: [IPAddress]) {
        guard let query = Query(message[...]) else { return }
        let ours = zones.listeners
        // A server that is ourselves would ask itself for ever.
        let servers = (own.isEmpty ? host.current() : own).filter { !ours.contains($0) }
        let open = servers.filter { load[$0, default: 0] < Self.mostPerServer }
        do throws(Errno) {
            guard forwards.count < mostForwards else { throw Errno.noBufferSpace }
            let forward = try Forward(message, query, for: client, servers: open)
            try remember(forward)
        } catch {
            deliver(Reply.bytes(query, .serverFailure, limit: Int(UInt16.max)), to: client)
        }
    }

    /// Goes on with a question: `descriptor` is the socket that it had, which may be closed by now.
    private func take(_ progress: Forward.Progress, of forward: Forward, _ descriptor: Int32) {
        switch progress {
        case .waiting:
            // Once all of a question is sent, only the answer matters.
            try? queue.change(descriptor, forward.interest)
        case .retried:
            forget(descriptor)
            do throws(Errno) { try remember(forward) } catch {
                deliver(forward.failure, to: forward.client)
            }
        case .answered(let bytes):
            forget(descriptor)
            deliver(bytes, to: forward.client)
        case .failed:
            forget(descriptor)
            deliver(forward.failure, to: forward.client)
        }
    }

    private func remember(_ forward: Forward) throws(Errno) {
        try queue.add(forward.socket.raw, forward.interest)
        forwards[forward.socket.raw] = (forward, forward.server)
        load[forward.server, default: 0] += 1
    }

    private func forget(_ descriptor: Int32) {
        guard let server = forwards.removeValue(forKey: descriptor)?.server else { return }
        load[server] = load[server].flatMap { $0 > 1 ? $0 - 1 : nil }
    }

    /// An answer goes to whoever asked, if they are still there.
    private func deliver(_ bytes: [UInt8], to client: Client) {
        switch client {
        case .datagram(let descriptor, let peer):
            guard let listener = listeners[descriptor] else { return }
            DatagramBatch.send(bytes, to: peer, from: listener.socket)
        case .stream(let number):
            guard let client = clients[number] else { return }
            client.pending -= 1
            do throws(Errno) {
                try client.answer(bytes)
                try queue.change(client.socket.raw, client.interest)
                if client.isDone { close(client) }
            } catch {
                close(client)
            }
        }
    }

    /// Ends what has taken too long. Looks ten times a second.
    private func sweep() {
        let now = Clock.monotonic
        guard now - lastSweep > 100_000_000 else { return }
        lastSweep = now
        for (descriptor, entry) in forwards where entry.forward.deadline <= now {
            take(entry.forward.progress(at: now), of: entry.forward, descriptor)
        }
        for client in clients.values where client.deadline <= now && client.pending == 0 { close(client) }
    }
}
