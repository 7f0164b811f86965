import DNSService
import WirePrimitives

/// A packet from a container: whatever it holds, what goes back is an answer to that very question and not too long.
func checkDNSMessage(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let message = input.dropFirst()
    let isStream = first & 1 == 1
    let response = sampleZones.respond(
        to: message, from: asker, at: listener, isStream: isStream, turn: Int(first >> 1))
    let query = Query(message)
    switch response {
    case .none: require(query == nil, "no answer to a question that is well formed")
    case .forward(let passedOn, _):
        require(passedOn.head.elementsEqual(query?.head ?? []), "another question is passed on than came")
    case .reply(let reply):
        guard let query else { return require(false, "an answer to no question") }
        let limit = isStream ? Int(UInt16.max) : query.size
        require(reply.count <= limit, "\(reply.count) bytes, and the asker takes \(limit)")
        require(reply.count >= query.head.count && reply[2] & 0x80 != 0, "an answer that is none")
        require(reply.prefix(2).elementsEqual(message.prefix(2)), "the answer has another id")
        require(
            reply[12..<query.head.count].elementsEqual(query.head.dropFirst(12)), "the answer has another question")
    }
    if let query {
        require(query.name.wire.count <= DomainName.longest, "a name of \(query.name.wire.count) bytes")
        require((512...1232).contains(query.size), "an answer of \(query.size) bytes over UDP")
    }
}

/// A stream in pieces, as long as its first byte says, has the messages of the whole; written, they are the stream.
func checkDNSStream(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let stream = Array(input.dropFirst())
    let whole = messages([stream])
    let step = Int(first) + 1
    let pieces = stride(from: 0, to: stream.count, by: step).map { Array(stream[$0..<min($0 + step, stream.count)]) }
    require(messages(pieces) == whole, "in pieces of \(step) bytes the stream has other messages")
    require(stream.starts(with: whole.flatMap(TCPFraming.framed)), "what was read is not what came")
}

private func messages(_ pieces: [[UInt8]]) -> [[UInt8]] {
    var framing = TCPFraming()
    var messages: [[UInt8]] = []
    for piece in pieces {
        framing.append(piece)
        while let message = framing.next() { messages.append(message) }
    }
    return messages
}

/// A network's file, as another program may have written it.
func checkDNSNetworkFile(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    guard let file = Zones.NetworkFile(fileName: "web", text: text) else { return }
    let zones = Zones([file])
    require(!zones.listeners.isEmpty, "a network with nothing to listen at")
    for listener in zones.listeners {
        // Any question will do: what matters is that one can be answered.
        _ = zones.respond(to: question[...], from: asker, at: listener, isStream: true, turn: 1)
    }
}

private let asker = IPAddress.v4(IPv4Address(rawValue: 0x0A59_0002))
private let listener = IPAddress.v4(IPv4Address(rawValue: 0x0A59_0001))

/// `web1`, type A.
private let question: [UInt8] =
    [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4] + Array("web1".utf8) + [0, 0, 1, 0, 1]

/// Two networks that the asker is on: one with many addresses for a name, so that an answer can be too long.
private let sampleZones: Zones = {
    let many = (1...90).map { "id\($0) 10.89.0.\($0 + 2) fd00::\($0) many,web\($0)" }
    let files = [
        Zones.NetworkFile(
            fileName: "web",
            text: (["10.89.0.1,fd00::ffff 192.0.2.53", "id 10.89.0.2 fd00::2 self"] + many).joined(separator: "\n")),
        Zones.NetworkFile(fileName: "inner%int", text: "10.89.1.1\nid 10.89.1.2  self,other 192.0.2.54"),
    ]
    return Zones(files.compactMap(\.self))
}()
