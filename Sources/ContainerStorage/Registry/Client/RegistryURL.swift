internal import FoundationEssentials

/// Who a request talks to: what credentials may be sent to is decided by all three (RFC 6454).
struct Origin: Hashable, Sendable, CustomStringConvertible {
    enum Scheme: String, Sendable {
        case http
        case https
    }

    var scheme: Scheme
    /// In lower case; an IPv6 address without brackets.
    var host: String
    var port: Int

    var description: String {
        let usual = port == (scheme == .https ? 443 : 80)
        return "\(scheme.rawValue)://\(host.contains(":") ? "[\(host)]" : host)\(usual ? "" : ":\(port)")"
    }

    /// Whether the host is an IP address, not a name.
    var isAddress: Bool {
        host.contains(":") || host.split(separator: ".").allSatisfy { UInt8($0) != nil }
    }

    /// Whether the host is a link-local address (RFC 3927, RFC 4291), where clouds keep their machines' secrets;
    /// or a number in a form that only some resolvers take for an address, which would hide one.
    var isForbidden: Bool {
        if host.contains(":") {
            let start = host.prefix(4)
            return ["fe8", "fe9", "fea", "feb"].contains(start.prefix(3)) || host.contains(".")
        }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard let last = labels.last, let first = last.utf8.first, (48...57).contains(first) else { return false }
        let bytes = labels.compactMap { $0.count <= 3 && ($0 == "0" || !$0.hasPrefix("0")) ? UInt8($0) : nil }
        guard bytes.count == 4, labels.count == 4 else { return !last.utf8.allSatisfy { !(48...57).contains($0) } }
        return bytes[0] == 169 && bytes[1] == 254
    }

    /// Whether two hosts plausibly belong to one owner: the same host, or names under one domain that is not a whole
    /// country's or kind's (`example.co.uk`, not `co.uk`).
    func isSameSite(as other: Origin) -> Bool {
        if host == other.host { return true }
        guard !host.contains(":"), !other.host.contains(":") else { return false }
        let mine = host.split(separator: ".")
        let theirs = other.host.split(separator: ".")
        guard let top = mine.last, mine.count >= 2, theirs.count >= 2, Int(top) == nil else { return false }
        let second = mine[mine.count - 2]
        let length = top.count == 2 && second.count <= 3 ? 3 : 2
        return mine.count >= length && mine.suffix(length) == theirs.suffix(length)
    }
}

/// A URL of HTTP that is taken apart once.
struct RegistryURL: Hashable, Sendable, CustomStringConvertible {
    private let url: URL
    /// Whom it leads to.
    let origin: Origin

    /// Reads an absolute URL, or one relative to `base`; nil if it is not HTTP's, names no host, or carries a
    /// user's name.
    init?(_ text: String, relativeTo base: RegistryURL? = nil) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            let url = URL(string: text, relativeTo: base?.url)?.absoluteURL,
            let scheme = url.scheme.flatMap({ Origin.Scheme(rawValue: $0.lowercased()) }),
            let host = url.host(percentEncoded: true)?.lowercased(), !host.isEmpty, url.user == nil,
            url.password == nil
        else { return nil }
        let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        let port = url.port ?? (scheme == .https ? 443 : 80)
        guard (1...65535).contains(port) else { return nil }
        self.url = url
        origin = Origin(scheme: scheme, host: name, port: port)
    }

    /// The same with more in its query, each value escaped.
    func adding(_ items: [(name: String, value: String)]) -> RegistryURL? {
        guard var components = URLComponents(url: url, resolvingAgainstBaseURL: true) else { return nil }
        // "+" is a blank to many servers.
        let escaped = items.map { item in
            "\(item.name)=\(Self.escaped(item.value))"
        }
        let present = components.percentEncodedQuery.flatMap { $0.isEmpty ? nil : [$0] } ?? []
        components.percentEncodedQuery = (present + escaped).joined(separator: "&")
        return components.string.flatMap { RegistryURL($0) }
    }

    private static func escaped(_ text: String) -> String {
        let digits: [Character] = Array("0123456789ABCDEF")
        return text.utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E, 0x3A, 0x2F:
                String(decoding: [byte], as: UTF8.self)
            default: "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }.joined()
    }

    /// Without a fragment, which servers do not get.
    var description: String { String(url.absoluteString.prefix { $0 != "#" }) }
    /// Without its query, which may hold a signature: for messages.
    var shown: String { String(description.prefix { $0 != "?" }) }
}
