public import WirePrimitives

/// A domain name as DNS messages carry it, in lower case: each label behind its length, and a zero (RFC 1035, 3.1).
public struct DomainName: Hashable, Sendable, CustomStringConvertible {
    /// The longest name in bytes, and the longest label (RFC 1035, 2.3.4).
    public static let longest = 255
    /// The longest label in bytes.
    public static let longestLabel = 63

    /// The bytes, with the zero at the end.
    public let wire: [UInt8]

    /// Reads the name at the beginning of `bytes`, which must not be compressed, as no question's is.
    ///
    /// - Returns: nil when it does not end, or a label or the whole is too long.
    public init?(reading bytes: ArraySlice<UInt8>) {
        var position = bytes.startIndex
        while position < bytes.endIndex, position - bytes.startIndex < Self.longest {
            let length = Int(bytes[position])
            guard length <= Self.longestLabel else { return nil }
            if length == 0 {
                wire = bytes[bytes.startIndex...position].map(Self.lowercased)
                return
            }
            position += 1 + length
        }
        return nil
    }

    /// Takes a name as people write it, with dots between and perhaps one at the end.
    ///
    /// - Returns: nil for an empty label, or when a label or the whole is too long.
    public init?(_ text: String) {
        var wire: [UInt8] = []
        let whole = text.hasSuffix(".") ? text.dropLast() : text[...]
        for label in whole.split(separator: ".", omittingEmptySubsequences: false) {
            guard (1...Self.longestLabel).contains(label.utf8.count) else { return nil }
            wire.append(UInt8(label.utf8.count))
            wire += label.utf8.map(Self.lowercased)
        }
        wire.append(0)
        guard wire.count <= Self.longest else { return nil }
        self.wire = wire
    }

    private init(wire: [UInt8]) {
        self.wire = wire
    }

    /// Lengths of labels are below `A`, so that they stay as they are.
    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    /// The name without another at its end; nil if it does not end so at the bound of a label.
    public func removing(suffix: DomainName) -> DomainName? {
        guard wire.count >= suffix.wire.count, wire.suffix(suffix.wire.count).elementsEqual(suffix.wire) else {
            return nil
        }
        let rest = wire.count - suffix.wire.count
        var position = 0
        while position < rest { position += 1 + Int(wire[position]) }
        return position == rest ? DomainName(wire: Array(wire[..<rest]) + [0]) : nil
    }

    /// The labels, from the leftmost.
    public var labels: [String] {
        var labels: [String] = []
        var position = 0
        while position < wire.count, wire[position] != 0 {
            let end = position + 1 + Int(wire[position])
            labels.append(String(decoding: wire[(position + 1)..<end], as: UTF8.self))
            position = end
        }
        return labels
    }

    /// The address that a name of `in-addr.arpa` or `ip6.arpa` stands for (RFC 1035, 3.5; RFC 3596, 2.5).
    public var reverseAddress: IPAddress? {
        let labels = labels
        switch labels.suffix(2) {
        case ["in-addr", "arpa"]:
            let parts = labels.dropLast(2).compactMap { UInt8($0) }
            return labels.count == 6 && parts.count == 4 ? IPAddress(bytes: parts.reversed()) : nil
        case ["ip6", "arpa"]:
            let nibbles = labels.dropLast(2).compactMap { $0.utf8.count == 1 ? UInt8($0, radix: 16) : nil }
            guard labels.count == 34, nibbles.count == 32 else { return nil }
            let digits = Array(nibbles.reversed())
            return IPAddress(bytes: stride(from: 0, to: 32, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
        default: return nil
        }
    }

    /// With dots between and at the end.
    public var description: String { labels.joined(separator: ".") + "." }
}
