/// An IPv6 address (RFC 4291), written as RFC 5952 says. Zones (`%eth0`) are no part of it.
public struct IPv6Address: Hashable, Sendable, Comparable, TextCodable {
    /// The address as a number, `::1` being 1.
    public var rawValue: UInt128

    /// The address with this number.
    public init(rawValue: UInt128) {
        self.rawValue = rawValue
    }

    /// The address of sixteen bytes in network order.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        rawValue = bytes.reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// Parses any form that RFC 4291, section 2.2, allows: full, `::`, and dotted decimal at the end.
    public init?(_ text: String) {
        var halves: [[UInt16]] = []
        var rest = Substring(text)
        if let gap = text.firstDoubleColon {
            halves = [[], []]
            guard let before = Self.groups(text[..<gap], dottedAllowed: false),
                let after = Self.groups(text[text.index(gap, offsetBy: 2)...], dottedAllowed: true),
                before.count + after.count <= 7
            else { return nil }
            halves = [before, after]
            rest = ""
        }
        if halves.isEmpty {
            guard !rest.isEmpty, let all = Self.groups(rest, dottedAllowed: true), all.count == 8 else { return nil }
            halves = [all, []]
        }
        let zeros = [UInt16](repeating: 0, count: 8 - halves[0].count - halves[1].count)
        rawValue = (halves[0] + zeros + halves[1]).reduce(0) { $0 << 16 | UInt128($1) }
    }

    private static func groups(_ text: Substring, dottedAllowed: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (position, part) in parts.enumerated() {
            if dottedAllowed, position == parts.count - 1, part.contains(".") {
                guard let last = IPv4Address(String(part)) else { return nil }
                groups += [UInt16(truncatingIfNeeded: last.rawValue >> 16), UInt16(truncatingIfNeeded: last.rawValue)]
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(\.isHexDigit),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    /// The sixteen bytes in network order.
    public var bytes: [UInt8] {
        (0..<16).map { UInt8(truncatingIfNeeded: rawValue >> (120 - 8 * $0)) }
    }

    /// Whether it is an IPv4 address in IPv6 clothes, `::ffff:0:0/96`.
    public var isIPv4Mapped: Bool { rawValue >> 32 == 0xFFFF }

    /// RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as `::`.
    public var description: String {
        if isIPv4Mapped { return "::ffff:\(IPv4Address(rawValue: UInt32(truncatingIfNeeded: rawValue)))" }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: rawValue >> (112 - 16 * $0)) }
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > best.count { best = start..<end }
            start = max(end, start + 1)
        }
        let text = { (part: ArraySlice<UInt16>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
        if best.count < 2 { return text(groups[...]) }
        return "\(text(groups[..<best.lowerBound]))::\(text(groups[best.upperBound...]))"
    }

    /// Order by number.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// `::`.
    public static let any = IPv6Address(rawValue: 0)
    /// `::1`.
    public static let loopback = IPv6Address(rawValue: 1)

    /// Whether it lies in fe80::/10 (RFC 4291, section 2.5.6).
    public var isLinkLocal: Bool { rawValue >> 118 == 0x3FA }
}

extension UInt8 {
    /// Whether it is an ASCII hexadecimal digit.
    var isHexDigit: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}

extension String {
    /// Where the first `::` begins; nil if there is none.
    fileprivate var firstDoubleColon: Index? {
        var previous: Index?
        for index in indices {
            if self[index] == ":", let previous, self[previous] == ":" { return previous }
            previous = index
        }
        return nil
    }
}
