import LinuxSys
import Netlink
import Testing
import WirePrimitives

/// Taking rules away through nf_tables itself.
@Suite struct RuleTests {
    let removals = [
        RuleRemoval(.rule(handle: 0x0102), family: .ipv4, table: "nat", chain: "POSTROUTING"),
        RuleRemoval(.allRules, family: .ipv4, table: "nat", chain: "NETAVARK-A"),
        RuleRemoval(.chain, family: .ipv4, table: "nat", chain: "NETAVARK-A"),
    ]

    func session(_ answers: Result<NetlinkDatagram, Errno>...) -> (Session, ScriptedTransport) {
        let transport = ScriptedTransport(answers)
        return (Session(transport, firstSequence: 7), transport)
    }

    @Test func `removals go in one datagram, between begin and end, and the last one is acknowledged`() throws {
        let (session, transport) = session(Answer.datagram(Answer.acknowledgement(0, sequence: 10)))
        try session.remove(removals, generation: 0x0A0B_0C0D)
        let messages = try Message.split(try #require(transport.sent.first))
        #expect(transport.sent.count == 1)
        #expect(messages.map(\.type) == [0x10, 0xA08, 0xA08, 0xA05, 0x11])
        #expect(messages.map { $0.flags.contains(.acknowledge) } == [false, false, false, true, false])
        // The generation and the handle are in network order, the subsystem is the batch's resource.
        #expect(messages[0].payload.bytes == [0, 0, 0, 10, 8, 0, 1, 0, 0x0A, 0x0B, 0x0C, 0x0D])
        #expect(messages[1].payload.bytes.suffix(12) == [12, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1, 2])
    }

    @Test func `a refusal of one is told when the last has been answered`() {
        let (session, transport) = session(
            Answer.datagram(Answer.acknowledgement(2, sequence: 8), Answer.acknowledgement(16, sequence: 10)))
        let expected = NetlinkError("delete rules of POSTROUTING", .noSuchFileOrDirectory)
        #expect(throws: expected) { try session.remove(removals, generation: 1) }
        #expect(transport.unread == 0)
    }

    @Test func `a batch for another generation is refused by its begin alone`() {
        let (session, _) = session(Answer.datagram(Answer.acknowledgement(85, sequence: 7)))
        #expect(throws: NetlinkError("change rules", Errno(rawValue: 85))) {
            try session.remove(removals, generation: 1)
        }
    }

    @Test func `what answers another request, or comes from others, is passed over`() throws {
        let (session, _) = session(
            Answer.datagram(Answer.acknowledgement(1, sequence: 6)),
            Answer.datagram(Answer.acknowledgement(1, sequence: 10), sender: 99),
            Answer.datagram(Answer.acknowledgement(1, sequence: 12)),
            Answer.datagram(Answer.acknowledgement(0, sequence: 10)))
        try session.remove(removals, generation: 1)
    }

    @Test func `nothing is sent for nothing`() throws {
        let (session, transport) = session()
        try session.remove([], generation: 1)
        #expect(transport.sent.isEmpty)
    }

    @Test func `handles are read in the order of the rules`() throws {
        func rule(_ handle: UInt8) -> [UInt8] {
            var attributes = AttributeWriter(after: [2, 0, 0, 0])
            attributes.put(1, text: "nat")
            attributes.put(3, [0, 0, 0, 0, 0, 0, 1, handle])
            return Answer.message(0xA06, flags: 2, sequence: 7, attributes.bytes)
        }
        let (session, _) = session(
            Answer.datagram(rule(9), rule(4)), Answer.datagram(rule(5), Answer.done(sequence: 7)))
        #expect(try session.ruleHandles(.ipv4, table: "nat", chain: "OUTPUT") == [0x109, 0x104, 0x105])
    }
}
