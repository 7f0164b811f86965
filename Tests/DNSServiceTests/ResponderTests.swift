import Testing
import WirePrimitives

@testable import DNSService

/// A question as a client sends it.
func question(
    _ name: String, _ type: UInt16, id: UInt16 = 0x1234, flags: UInt16 = 0x0100, size: UInt16? = nil,
    questions: UInt16 = 1, additional: UInt16? = nil
) -> [UInt8] {
    func word(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
    var bytes = word(id) + word(flags) + word(questions) + [0, 0, 0, 0] + word(additional ?? (size == nil ? 0 : 1))
    for label in name.split(separator: ".") { bytes += [UInt8(label.utf8.count)] + Array(label.utf8) }
    bytes += [0] + word(type) + word(1)
    if let size { bytes += [0] + word(RecordType.opt) + word(size) + [0, 0, 0, 0, 0, 0] }
    return bytes
}

struct Answer {
    var code: UInt8
    var isTruncated: Bool
    var records: [[UInt8]] = []

    init?(_ bytes: [UInt8]) {
        guard let end = DomainName(reading: bytes[12...])?.wire.count, bytes[2] & 0x80 != 0 else { return nil }
        code = bytes[3] & 15
        isTruncated = bytes[2] & 2 != 0
        var position = 12 + end + 4
        for _ in 0..<Int(bytes[6]) << 8 | Int(bytes[7]) {
            // Name (a pointer), type, class, lifetime, length.
            guard bytes[position..<position + 2].elementsEqual([0xC0, 12]) else { return nil }
            guard bytes[(position + 6)..<position + 10].allSatisfy({ $0 == 0 }) else { return nil }
            let length = Int(bytes[position + 10]) << 8 | Int(bytes[position + 11])
            records.append(Array(bytes[(position + 12)..<position + 12 + length]))
            position += 12 + length
        }
    }

    var addresses: [String] { records.compactMap { IPAddress(bytes: $0)?.description } }
    var names: [String] { records.compactMap { DomainName(reading: $0[...])?.description } }
}

private let zones = Zones(
    [
        (
            "mynetwork",
            """
            10.89.0.1,fd00::1 9.9.9.9
            1 10.89.0.2 fd00::2 web1,shared,111111111111
            2 10.89.0.3  web2,shared,222222222222 8.8.8.8
            """
        ),
        ("other", "10.89.1.1\n2 10.89.1.2  web2,222222222222\n3 10.89.1.3  lonely,333333333333\n"),
        ("inner%int", "10.89.2.1 1.1.1.1\n4 10.89.2.2  kept,444444444444\n"),
    ].compactMap { Zones.NetworkFile(fileName: $0.0, text: $0.1) })

private func respond(_ message: [UInt8], from: String, at: String = "10.89.0.1", turn: Int = 0) throws -> Response {
    zones.respond(
        to: message[...], from: try #require(IPAddress(from)), at: try #require(IPAddress(at)), isStream: false,
        turn: turn)
}

private func answer(_ name: String, _ type: UInt16, from: String, at: String = "10.89.0.1") throws -> Answer? {
    guard case .reply(let bytes) = try respond(question(name, type), from: from, at: at) else { return nil }
    return Answer(bytes)
}

@Suite struct ResponderTests {
    @Test(arguments: [
        ("web2", "10.89.0.2", ["10.89.0.3"]), ("WEB2.dns.podman", "10.89.0.2", ["10.89.0.3"]),
        ("222222222222", "10.89.0.2", ["10.89.0.3"]), ("web2.DNS.Podman", "fd00::2", ["10.89.0.3"]),
        ("web1", "10.89.0.1", ["10.89.0.2"]),
        // One that is on both networks knows the names of both, whichever address it asks from.
        ("lonely", "10.89.0.3", ["10.89.1.3"]), ("web1", "10.89.1.2", ["10.89.0.2"]),
        ("web2", "10.89.1.2", ["10.89.0.3", "10.89.1.2"]),
    ])
    func `a container is found by its names`(name: String, asker: String, addresses: [String]) throws {
        let found = try #require(try answer(name, RecordType.a, from: asker))
        #expect(found.code == 0)
        #expect(found.addresses.sorted() == addresses)
    }

    @Test func `names of networks that the asker is not on are passed on`() throws {
        guard case .forward(_, let servers) = try respond(question("lonely", RecordType.a), from: "10.89.0.2") else {
            Issue.record("not passed on")
            return
        }
        #expect(servers.map(\.description) == ["9.9.9.9"])
    }

    @Test func `a container's own servers come before its network's`() throws {
        guard case .forward(_, let servers) = try respond(question("a.example", 1), from: "10.89.0.3") else {
            Issue.record("not passed on")
            return
        }
        #expect(servers.map(\.description) == ["8.8.8.8"])
    }

    @Test(arguments: [
        ("web1", RecordType.aaaa, "10.89.0.2", 0, 1), ("web2", RecordType.aaaa, "10.89.0.2", 0, 0),
        ("web2", 16, "10.89.0.2", 0, 0), ("web1", RecordType.any, "10.89.0.2", 0, 2),
        ("nosuch.dns.podman", RecordType.a, "10.89.0.2", 3, 0), ("nosuch", RecordType.a, "10.89.2.2", 3, 0),
        ("a.example", RecordType.a, "10.89.2.2", 3, 0), ("web1", 252, "10.89.0.2", 5, 0),
    ])
    func `the code and the number of records`(
        name: String, type: UInt16, asker: String, code: UInt8, count: Int
    ) throws {
        let at = asker == "10.89.2.2" ? "10.89.2.1" : "10.89.0.1"
        let found = try #require(try answer(name, type, from: asker, at: at))
        #expect(found.code == code)
        #expect(found.records.count == count)
    }

    @Test func `an address has its container's names`() throws {
        let found = try #require(try answer("3.0.89.10.in-addr.arpa", RecordType.ptr, from: "10.89.0.2"))
        #expect(found.names == ["web2.", "shared.", "222222222222."])
        let six = "2" + String(repeating: ".0", count: 27) + ".0.0.d.f.ip6.arpa"
        #expect(try answer(six, RecordType.ptr, from: "10.89.0.2")?.names.first == "web1.")
    }

    @Test func `several addresses are each the first in turn`() throws {
        var first: Set<String> = []
        for turn in 0..<2 {
            let message = question("shared", RecordType.a)
            guard case .reply(let bytes) = try respond(message, from: "10.89.0.2", turn: turn) else { continue }
            first.insert(try #require(Answer(bytes)?.addresses.first))
        }
        #expect(first == ["10.89.0.2", "10.89.0.3"])
    }

    @Test(arguments: ["192.168.1.7", "10.88.0.2", "fd00::99"])
    func `who is on none of the networks gets no answer`(asker: String) throws {
        guard case .none = try respond(question("web1", 1), from: asker) else {
            Issue.record("answered")
            return
        }
    }

    @Test func `an answer that is too long for UDP is cut, and whole over TCP`() throws {
        let names = (0..<60).map { "\($0) 10.89.0.\($0 + 2)  all,\(String(repeating: "a", count: 11))\($0 % 10)" }
        let file = try #require(
            Zones.NetworkFile(fileName: "n", text: "10.89.0.1\n" + names.joined(separator: "\n")))
        let asker = try #require(IPAddress("10.89.0.2"))
        let listener = try #require(IPAddress("10.89.0.1"))
        for (size, isStream, count) in [(nil, false, 0), (UInt16(4096), false, 60), (nil, true, 60)] {
            let response = Zones([file]).respond(
                to: question("all", 1, size: size)[...], from: asker, at: listener, isStream: isStream, turn: 0)
            guard case .reply(let bytes) = response else {
                Issue.record("no answer")
                continue
            }
            let found = try #require(Answer(bytes))
            #expect(found.records.count == count)
            #expect(found.isTruncated == (count == 0))
            #expect(bytes.count <= (isStream ? 65535 : size == nil ? 512 : 1232))
        }
    }
}
