internal import FoundationEssentials
internal import LinuxSys

/// Through whom requests go: `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in capitals or not, as Go programs read them
/// (golang.org/x/net/http/httpproxy).
struct ProxyRules: Sendable {
    /// A proxy.
    struct Proxy: Hashable, Sendable {
        enum Kind: Hashable, Sendable {
            case http
            case socks
        }

        var kind: Kind
        var host: String
        var port: Int
        /// `name:password` if the proxy wants them.
        var credentials: String?
    }

    private var proxies: [Origin.Scheme: Proxy] = [:]
    private var exceptions: [String]

    /// - Throws: `StorageError` naming a variable that is no proxy's URL.
    init(environment: @escaping (String) -> String?) throws(StorageError) {
        let value = { (name: String) in
            [name, name.lowercased()].lazy.compactMap(environment).first { !$0.isEmpty }
        }
        for (scheme, name) in [(Origin.Scheme.http, "HTTP_PROXY"), (.https, "HTTPS_PROXY")] {
            guard let text = value(name) else { continue }
            guard let proxy = Proxy(text) else {
                throw .invalid("\(name) must be http://HOST:PORT or socks5://HOST:PORT")
            }
            proxies[scheme] = proxy
        }
        exceptions = (value("NO_PROXY") ?? "").split(separator: ",").map {
            $0.filter { !$0.isWhitespace }.lowercased()
        }
    }

    /// The proxy for requests to a server; nil if they go there themselves.
    func proxy(for origin: Origin) -> Proxy? {
        guard let proxy = proxies[origin.scheme], !isOwn(origin.host) else { return nil }
        return exceptions.contains { Self.covers($0, origin) } ? nil : proxy
    }

    /// Whether it is this machine: never a proxy's to reach.
    private func isOwn(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || Self.address(host).map { $0 >> 24 == 127 } ?? false
    }

    private static func covers(_ exception: String, _ origin: Origin) -> Bool {
        if exception == "*" { return true }
        if let slash = exception.firstIndex(of: "/") {
            guard let network = address(exception[..<slash]), let host = address(origin.host),
                let length = Int(exception[exception.index(after: slash)...]), (0...32).contains(length)
            else { return false }
            return length == 0 || (network ^ host) >> (32 - length) == 0
        }
        var name = exception[...]
        // An IPv6 address has more than one colon.
        if let colon = name.lastIndex(of: ":"), name.firstIndex(of: ":") == colon || name.hasPrefix("[") {
            if let port = Int(name[name.index(after: colon)...]) {
                guard port == origin.port else { return false }
                name = name[..<colon]
            }
        }
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        if name.hasPrefix("*.") { name = name.dropFirst() }
        guard !name.isEmpty else { return false }
        // ".example.com" is for the names below it, "example.com" for itself, too.
        return name.hasPrefix(".")
            ? origin.host.hasSuffix(name) : origin.host == name || origin.host.hasSuffix(".\(name)")
    }

    /// The number of an IPv4 address.
    private static func address(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
        return parts.count == 4 ? parts.reduce(0) { $0 << 8 | UInt32($1) } : nil
    }
}

extension ProxyRules.Proxy {
    /// Reads a URL, or a host and a port; nil if it is no proxy that can be used.
    fileprivate init?(_ text: String) {
        guard let url = URL(string: text.contains("://") ? text : "http://\(text)"),
            let scheme = url.scheme?.lowercased(),
            let host = url.host(percentEncoded: false), !host.isEmpty
        else { return nil }
        switch scheme {
        case "http":
            kind = .http
            port = url.port ?? 80
        case "socks5":
            kind = .socks
            port = url.port ?? 1080
        default: return nil
        }
        self.host = host
        credentials = url.user(percentEncoded: false).map { "\($0):\(url.password(percentEncoded: false) ?? "")" }
    }
}
