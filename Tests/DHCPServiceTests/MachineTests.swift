import Testing
import WirePrimitives

@testable import DHCPService

/// A client's states (RFC 2131, section 4.4), in seconds.
@Suite struct MachineTests {
    static let second: Int64 = 1_000_000_000

    func sent(_ actions: [LeaseMachine.Action]) -> [DHCPRequest] {
        actions.compactMap { if case .send(let request, _) = $0 { request } else { nil } }
    }

    /// A client that has just been given the sample lease of 120 seconds, at time 0.
    func bound() throws -> LeaseMachine {
        var machine = LeaseMachine(mac: mac, hostName: "web", now: 0)
        let first = machine.wake(now: 0)
        let discover = try #require(sent(first).first)
        #expect(discover.kind == .discover && discover.hostName == "web")
        let offer = try #require(DHCPReply(reply(.offer, transaction: discover.transaction)))
        let taken = machine.take(offer, now: 0)
        let request = try #require(sent(taken).first)
        #expect(request.kind == .request && request.requested?.description == "192.168.50.10")
        #expect(request.server?.description == "192.168.50.1" && request.address == .any)
        let answer = try #require(DHCPReply(reply(.acknowledgement, transaction: request.transaction)))
        let lease = try #require(answer.lease)
        #expect(machine.take(answer, now: 0) == [.configure(lease)])
        return machine
    }

    @Test func `a lease is renewed at half its time with its server, later with any`() throws {
        var machine = try bound()
        #expect(machine.wakeTime == 60 * Self.second)
        #expect(machine.wake(now: 59 * Self.second).isEmpty)
        let lease = try #require(machine.lease)
        let early = machine.wake(now: 60 * Self.second)
        guard case .send(let renewal, let server) = try #require(early.first) else { return }
        #expect(server == lease.server && renewal.address.description == "192.168.50.10" && renewal.requested == nil)
        let late = machine.wake(now: 106 * Self.second)
        guard case .send(_, let nobody) = try #require(late.first) else { return }
        #expect(nobody == nil)
        let latest = machine.wake(now: machine.wakeTime)
        let again = try #require(sent(latest).first)
        let answer = try #require(DHCPReply(reply(.acknowledgement, transaction: again.transaction)))
        #expect(machine.take(answer, now: 110 * Self.second) == [.configure(lease)])
        #expect(machine.wakeTime == 170 * Self.second)
    }

    @Test func `a lease that nobody renews is lost, and another is looked for`() throws {
        var machine = try bound()
        let lease = try #require(machine.lease)
        var now: Int64 = 0
        var asked = 0
        while machine.lease != nil && asked < 200 {
            now = machine.wakeTime
            let actions = machine.wake(now: now)
            asked += 1
            if actions.contains(.withdraw(lease)) { #expect(sent(actions).map(\.kind) == [.discover]) }
        }
        #expect(now == 120 * Self.second)
        #expect(asked < 20)
    }

    @Test func `a refusal takes the address away, and is not answered at once`() throws {
        var machine = try bound()
        let lease = try #require(machine.lease)
        let asked = machine.wake(now: 60 * Self.second)
        let renewal = try #require(sent(asked).first)
        let refusal = try #require(DHCPReply(reply(.refusal, transaction: renewal.transaction)))
        #expect(machine.take(refusal, now: 60 * Self.second) == [.withdraw(lease)])
        #expect(machine.wakeTime == 61 * Self.second)
        let next = machine.wake(now: 61 * Self.second)
        #expect(sent(next).map(\.kind) == [.discover])
    }

    @Test func `what is for somebody else, or no answer to the question, changes nothing`() throws {
        var machine = LeaseMachine(mac: mac, hostName: "", now: 0)
        let first = machine.wake(now: 0)
        let discover = try #require(sent(first).first)
        let other = MACAddress(locallyAdministered: 9)
        for bytes in [
            reply(.offer, transaction: discover.transaction &+ 1),
            reply(.offer, transaction: discover.transaction, mac: other),
            reply(.acknowledgement, transaction: discover.transaction),
            reply(.refusal, transaction: discover.transaction),
        ] {
            let reply = try #require(DHCPReply(bytes))
            #expect(machine.take(reply, now: 0).isEmpty)
        }
        let offer = try #require(DHCPReply(reply(.offer, transaction: discover.transaction)))
        _ = machine.take(offer, now: 0)
        // Another server, or another address than was offered.
        for bytes in [
            reply(.acknowledgement, transaction: discover.transaction, server: [192, 168, 50, 99]),
            reply(.acknowledgement, transaction: discover.transaction, address: [192, 168, 50, 11]),
            reply(.refusal, transaction: discover.transaction, server: [192, 168, 50, 99]),
        ] {
            let reply = try #require(DHCPReply(bytes))
            #expect(machine.take(reply, now: 0).isEmpty)
        }
        #expect(machine.lease == nil)
    }

    @Test func `without an answer the pauses grow to a minute, and a release has nothing to give back`() {
        var machine = LeaseMachine(mac: mac, hostName: "", now: 0)
        var pauses: [Int64] = []
        for _ in 0..<9 {
            let now = machine.wakeTime
            let actions = machine.wake(now: now)
            #expect(sent(actions).map(\.kind) == [.discover])
            pauses.append((machine.wakeTime - now) / Self.second)
        }
        #expect(zip(pauses, [1, 2, 4, 8, 16, 32, 64, 64, 64]).allSatisfy { $0 >= $1 && $0 <= $1 + $1 / 8 })
        #expect(machine.release() == nil)
    }

    @Test func `a release goes to the server that gave the lease`() throws {
        var machine = try bound()
        let message = machine.release()
        let release = try #require(message)
        #expect(release.kind == .release && release.server == machine.lease?.server)
        #expect(release.address.description == "192.168.50.10")
    }

    @Test func `a process that begins anew asks for its lease at once`() throws {
        let lease = try #require(bound().lease)
        var machine = LeaseMachine(mac: mac, hostName: "", resuming: lease, now: 5 * Self.second)
        let actions = machine.wake(now: 5 * Self.second)
        #expect(sent(actions).map(\.address.description) == ["192.168.50.10"])
    }
}
