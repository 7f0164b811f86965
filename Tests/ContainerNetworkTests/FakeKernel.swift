import ContainerNetwork
import LinuxSys
import Netlink
import Synchronization
import WirePrimitives

/// Decides which request of all is refused, over both sides and the settings.
final class Refusals: Sendable {
    private let state: Mutex<(count: Int, refused: Int?)>

    init(refusing number: Int?) { state = Mutex((0, number)) }

    /// Whether the refused request has come.
    var hasRefused: Bool { state.withLock { state in state.refused.map { state.count >= $0 } ?? false } }

    /// Counts a request; true when it is the one to refuse.
    func next() -> Bool {
        state.withLock { state in
            state.count += 1
            return state.count == state.refused
        }
    }
}

/// One network namespace's links, addresses and routes behind a netlink transport: as much of a kernel as the steps
/// need. A pair's other end is put into `peer`.
final class FakeKernel: Transport {
    struct FakeLink: Hashable {
        var index: Int32
        var kind: String?
        var address: [UInt8] = [2, 0, 0, 0, 0, 9]
        var master: UInt32?
        var isUp = false
        var hairpin = false
        var group: UInt32 = 0
        var addresses: [[UInt8]] = []
    }

    struct State {
        var links: [String: FakeLink] = ["lo": FakeLink(index: 1)]
        var routes: [[UInt8]] = []
        var nextIndex: Int32 = 2
        var answers: [[UInt8]] = []
    }

    let portID: UInt32 = 4711
    private let state = Mutex(State())
    private let refusals: Refusals
    private let peer: FakeKernel?
    /// Whether each answer comes after a stale one and one that was forged.
    private let isNoisy: Bool

    init(_ refusals: Refusals, peer: FakeKernel? = nil, isNoisy: Bool = false) {
        self.refusals = refusals
        self.peer = peer
        self.isNoisy = isNoisy
    }

    var now: State { state.withLock { $0 } }

    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

    func receive() throws(Errno) -> NetlinkDatagram {
        let bytes = state.withLock { $0.answers.isEmpty ? nil : $0.answers.removeFirst() }
        guard let bytes else { throw .timedOut }
        return NetlinkDatagram(bytes: bytes, sender: 0, isTruncated: false)
    }

    func send(_ bytes: [UInt8]) throws(Errno) {
        do {
            for message in try Message.split(bytes) {
                let answers: [[UInt8]]
                if refusals.next() {
                    answers = [Self.acknowledgement(Errno(rawValue: 1), message.sequence)]
                } else {
                    answers = try state.withLock { try obey(message, &$0) }
                }
                state.withLock { state in
                    if isNoisy { state.answers.append(Self.acknowledgement(.noMemory, message.sequence &- 1)) }
                    state.answers += answers
                }
            }
        } catch {
            throw .badMessage
        }
    }

    private func obey(_ message: Message, _ state: inout State) throws -> [[UInt8]] {
        var reader = message.payload
        let isDump = message.flags.contains(.dump)
        switch message.type {
        case 16: return [Self.acknowledgement(try create(&reader, &state), message.sequence)]
        case 17, 19: return [Self.acknowledgement(try alter(message.type, &reader, &state), message.sequence)]
        case 18: return try show(&reader, state, isDump, message.sequence)
        case 20: return [Self.acknowledgement(try address(&reader, &state), message.sequence)]
        case 22: return listAddresses(&reader, state, message.sequence)
        case 24:
            state.routes.append(reader.bytes)
            return [Self.acknowledgement(nil, message.sequence)]
        default: return [Self.envelope(3, message.sequence, [0, 0, 0, 0])]
        }
    }

    private func create(_ reader: inout ByteReader, _ state: inout State) throws -> Errno? {
        _ = try reader.take(16)
        let attributes = try Attribute.split(reader)
        guard let name = attributes.first(where: { $0.type == 3 })?.text else { return .invalidArgument }
        if state.links[name] != nil { return .fileExists }
        var link = FakeLink(index: state.nextIndex)
        if let address = attributes.first(where: { $0.type == 1 }) { link.address = address.value.bytes }
        link.master = try attributes.first { $0.type == 10 }?.uint32()
        if let info = attributes.first(where: { $0.type == 18 }) {
            let parts = try Attribute.split(info.value)
            link.kind = parts.first { $0.type == 1 }?.text
            if link.kind == "veth", let data = parts.first(where: { $0.type == 2 }) {
                var inner = try Self.existing(Attribute.split(data.value).first).value
                _ = try inner.take(16)
                let peerName = try Self.existing(Attribute.split(inner).first { $0.type == 3 }).text
                let isTaken = peer?.now.links[peerName] != nil
                if isTaken { return .fileExists }
                peer?.change { $0.links[peerName] = FakeLink(index: 2, kind: "veth") }
            }
        }
        state.nextIndex += 1
        state.links[name] = link
        return nil
    }

    private func alter(_ type: UInt16, _ reader: inout ByteReader, _ state: inout State) throws -> Errno? {
        let family = try reader.uint8()
        _ = try reader.take(3)
        let index = Int32(bitPattern: try reader.uint32())
        let flags = try reader.uint32()
        _ = try reader.take(4)
        let attributes = try Attribute.split(reader)
        let wanted = attributes.first { $0.type == 3 }?.text
        let group = try attributes.first { $0.type == 27 }?.uint32()
        if type == 17, let group {
            for (name, link) in state.links where link.group == group { remove(name, &state) }
            return nil
        }
        guard let name = state.links.first(where: { $0.key == wanted || $0.value.index == index })?.key else {
            return Errno(rawValue: 19)
        }
        if type == 17 {
            remove(name, &state)
            return nil
        }
        if let group { state.links[name]?.group = group }
        if flags & 1 != 0 { state.links[name]?.isUp = true }
        if family == 7 { state.links[name]?.hairpin = true }
        return nil
    }

    private func remove(_ name: String, _ state: inout State) {
        if state.links[name]?.kind == "veth" { peer?.change { $0.links["eth0"] = nil } }
        state.links[name] = nil
    }

    private func show(
        _ reader: inout ByteReader, _ state: State, _ isDump: Bool, _ sequence: UInt32
    ) throws -> [[UInt8]] {
        _ = try reader.take(4)
        let index = Int32(bitPattern: try reader.uint32())
        _ = try reader.take(8)
        let wanted = try Attribute.split(reader).first { $0.type == 3 }?.text
        let links = state.links.sorted { $0.value.index < $1.value.index }
        if isDump {
            // Without filters, as an old kernel.
            return links.map { Self.linkMessage($0.key, $0.value, sequence) } + [
                Self.envelope(3, sequence, [0, 0, 0, 0])
            ]
        }
        guard let found = links.first(where: { $0.key == wanted || $0.value.index == index }) else {
            return [Self.acknowledgement(Errno(rawValue: 19), sequence)]
        }
        return [Self.linkMessage(found.key, found.value, sequence)]
    }

    private func address(_ reader: inout ByteReader, _ state: inout State) throws -> Errno? {
        let header = try reader.take(8).bytes
        guard let name = state.links.first(where: { UInt32($0.value.index) == UInt32(header[4]) })?.key,
            let bytes = try Attribute.split(reader).first(where: { $0.type == 2 })?.value.bytes
        else { return Errno(rawValue: 19) }
        if state.links[name]?.addresses.contains(bytes) == true { return .fileExists }
        state.links[name]?.addresses.append(bytes)
        return nil
    }

    private func listAddresses(_ reader: inout ByteReader, _ state: State, _ sequence: UInt32) -> [[UInt8]] {
        let messages = state.links.values.flatMap { link in
            link.addresses.map { bytes in
                var attributes = AttributeWriter(after: [2, 16, 0, 0, UInt8(link.index), 0, 0, 0])
                attributes.put(2, bytes)
                return Self.envelope(20, sequence, attributes.bytes)
            }
        }
        return messages + [Self.envelope(3, sequence, [0, 0, 0, 0])]
    }

    private static func linkMessage(_ name: String, _ link: FakeLink, _ sequence: UInt32) -> [UInt8] {
        var header = ByteWriter()
        header.uint32(0)
        header.uint32(UInt32(link.index))
        header.uint32(link.isUp ? 1 : 0)
        header.uint32(0)
        var attributes = AttributeWriter(after: header.bytes)
        attributes.put(3, text: name)
        attributes.put(1, link.address)
        attributes.put(4, uint32: 1500)
        if let master = link.master { attributes.put(10, uint32: master) }
        if let kind = link.kind { attributes.nest(18) { $0.put(1, text: kind) } }
        return envelope(16, sequence, attributes.bytes)
    }

    private static func acknowledgement(_ errno: Errno?, _ sequence: UInt32) -> [UInt8] {
        var writer = ByteWriter()
        writer.uint32(UInt32(bitPattern: -(errno?.rawValue ?? 0)))
        return envelope(2, sequence, writer.bytes)
    }

    private static func envelope(_ type: UInt16, _ sequence: UInt32, _ payload: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.uint32(UInt32(16 + payload.count))
        writer.uint16(type)
        writer.uint16(0)
        writer.uint32(sequence)
        writer.uint32(4711)
        writer.append(payload)
        writer.pad(to: 4)
        return writer.bytes
    }

    private struct Malformed: Error {}

    private static func existing<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw Malformed() }
        return value
    }
}

/// Kernel settings in memory.
final class FakeSysctls: SysctlAccess {
    private let values = Mutex<[String: String]>([:])
    private let refusals: Refusals

    init(_ refusals: Refusals) { self.refusals = refusals }

    var now: [String: String] { values.withLock { $0 } }

    func set(_ path: String, _ value: String) { values.withLock { $0[path] = value } }

    func read(_ paths: [String]) throws -> [String?] {
        if refusals.next() { throw Errno(rawValue: 1) }
        return values.withLock { values in paths.map { values[$0] ?? "0" } }
    }

    func write(_ sysctls: [Sysctl]) throws {
        if refusals.next() { throw Errno(rawValue: 1) }
        values.withLock { values in
            for sysctl in sysctls { values[sysctl.path] = sysctl.value }
        }
    }
}

/// A host and a container that are not there.
struct FakeHost {
    let refusals: Refusals
    let container: FakeKernel
    let host: FakeKernel
    let hostSysctls: FakeSysctls
    let containerSysctls: FakeSysctls

    init(refusing number: Int? = nil, isNoisy: Bool = false) {
        refusals = Refusals(refusing: number)
        container = FakeKernel(refusals, isNoisy: isNoisy)
        host = FakeKernel(refusals, peer: container, isNoisy: isNoisy)
        hostSysctls = FakeSysctls(refusals)
        containerSysctls = FakeSysctls(refusals)
    }

    /// Sessions over this host; the container's namespace may be gone.
    func context(withContainer: Bool = true) -> NetworkContext {
        let inside = NetworkContext.Container(session: Session(container), sysctls: containerSysctls, descriptor: 5)
        return NetworkContext(
            host: Session(host), hostSysctls: hostSysctls, container: withContainer ? inside : nil)
    }
}
