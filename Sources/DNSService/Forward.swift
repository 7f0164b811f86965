internal import LinuxSys
internal import WirePrimitives

/// Who gets the answer to a question that is passed on.
enum Client: Hashable {
    /// Somebody who asked over UDP, by the listener's descriptor and the peer.
    case datagram(listener: Int32, InternetPeer)
    /// A connection, by its number.
    case stream(Int)
}

/// One question on its way to other servers, one after the other.
///
/// Every attempt has a socket of its own, whose port the kernel draws; the id and the case of the name's letters are
/// drawn here (RFC 5452). Only what the server that was asked sends to that port, with all of it right, counts.
final class Forward {
    /// All attempts together, in nanoseconds: clients wait 5 s (resolv.conf(5)), and shall hear of a failure.
    static let patience: Int64 = 4_000_000_000

    let client: Client
    private let query: Query
    private let message: [UInt8]
    private var sent: [UInt8] = []
    private var rest: ArraySlice<IPAddress>
    private let patience: Int64
    private(set) var server: IPAddress
    private(set) var socket: OwnedFD
    private var transport: InternetTransport
    private(set) var deadline: Int64 = 0
    private var incoming = TCPFraming()
    private var outgoing: ArraySlice<UInt8> = []

    /// What came of looking at the socket.
    enum Progress {
        /// Nothing yet.
        case waiting
        /// The socket is another now.
        case retried
        /// The answer, for the client.
        case answered([UInt8])
        /// No server answered.
        case failed
    }

    /// Asks the first of the servers.
    ///
    /// - Throws: `Errno` when none can even be asked.
    init(_ message: [UInt8], _ query: Query, for client: Client, servers: [IPAddress]) throws(Errno) {
        self.message = message
        self.query = query
        self.client = client
        patience = Self.patience / Int64(max(1, servers.count))
        var rest = servers[...]
        while let next = rest.popFirst() {
            do throws(Errno) {
                socket = try Self.open(.datagram, next)
                self.rest = rest
                server = next
                transport = .datagram
                try begin()
                return
            } catch {
                if rest.isEmpty { throw error }
            }
        }
        throw Errno.noSuchFileOrDirectory
    }

    /// What to wait for at the socket.
    var interest: Readiness { outgoing.isEmpty ? .readable : [.readable, .writable] }

    private static func open(_ transport: InternetTransport, _ server: IPAddress) throws(Errno) -> OwnedFD {
        try .connected(transport, to: InternetPeer(address: server.bytes, port: 53))
    }

    /// Sends the question with a new id and new letters.
    private func begin() throws(Errno) {
        deadline = Clock.monotonic + patience
        sent = message
        var random = SystemRandomNumberGenerator()
        let id = UInt16.random(in: 0...UInt16.max, using: &random)
        sent[0] = UInt8(id >> 8)
        sent[1] = UInt8(id & 255)
        var letters: UInt64 = 0
        for index in Query.headerLength..<Query.headerLength + query.name.wire.count {
            guard case UInt8(ascii: "a")...UInt8(ascii: "z") = sent[index] | 0x20 else { continue }
            if letters <= 1 { letters = random.next() | 1 << 63 }
            sent[index] = sent[index] & ~0x20 | (letters & 1 == 1 ? 0x20 : 0)
            letters >>= 1
        }
        switch transport {
        case .datagram: _ = try socket.send(some: sent[...])
        case .stream: outgoing = TCPFraming.framed(sent)[...]
        }
    }

    /// Asks again: the next server, or this one over TCP.
    private func retry(overTCP: Bool) -> Progress {
        incoming = TCPFraming()
        outgoing = []
        var next: IPAddress? = overTCP && transport == .datagram ? server : rest.popFirst()
        transport = next == server && overTCP && transport == .datagram ? .stream : .datagram
        while let candidate = next {
            do throws(Errno) {
                socket = try Self.open(transport, candidate)
                server = candidate
                try begin()
                return .retried
            } catch {
                transport = .datagram
                next = rest.popFirst()
            }
        }
        return .failed
    }

    /// Looks at the clock.
    func progress(at now: Int64) -> Progress { now < deadline ? .waiting : retry(overTCP: false) }

    /// Looks at the socket.
    func progress(_ what: Readiness) -> Progress {
        do throws(Errno) {
            if what.contains(.writable), !outgoing.isEmpty {
                outgoing = outgoing.dropFirst(try socket.send(some: outgoing))
            }
            while let bytes = try socket.receive(upTo: 1 << 16) {
                switch transport {
                case .datagram:
                    switch judge(bytes) {
                    case .right: return .answered(restored(bytes))
                    case .cut, .otherLetters: return retry(overTCP: true)
                    case .wrong: continue  // somebody guesses, or an old answer comes late
                    }
                case .stream:
                    if bytes.isEmpty { return retry(overTCP: false) }
                    incoming.append(bytes)
                    guard let answer = incoming.next() else { continue }
                    if case .wrong = judge(answer) { return retry(overTCP: false) }
                    return .answered(restored(answer))
                }
            }
            return .waiting
        } catch {
            return retry(overTCP: false)
        }
    }

    private enum Verdict {
        case right, cut, otherLetters, wrong
    }

    /// Whether an answer is to the question that was sent.
    private func judge(_ answer: [UInt8]) -> Verdict {
        let end = query.head.count
        guard answer.count >= end, answer[0] == sent[0], answer[1] == sent[1], answer[2] & 0x80 != 0,
            answer[4] == 0, answer[5] == 1
        else {
            // A server that fails may leave the question out; whoever guesses would have to guess id and port.
            let isBareFailure = answer.count == Query.headerLength && answer[0] == sent[0] && answer[1] == sent[1]
            return isBareFailure && answer[2] & 0x80 != 0 && answer[3] & 15 != 0 ? .right : .wrong
        }
        guard answer[2] & 2 == 0 || transport == .stream else { return .cut }
        if answer[Query.headerLength..<end] == sent[Query.headerLength..<end] { return .right }
        // A server that writes letters its own way is asked over TCP, where nobody can guess.
        let name = DomainName(reading: answer[Query.headerLength...])
        guard name == query.name, answer[(end - 4)..<end] == sent[(end - 4)..<end] else { return .wrong }
        return transport == .stream ? .right : .otherLetters
    }

    /// The answer with the asker's own id and letters.
    private func restored(_ answer: [UInt8]) -> [UInt8] {
        var bytes = answer
        bytes.replaceSubrange(0..<2, with: message[0..<2])
        if bytes.count >= query.head.count {
            bytes.replaceSubrange(Query.headerLength..<query.head.count, with: query.head.dropFirst(Query.headerLength))
        }
        guard case .datagram = client, bytes.count > max(query.size, Query.leastSize) else { return bytes }
        return Reply.bytes(query, .noError, limit: 0)
    }

    /// What the client gets when nobody answered.
    var failure: [UInt8] { Reply.bytes(query, .serverFailure, limit: Int(UInt16.max)) }
}
