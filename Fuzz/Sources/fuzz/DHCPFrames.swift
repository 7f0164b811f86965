import WirePrimitives

@testable import DHCPService

/// A frame from a wire: whatever it holds, a lease that is read out of it is one that a host can use, and a client that
/// gets it as the answer to its question takes that lease or asks on.
func checkDHCPFrame(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let datagram = Array(input.dropFirst())
    // One half has its sum looked at; the other half gets to what is behind it.
    guard let message = UDPDatagram.unwrap(datagram, isSummed: first & 1 == 1) else { return }
    require(message.count <= datagram.count - 28, "a message of \(message.count) bytes in \(datagram.count)")
    guard let reply = DHCPReply(message) else { return }
    require(reply.server.canBeHost, "a server that is no host")
    require((reply.lease == nil) == (reply.kind == .refusal), "a lease where there is none")
    if let lease = reply.lease { checkLease(lease) }
    checkMachine(message)
}

private let client = MACAddress(locallyAdministered: 0x0242_0A00_0001)

private func checkLease(_ lease: Lease) {
    let network = lease.address.network
    require(lease.ipv4.canBeHost && network.contains(.v4(lease.ipv4)), "an address that no host can have")
    require(lease.router.map { network.contains(.v4($0)) && $0 != lease.ipv4 } ?? true, "a router that is none")
    require(lease.nameServers.count <= 4 && lease.nameServers.allSatisfy(\.canBeHost), "a server that is none")
    require(lease.domain.map { !$0.isEmpty && !$0.contains(where: \.isWhitespace) } ?? true, "no domain")
    require(0 < lease.renewal && lease.renewal <= lease.rebinding, "renewal after rebinding")
    let seconds = lease.seconds ?? .max
    require(lease.rebinding <= seconds && seconds >= Lease.shortest, "too short a lease")
}

/// Answers a client's first two questions with a message.
private func checkMachine(_ message: [UInt8]) {
    var machine = LeaseMachine(mac: client, hostName: "", now: 0)
    for _ in 0..<2 {
        let now = machine.wakeTime
        guard now < .max, case .send(let question, _)? = machine.wake(now: now).first else { return }
        let answer =
            Array(message[..<4]) + IPv4Address(rawValue: question.transaction).bytes + Array(message[8..<28])
            + client.bytes
            + Array(message[34...])
        guard let reply = DHCPReply(answer) else { return require(false, "read once, and not again") }
        for action in machine.take(reply, now: now) {
            if case .configure(let lease) = action { require(lease == reply.lease, "another lease than was given") }
        }
        require(machine.lease == nil || machine.wakeTime >= now + 1_000_000_000, "asks without end")
    }
}
