import Testing
import WirePrimitives

@testable import DNSService

@Suite struct HostileTests {
    static let whole = question("web1.dns.podman", RecordType.a, size: 1232)

    @Test func `every beginning of a message is refused, and the whole is taken`() {
        for length in 0..<Self.whole.count { #expect(Query(Self.whole[..<length]) == nil, "\(length) bytes") }
        #expect(Query(Self.whole[...]) != nil)
    }

    @Test(
        arguments: [
            ("an answer", question("a", 1, flags: 0x8100)), ("no question", question("a", 1, questions: 0)),
            ("two questions", question("a", 1, questions: 2)),
            ("a record that is not there", question("a", 1, additional: 1)),
            ("65,535 records that are not there", question("a", 1, additional: 65535)),
            ("a name that is a pointer to itself", [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xC0, 12, 0, 1, 0, 1]),
            (
                "a label of 64 bytes",
                [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 64] + [UInt8](repeating: 97, count: 64) + [0, 0, 1, 0, 1]
            ),
            (
                "a name of 256 bytes",
                [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
                    + (0..<4).flatMap { _ in [63] + [UInt8](repeating: 97, count: 63) } + [0, 0, 1, 0, 1]
            ),
            ("a name without an end", [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 97, 97, 97, 5, 1]),
        ] as [(String, [UInt8])])
    func `is no question`(what: String, message: [UInt8]) {
        #expect(Query(message[...]) == nil, "\(what)")
    }

    @Test func `a name of 255 bytes is the longest`() {
        let labels = [63, 63, 63, 61].map { String(repeating: "a", count: $0) }
        #expect(DomainName(labels.joined(separator: "."))?.wire.count == 255)
        #expect(DomainName((labels + ["b"]).joined(separator: ".")) == nil)
        #expect(DomainName("a..b") == nil)
    }

    @Test func `random changes to a question never trap, and what is answered keeps its id`() throws {
        let file = try #require(Zones.NetworkFile(fileName: "n", text: "10.89.0.1\n1 10.89.0.2  web1,111111111111\n"))
        let zones = Zones([file])
        let asker = try #require(IPAddress("10.89.0.2"))
        let listener = try #require(IPAddress("10.89.0.1"))
        var answered = 0
        for _ in 0..<20_000 {
            var message = Self.whole
            for _ in 0..<Int.random(in: 1...4) {
                message[Int.random(in: 0..<message.count)] = UInt8.random(in: 0...255)
            }
            let response = zones.respond(to: message[...], from: asker, at: listener, isStream: false, turn: 1)
            if case .reply(let bytes) = response {
                #expect(bytes.prefix(2) == message.prefix(2))
                answered += 1
            }
        }
        #expect(answered > 0)
    }

    @Test func `a stream may come in any pieces`() {
        let messages: [[UInt8]] = [[1, 2, 3], [], [4]]
        let stream = messages.flatMap(TCPFraming.framed)
        for size in 1...stream.count {
            var framing = TCPFraming()
            var found: [[UInt8]] = []
            for start in stride(from: 0, to: stream.count, by: size) {
                framing.append(Array(stream[start..<min(start + size, stream.count)]))
                while let message = framing.next() { found.append(message) }
            }
            #expect(found == messages)
            #expect(!framing.isPartial)
        }
    }

    @Test(arguments: [
        ("", false), ("\n\n", false), ("nonsense\n", false), ("10.89.0.1", true), ("10.89.0.1\ntoo few\n", true),
        ("10.89.0.1\n1 x y ,,,.. z\n", true),
    ])
    func `a file that makes no sense serves nobody`(text: String, isServed: Bool) {
        #expect((Zones.NetworkFile(fileName: "n", text: text) != nil) == isServed)
    }
}
