internal import LinuxSys
internal import WirePrimitives

/// Somebody who asks over TCP.
final class StreamClient {
    /// How long a connection may be idle, or a question take to come whole, in nanoseconds.
    static let patience: Int64 = 5_000_000_000
    /// How many bytes of answers may wait for an asker who does not read.
    private static let mostOutgoing = 1 << 17
    /// How many questions of one connection may be on their way to other servers.
    static let mostPending = 64

    let number: Int
    let socket: OwnedFD
    let peer: IPAddress
    let listener: IPAddress
    private var incoming = TCPFraming()
    private var outgoing: [UInt8] = []
    /// Questions on their way to other servers.
    var pending = 0
    private(set) var deadline: Int64
    private var hasEnded = false

    init(_ number: Int, _ socket: consuming OwnedFD, peer: IPAddress, listener: IPAddress) {
        self.number = number
        self.socket = socket
        self.peer = peer
        self.listener = listener
        deadline = Clock.monotonic + Self.patience
    }

    /// What to wait for.
    var interest: Readiness { outgoing.isEmpty ? .readable : [.readable, .writable] }

    /// Whether nothing more can come of it.
    var isDone: Bool { hasEnded && pending == 0 && outgoing.isEmpty }

    /// Reads what came: the whole questions in it.
    ///
    /// - Throws: `Errno` when the connection is broken.
    func questions() throws(Errno) -> [[UInt8]] {
        var questions: [[UInt8]] = []
        // Not more than one buffer a turn: others want to be answered, too.
        if let bytes = try socket.receive(upTo: 1 << 14) {
            if bytes.isEmpty { hasEnded = true }
            incoming.append(bytes)
        }
        while let message = incoming.next() { questions.append(message) }
        if !questions.isEmpty { deadline = Clock.monotonic + Self.patience }
        return questions
    }

    /// Sends an answer, as far as there is room, and keeps the rest.
    ///
    /// - Throws: `Errno` when the connection is broken, or its peer does not read.
    func answer(_ bytes: [UInt8]) throws(Errno) {
        guard outgoing.count + bytes.count <= Self.mostOutgoing else { throw Errno.noBufferSpace }
        outgoing += TCPFraming.framed(bytes)
        try flush()
    }

    /// Goes on sending.
    func flush() throws(Errno) {
        guard !outgoing.isEmpty else { return }
        let count = try socket.send(some: outgoing[...])
        outgoing.removeFirst(count)
        if count > 0 { deadline = Clock.monotonic + Self.patience }
    }
}
