public import WirePrimitives

/// A client's side of DHCP (RFC 2131, figure 5) without a socket or clock: what came and what time it is lead to what is
/// to be done. Times are in nanoseconds of a clock that never jumps.
public struct LeaseMachine {
    /// What the caller is to do.
    public enum Action: Hashable, Sendable {
        /// Send a message: to the one server, or to everybody (nil).
        case send(DHCPRequest, to: IPv4Address?)
        /// The lease is the client's, for the first time or again.
        case configure(Lease)
        /// The lease is lost: its address is somebody else's to have.
        case withdraw(Lease)
    }

    private enum Phase {
        /// Looks for servers; how often it has asked.
        case selecting(attempt: Int)
        /// Has taken an offer.
        case requesting(Lease, attempt: Int)
        /// Has a lease since a time; asks to keep it from `renewal` on.
        case bound(Lease, since: Int64)
    }

    private static let second: Int64 = 1_000_000_000
    /// The longest pause between questions to everybody, in seconds.
    private static let longestPause: Int64 = 64
    /// How often an offer is taken before another is looked for.
    private static let mostRequests = 3

    private let mac: MACAddress
    private let hostName: String
    private var random: any RandomNumberGenerator
    private var transaction: UInt32
    private var phase: Phase
    /// When `wake` is to be called.
    public private(set) var wakeTime: Int64

    /// A client that has nothing yet, or a lease that it does not know how long it still has.
    public init(
        mac: MACAddress, hostName: String, resuming lease: Lease? = nil, now: Int64,
        random: any RandomNumberGenerator = SystemRandomNumberGenerator()
    ) {
        self.mac = mac
        self.hostName = hostName
        self.random = random
        transaction = self.random.next()
        phase = lease.map { .bound($0, since: now - Int64($0.renewal) * Self.second) } ?? .selecting(attempt: 0)
        wakeTime = now
    }

    /// The lease that the client has now.
    public var lease: Lease? {
        if case .bound(let lease, _) = phase { lease } else { nil }
    }

    /// The time has come.
    public mutating func wake(now: Int64) -> [Action] {
        guard now >= wakeTime else { return [] }
        switch phase {
        case .selecting(let attempt):
            transaction = random.next()
            phase = .selecting(attempt: attempt + 1)
            wakeTime = now + pause(attempt)
            return [.send(message(.discover), to: nil)]
        case .requesting(let lease, let attempt):
            guard attempt < Self.mostRequests else { return select(now, after: 0) }
            return request(lease, now, attempt: attempt)
        case .bound(let lease, let since):
            guard let seconds = lease.seconds else {
                wakeTime = .max
                return []
            }
            let end = since + Int64(seconds) * Self.second
            guard now < end else { return [.withdraw(lease)] + select(now, after: 0) }
            let rebinding = since + Int64(lease.rebinding) * Self.second
            let next = now < rebinding ? rebinding : end
            // Half of what is left, as RFC 2131 has it, but not more often than once a second.
            wakeTime = min(next, now + max(Self.second, (next - now) / 2))
            transaction = random.next()
            var message = message(.request)
            message.address = lease.ipv4
            return [.send(message, to: now < rebinding ? lease.server : nil)]
        }
    }

    /// A server has said something.
    public mutating func take(_ reply: DHCPReply, now: Int64) -> [Action] {
        guard reply.mac == mac, reply.transaction == transaction else { return [] }
        switch (phase, reply.kind) {
        case (.selecting(let attempt), .offer) where attempt > 0:
            guard let lease = reply.lease else { return [] }
            return request(lease, now, attempt: 0)
        case (.requesting(let wanted, _), .acknowledgement):
            guard let lease = reply.lease, lease.ipv4 == wanted.ipv4, lease.server == wanted.server else { return [] }
            return bind(lease, now)
        case (.requesting(let wanted, _), .refusal) where reply.server == wanted.server:
            // Not at once: a server that refuses what it offers would be asked without end.
            return select(now, after: Self.second)
        case (.bound(let old, _), .acknowledgement):
            guard let lease = reply.lease, lease.address == old.address else { return [] }
            return bind(lease, now)
        case (.bound(let old, _), .refusal): return [.withdraw(old)] + select(now, after: Self.second)
        // An offer too late or too early, or what another server says of an offer that it has not made.
        case (.selecting, _), (.requesting, _), (.bound, .offer): return []
        }
    }

    /// What tells the server that its address is needed no more; nil when there is none.
    public mutating func release() -> DHCPRequest? {
        guard let lease else { return nil }
        transaction = random.next()
        var message = message(.release)
        message.address = lease.ipv4
        message.server = lease.server
        return message
    }

    private mutating func bind(_ lease: Lease, _ now: Int64) -> [Action] {
        phase = .bound(lease, since: now)
        wakeTime = lease.seconds == nil ? .max : now + Int64(lease.renewal) * Self.second
        // What comes again with the same number is no answer to anything.
        transaction = random.next()
        return [.configure(lease)]
    }

    private mutating func request(_ lease: Lease, _ now: Int64, attempt: Int) -> [Action] {
        phase = .requesting(lease, attempt: attempt + 1)
        wakeTime = now + pause(attempt)
        var message = message(.request)
        message.requested = lease.ipv4
        message.server = lease.server
        return [.send(message, to: nil)]
    }

    private mutating func select(_ now: Int64, after delay: Int64) -> [Action] {
        phase = .selecting(attempt: 0)
        wakeTime = now + delay
        transaction = random.next()
        return delay == 0 ? wake(now: now) : []
    }

    private func message(_ kind: DHCPRequest.Kind) -> DHCPRequest {
        var message = DHCPRequest(kind, transaction: transaction, mac: mac)
        message.hostName = hostName
        return message
    }

    /// One second, then twice as long each time, each up to an eighth more, so that clients do not ask in step.
    private mutating func pause(_ attempt: Int) -> Int64 {
        let length = min(Self.longestPause, 1 << Int64(min(attempt, 6))) * Self.second
        return length + Int64(random.next() % UInt64(length / 8))
    }
}

extension Lease {
    /// The address alone.
    var ipv4: IPv4Address {
        if case .v4(let address) = address.address { address } else { .any }
    }
}
