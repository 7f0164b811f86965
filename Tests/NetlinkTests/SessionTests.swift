import LinuxSys
import Netlink
import Testing
import WirePrimitives

@Suite struct SessionTests {
    let request = LinkRequest.setUp(.loopback)

    func session(_ answers: Result<NetlinkDatagram, Errno>...) -> (Session, ScriptedTransport) {
        let transport = ScriptedTransport(answers)
        return (Session(transport, firstSequence: 7), transport)
    }

    @Test func `an acknowledgement ends a request`() throws {
        let (session, transport) = session(Answer.datagram(Answer.acknowledgement(0, sequence: 7)))
        try session.perform(request)
        #expect(transport.unread == 0)
    }

    @Test func `a refusal carries the kernel's code and words`() {
        for capped in [true, false] {
            let (session, _) = session(
                Answer.datagram(Answer.acknowledgement(17, sequence: 7, words: "Device already exists", capped: capped))
            )
            let expected = NetlinkError("set link lo up", .fileExists, detail: "Device already exists")
            #expect(throws: expected) { try session.perform(request) }
        }
    }

    @Test func `a stale answer is passed over`() throws {
        let (session, transport) = session(
            Answer.datagram(Answer.acknowledgement(1, sequence: 6)),
            Answer.datagram(Answer.acknowledgement(0, sequence: 7)))
        try session.perform(request)
        #expect(transport.unread == 0)
    }

    @Test func `a refusal of what was begun is kept while others are answered`() throws {
        let (session, transport) = session(
            Answer.datagram(Answer.acknowledgement(16, sequence: 7, words: "busy")),
            Answer.datagram(Answer.acknowledgement(0, sequence: 9)))
        let refused = try session.begin(request)
        let done = try session.begin(request)
        #expect(session.refusal(of: refused) == nil)
        try session.perform(request)
        #expect(session.refusal(of: refused) == NetlinkError("set link lo up", .resourceBusy, detail: "busy"))
        #expect(session.refusal(of: done) == nil)
        #expect(transport.sent.count == 3)
    }

    @Test func `an answer that another process forged is passed over`() throws {
        let (session, transport) = session(
            Answer.datagram(Answer.acknowledgement(1, sequence: 7), sender: 99),
            Answer.datagram(Answer.acknowledgement(0, sequence: 7)))
        try session.perform(request)
        #expect(transport.unread == 0)
    }

    @Test func `an answer to another socket is passed over`() throws {
        let (session, transport) = session(
            Answer.datagram(Answer.acknowledgement(1, sequence: 7, port: 1)),
            Answer.datagram(Answer.acknowledgement(0, sequence: 7)))
        try session.perform(request)
        #expect(transport.unread == 0)
    }

    @Test func `a flood of strangers ends in an error`() {
        let transport = ScriptedTransport(
            (0..<1000).map { _ in Answer.datagram(Answer.acknowledgement(0, sequence: 7), sender: 99) })
        #expect(throws: NetlinkError("set link lo up", .badMessage)) {
            try Session(transport, firstSequence: 7).perform(request)
        }
    }

    @Test func `a truncated answer is an error`() {
        let (session, _) = session(Answer.datagram(Answer.acknowledgement(0, sequence: 7), isTruncated: true))
        #expect(throws: NetlinkError("set link lo up", .messageTooLong)) { try session.perform(request) }
    }

    @Test func `a lost answer is an error`() {
        let (session, _) = session(.failure(.noBufferSpace))
        #expect(throws: NetlinkError("set link lo up", .noBufferSpace)) { try session.perform(request) }
    }

    @Test func `a malformed answer is an error`() {
        for bytes in [[1, 0, 0, 0], [255, 0, 0, 0] + [UInt8](repeating: 0, count: 12), [3, 0], [0, 0, 0, 0]]
            as [[UInt8]]
        {
            let (session, _) = session(Answer.datagram(bytes))
            #expect(throws: NetlinkError("set link lo up", .badMessage)) { try session.perform(request) }
        }
    }

    @Test func `a batch is sent at once and every answer is read`() throws {
        let (session, transport) = session(
            Answer.datagram(Answer.acknowledgement(0, sequence: 7)),
            Answer.datagram(Answer.acknowledgement(1, sequence: 8), Answer.acknowledgement(17, sequence: 9)),
            Answer.datagram(Answer.acknowledgement(0, sequence: 10)))
        #expect(throws: NetlinkError("set link lo up", Errno(rawValue: 1))) {
            try session.perform([request, request, request])
        }
        #expect(transport.sent.count == 1)
        try session.perform(request)
        #expect(transport.unread == 0)
    }

    @Test func `a link is read`() throws {
        let (session, _) = session(Answer.datagram(Answer.link(3, "veth0", sequence: 7)))
        let link = try #require(try session.link(.veth(0)))
        #expect(link.index == 3)
        #expect(link.name == "veth0")
        #expect(link.mtu == 1500)
        #expect(link.isUp)
    }

    @Test func `a link that is not there is nil`() throws {
        let (session, _) = session(Answer.datagram(Answer.acknowledgement(19, sequence: 7)))
        #expect(try session.link(.veth(0)) == nil)
    }

    @Test func `a list comes in parts`() throws {
        let (session, _) = session(
            Answer.datagram(Answer.link(1, "lo", flags: 2, sequence: 7), Answer.link(2, "a", flags: 2, sequence: 7)),
            Answer.datagram(Answer.link(3, "b", flags: 2, sequence: 7)), Answer.datagram(Answer.done(sequence: 7)))
        #expect(try session.links().map(\.name) == ["lo", "a", "b"])
    }

    @Test func `a list that changed while it was read is asked for again`() throws {
        let (session, _) = session(
            Answer.datagram(Answer.link(1, "lo", flags: 2, sequence: 7), Answer.link(2, "a", flags: 0x12, sequence: 7)),
            Answer.datagram(Answer.done(sequence: 7)),
            Answer.datagram(Answer.link(1, "lo", flags: 2, sequence: 8)), Answer.datagram(Answer.done(sequence: 8)))
        #expect(try session.links().map(\.name) == ["lo"])
    }

    @Test func `a list that never stands still is an error`() {
        let transport = ScriptedTransport(
            (7..<20).flatMap {
                [
                    Answer.datagram(Answer.link(1, "lo", flags: 0x12, sequence: $0)),
                    Answer.datagram(Answer.done(sequence: $0)),
                ]
            })
        let error = #expect(throws: NetlinkError.self) { _ = try Session(transport, firstSequence: 7).links() }
        #expect(error?.errno == .resourceTemporarilyUnavailable)
    }

    @Test func `a list that the kernel cannot finish is an error`() {
        let (session, _) = session(
            Answer.datagram(Answer.link(1, "lo", flags: 2, sequence: 7)),
            Answer.datagram(Answer.done(sequence: 7, code: 12)))
        #expect(throws: NetlinkError("list links", .noMemory)) { try session.links() }
    }

    @Test func `no cut of an answer does harm`() {
        let whole = Answer.acknowledgement(17, sequence: 7, words: "words") + Answer.link(3, "veth0", sequence: 7)
        for length in 0..<whole.count {
            // Whatever comes out, it comes out: no trap, no endless loop.
            let (session, _) = session(Answer.datagram(Array(whole[..<length])))
            #expect(throws: NetlinkError.self) { try session.perform(request) }
        }
    }
}
