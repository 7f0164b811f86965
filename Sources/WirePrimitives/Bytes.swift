/// The input ended before what was asked for, or says something impossible about its own length.
public struct ByteError: Error, Hashable, CustomStringConvertible {
    /// Where in the input, in bytes from its beginning.
    public var offset: Int
    /// How many bytes were asked for.
    public var wanted: Int
    /// How many there were.
    public var available: Int

    /// An error at `offset`.
    public init(offset: Int, wanted: Int, available: Int) {
        self.offset = offset
        self.wanted = wanted
        self.available = available
    }

    /// What is wrong, in words.
    public var description: String {
        "message is too short: \(wanted) bytes wanted at offset \(offset), \(available) there"
    }
}

/// Reads bytes from front to back; a length is checked before anything is taken.
public struct ByteReader: Sendable {
    private let storage: [UInt8]
    private var position: Int
    private let end: Int

    /// Reads all of `bytes`.
    public init(_ bytes: [UInt8]) {
        storage = bytes
        position = 0
        end = bytes.count
    }

    private init(_ storage: [UInt8], _ range: Range<Int>) {
        self.storage = storage
        position = range.lowerBound
        end = range.upperBound
    }

    /// Bytes not yet read.
    public var remaining: Int { end - position }

    /// Whether everything has been read.
    public var isEmpty: Bool { remaining == 0 }

    /// Takes the next `count` bytes as a reader of their own.
    public mutating func take(_ count: Int) throws(ByteError) -> ByteReader {
        guard count >= 0, count <= remaining else {
            throw ByteError(offset: position, wanted: count, available: remaining)
        }
        defer { position += count }
        return ByteReader(storage, position..<position + count)
    }

    /// Passes over at most `count` bytes; the end of the input is no error, as padding at the end may be left out.
    public mutating func skip(upTo count: Int) {
        position += min(max(count, 0), remaining)
    }

    /// The bytes not yet read.
    public var bytes: [UInt8] { Array(storage[position..<end]) }

    /// Takes one byte.
    public mutating func uint8() throws(ByteError) -> UInt8 {
        try unsigned(1) { UInt8(truncatingIfNeeded: $0) }
    }

    /// Takes two bytes in this machine's order.
    public mutating func uint16() throws(ByteError) -> UInt16 {
        try unsigned(2) { UInt16(truncatingIfNeeded: $0).littleEndian }
    }

    /// Takes four bytes in this machine's order.
    public mutating func uint32() throws(ByteError) -> UInt32 {
        try unsigned(4) { UInt32(truncatingIfNeeded: $0).littleEndian }
    }

    /// Takes two bytes in network order.
    public mutating func bigEndian16() throws(ByteError) -> UInt16 {
        try unsigned(2) { UInt16(truncatingIfNeeded: $0).byteSwapped }
    }

    /// Takes four bytes in network order.
    public mutating func bigEndian32() throws(ByteError) -> UInt32 {
        try unsigned(4) { UInt32(truncatingIfNeeded: $0).byteSwapped }
    }

    /// The little-endian number of `count` bytes, made into what it means.
    private mutating func unsigned<Number>(_ count: Int, _ convert: (UInt64) -> Number) throws(ByteError) -> Number {
        guard count <= remaining else { throw ByteError(offset: position, wanted: count, available: remaining) }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(storage[position + index]) << UInt64(8 * index) }
        position += count
        return convert(value)
    }
}

/// Builds a message from front to back; lengths that are known later are patched.
public struct ByteWriter: Sendable {
    /// What has been written.
    public private(set) var bytes: [UInt8] = []

    /// An empty message.
    public init() {}

    /// Bytes written.
    public var count: Int { bytes.count }

    /// Appends one byte.
    public mutating func uint8(_ value: UInt8) { bytes.append(value) }

    /// Appends two bytes in this machine's order.
    public mutating func uint16(_ value: UInt16) { little(UInt64(value.littleEndian), 2) }

    /// Appends four bytes in this machine's order.
    public mutating func uint32(_ value: UInt32) { little(UInt64(value.littleEndian), 4) }

    /// Appends two bytes in network order.
    public mutating func bigEndian16(_ value: UInt16) { little(UInt64(value.byteSwapped), 2) }

    /// Appends bytes as they are.
    public mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    /// Appends zeros until the length is a multiple of `boundary`.
    public mutating func pad(to boundary: Int) {
        while bytes.count % boundary != 0 { bytes.append(0) }
    }

    /// Overwrites two bytes at `offset` in this machine's order; they must have been written.
    public mutating func patch16(_ value: UInt16, at offset: Int) {
        let value = value.littleEndian
        bytes[offset] = UInt8(truncatingIfNeeded: value)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
    }

    /// Overwrites four bytes at `offset` in this machine's order; they must have been written.
    public mutating func patch32(_ value: UInt32, at offset: Int) {
        let value = value.littleEndian
        for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
    }

    private mutating func little(_ value: UInt64, _ count: Int) {
        for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }
}
