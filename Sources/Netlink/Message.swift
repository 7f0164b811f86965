internal import LinuxSys
public import WirePrimitives

/// Bits of a request's `nlmsg_flags` (linux/netlink.h).
public struct MessageFlags: OptionSet, Hashable, Sendable {
    /// The bits as the kernel takes them.
    public let rawValue: UInt16
    /// Takes the kernel's bits.
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    /// `NLM_F_REQUEST`.
    public static let request = MessageFlags(rawValue: 0x001)
    /// `NLM_F_MULTI`: part of an answer of several messages.
    public static let multi = MessageFlags(rawValue: 0x002)
    /// `NLM_F_ACK`: answer with an acknowledgement.
    public static let acknowledge = MessageFlags(rawValue: 0x004)
    /// `NLM_F_DUMP_INTR`: what was listed changed meanwhile.
    public static let dumpInterrupted = MessageFlags(rawValue: 0x010)
    /// `NLM_F_DUMP`: list all.
    public static let dump = MessageFlags(rawValue: 0x300)
    /// `NLM_F_EXCL`: refuse if it is there.
    public static let exclusive = MessageFlags(rawValue: 0x200)
    /// `NLM_F_CREATE`: make it if it is not there.
    public static let create = MessageFlags(rawValue: 0x400)
    /// `NLM_F_CAPPED` on an acknowledgement: the request is not repeated in it.
    public static let capped = MessageFlags(rawValue: 0x100)
    /// `NLM_F_ACK_TLVS` on an acknowledgement: attributes follow.
    public static let acknowledgeAttributes = MessageFlags(rawValue: 0x200)
}

/// One netlink request without its sequence number: what to do, and how to say so in an error.
public struct Request: Hashable, Sendable {
    /// `nlmsg_type`.
    public var type: UInt16
    /// `nlmsg_flags`; `NLM_F_REQUEST` is added when it is sent.
    public var flags: MessageFlags
    /// Everything after the netlink header.
    public var payload: [UInt8]
    /// What is asked, for errors: `add address 10.88.0.1/16`.
    public var operation: String

    /// A request with the family's own header, followed by attributes.
    public init(
        _ operation: String, type: UInt16, flags: MessageFlags = [], header: [UInt8],
        attributes: (inout AttributeWriter) -> Void = { _ in }
    ) {
        var writer = AttributeWriter(after: header)
        attributes(&writer)
        self.operation = operation
        self.type = type
        self.flags = flags
        self.payload = writer.bytes
    }

    /// The message as it is sent (struct nlmsghdr, linux/netlink.h): length, type, flags, sequence, port id, payload.
    func encoded(flags more: MessageFlags, sequence: UInt32, portID: UInt32) -> [UInt8] {
        var writer = ByteWriter()
        writer.uint32(0)
        writer.uint16(type)
        writer.uint16(flags.union(more).union(.request).rawValue)
        writer.uint32(sequence)
        writer.uint32(portID)
        writer.append(payload)
        writer.patch32(UInt32(writer.count), at: 0)
        writer.pad(to: 4)
        return writer.bytes
    }
}

/// Writes attributes, each padded to four bytes; lengths are patched when they are known.
public struct AttributeWriter: Sendable {
    private var writer = ByteWriter()

    /// Continues after the family's header.
    public init(after header: [UInt8] = []) {
        writer.append(header)
        writer.pad(to: 4)
    }

    /// What has been written.
    public var bytes: [UInt8] { writer.bytes }

    /// `NLA_F_NESTED`.
    public static let nestedFlag: UInt16 = 0x8000

    /// Bytes as they are.
    public mutating func put(_ type: UInt16, _ value: [UInt8]) {
        attribute(type) { $0.append(value) }
    }

    /// A text with its NUL.
    public mutating func put(_ type: UInt16, text: String) {
        attribute(type) {
            $0.append(text.utf8)
            $0.uint8(0)
        }
    }

    /// One byte.
    public mutating func put(_ type: UInt16, uint8 value: UInt8) {
        attribute(type) { $0.uint8(value) }
    }

    /// Four bytes in this machine's order.
    public mutating func put(_ type: UInt16, uint32 value: UInt32) {
        attribute(type) { $0.uint32(value) }
    }

    /// Attributes inside an attribute.
    public mutating func nest(_ type: UInt16, header: [UInt8] = [], _ body: (inout AttributeWriter) -> Void) {
        var inner = AttributeWriter(after: header)
        body(&inner)
        let bytes = inner.bytes
        attribute(type | Self.nestedFlag) { $0.append(bytes) }
    }

    private mutating func attribute(_ type: UInt16, _ body: (inout ByteWriter) -> Void) {
        let start = writer.count
        writer.uint16(0)
        writer.uint16(type)
        body(&writer)
        writer.patch16(UInt16(truncatingIfNeeded: writer.count - start), at: start)
        writer.pad(to: 4)
    }
}

/// One message that was received.
public struct Message: Sendable {
    /// `nlmsg_type`.
    public var type: UInt16
    /// `nlmsg_flags`.
    public var flags: MessageFlags
    /// `nlmsg_seq`.
    public var sequence: UInt32
    /// `nlmsg_pid`.
    public var portID: UInt32
    /// Everything after the header.
    public var payload: ByteReader

    /// `NLMSG_ERROR`.
    static let error: UInt16 = 2
    /// `NLMSG_DONE`.
    static let done: UInt16 = 3
    /// `NLMSG_OVERRUN`.
    static let overrun: UInt16 = 4

    /// Splits a datagram into messages. No length in it is believed before it has been compared with what is there.
    ///
    /// - Throws: `ByteError` when a message claims more than the datagram holds, or less than its own header.
    public static func split(_ datagram: [UInt8]) throws(ByteError) -> [Message] {
        var reader = ByteReader(datagram)
        var messages: [Message] = []
        while !reader.isEmpty {
            let length = Int(try reader.uint32())
            guard length >= 16 else { throw ByteError(offset: 0, wanted: 16, available: length) }
            var header = try reader.take(12)
            let payload = try reader.take(length - 16)
            reader.skip(upTo: Padding.after(length))
            messages.append(
                Message(
                    type: try header.uint16(), flags: MessageFlags(rawValue: try header.uint16()),
                    sequence: try header.uint32(), portID: try header.uint32(), payload: payload))
        }
        return messages
    }
}

/// One attribute that was received.
public struct Attribute: Sendable {
    /// The type without its flags.
    public var type: UInt16
    /// The value.
    public var value: ByteReader

    /// Splits what follows a family's header into attributes.
    ///
    /// - Throws: `ByteError` when an attribute claims more than is there, or less than its own header.
    public static func split(_ reader: ByteReader) throws(ByteError) -> [Attribute] {
        var reader = reader
        var attributes: [Attribute] = []
        while reader.remaining >= 4 {
            let length = Int(try reader.uint16())
            let type = try reader.uint16()
            guard length >= 4 else { throw ByteError(offset: 0, wanted: 4, available: length) }
            let value = try reader.take(length - 4)
            reader.skip(upTo: Padding.after(length))
            attributes.append(Attribute(type: type & 0x3FFF, value: value))
        }
        return attributes
    }

    /// The value as text, up to its NUL; bytes that are not UTF-8 become U+FFFD.
    public var text: String {
        String(decoding: value.bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// The value's first four bytes in this machine's order.
    public func uint32() throws(ByteError) -> UInt32 {
        var value = value
        return try value.uint32()
    }

    /// The value's first byte.
    public func uint8() throws(ByteError) -> UInt8 {
        var value = value
        return try value.uint8()
    }

    /// The value's first two bytes in network order.
    public func bigEndian16() throws(ByteError) -> UInt16 {
        var value = value
        return try value.bigEndian16()
    }
}

private enum Padding {
    /// Bytes between something of this length and the next multiple of four (NLMSG_ALIGNTO, NLA_ALIGNTO).
    static func after(_ length: Int) -> Int { (4 - length % 4) % 4 }
}
