import LinuxSys
import Netlink
import Synchronization
import WirePrimitives

/// A transport that answers from a script and keeps what it was sent.
final class ScriptedTransport: Transport {
    let portID: UInt32 = 4711
    private let state: Mutex<(answers: [Result<NetlinkDatagram, Errno>], sent: [[UInt8]])>

    init(_ answers: [Result<NetlinkDatagram, Errno>]) {
        state = Mutex((answers, []))
    }

    var sent: [[UInt8]] { state.withLock { $0.sent } }
    var unread: Int { state.withLock { $0.answers.count } }

    func send(_ bytes: [UInt8]) throws(Errno) {
        state.withLock { $0.sent.append(bytes) }
    }

    func receive() throws(Errno) -> NetlinkDatagram {
        let next = state.withLock { $0.answers.isEmpty ? nil : $0.answers.removeFirst() }
        guard let next else { throw .timedOut }
        return try next.get()
    }
}

/// Builds what a kernel would send.
enum Answer {
    static func message(_ type: UInt16, flags: UInt16 = 0, sequence: UInt32, port: UInt32 = 4711, _ payload: [UInt8])
        -> [UInt8]
    {
        var writer = ByteWriter()
        writer.uint32(UInt32(16 + payload.count))
        writer.uint16(type)
        writer.uint16(flags)
        writer.uint32(sequence)
        writer.uint32(port)
        writer.append(payload)
        writer.pad(to: 4)
        return writer.bytes
    }

    static func acknowledgement(
        _ code: Int32, sequence: UInt32, words: String? = nil, capped: Bool = true, port: UInt32 = 4711
    ) -> [UInt8] {
        var writer = ByteWriter()
        writer.uint32(UInt32(bitPattern: -code))
        var echoed = ByteWriter()
        echoed.uint32(capped ? 36 : 20)
        echoed.append([UInt8](repeating: 0, count: 12))
        if !capped { echoed.append([9, 9, 9, 9]) }
        writer.append(echoed.bytes)
        var flags: UInt16 = capped ? 0x100 : 0
        if let words {
            flags |= 0x200
            var attributes = AttributeWriter()
            attributes.put(2, uint32: 5)
            attributes.put(1, text: words)
            writer.append(attributes.bytes)
        }
        return message(2, flags: flags, sequence: sequence, port: port, writer.bytes)
    }

    static func done(sequence: UInt32, code: Int32 = 0) -> [UInt8] {
        var writer = ByteWriter()
        writer.uint32(UInt32(bitPattern: -code))
        return message(3, flags: 2, sequence: sequence, writer.bytes)
    }

    static func link(_ index: Int32, _ name: String, flags: UInt16 = 0, sequence: UInt32) -> [UInt8] {
        var header = ByteWriter()
        header.append([0, 0, 1, 0])
        header.uint32(UInt32(index))
        header.uint32(1)
        header.uint32(0)
        var attributes = AttributeWriter(after: header.bytes)
        attributes.put(3, text: name)
        attributes.put(4, uint32: 1500)
        return message(16, flags: flags, sequence: sequence, attributes.bytes)
    }

    static func datagram(_ messages: [UInt8]..., sender: UInt32 = 0, isTruncated: Bool = false) -> Result<
        NetlinkDatagram, Errno
    > {
        .success(NetlinkDatagram(bytes: messages.flatMap { $0 }, sender: sender, isTruncated: isTruncated))
    }
}
