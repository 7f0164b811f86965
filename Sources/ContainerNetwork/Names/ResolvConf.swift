public import WirePrimitives

/// The text of a resolv.conf(5), read or to be written.
public struct ResolvConf: Hashable, Sendable {
    /// `nameserver` lines.
    public var servers: [String] = []
    /// The last `search` or `domain` line's words.
    public var search: [String] = []
    /// All `options` lines' words.
    public var options: [String] = []

    /// An empty file.
    public init() {}

    /// Reads a file; what is no such line is passed over.
    public init(parsing text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            let content = line.prefix { $0 != "#" && $0 != ";" }
            let words = content.split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.count > 1 else { continue }
            switch words[0] {
            case "nameserver": servers.append(words[1])
            case "search", "domain": search = Array(words.dropFirst())
            case "options": options += words.dropFirst()
            default: break
            }
        }
    }

    /// The file whose servers to take instead when this one's only server is a resolver on the host itself, which a
    /// container cannot reach: the caller reads it if it is there.
    public var fileBehindStub: String? {
        switch servers {
        case ["127.0.0.53"]: "/run/systemd/resolve/resolv.conf"
        case ["127.0.0.1"]: "/run/NetworkManager/no-stub-resolv.conf"
        default: nil
        }
    }

    /// What a container's file depends on besides the host's.
    public struct Request: Hashable, Sendable {
        /// Servers of `--dns`.
        public var servers: [String] = []
        /// Domains of `--dns-search`; one that is `.` stands for none at all.
        public var search: [String] = []
        /// Options of `--dns-option`.
        public var options: [String] = []
        /// Servers of the networks that resolve names, in the networks' order.
        public var networkServers: [IPAddress] = []
        /// The domains of those networks: `dns.podman` once each.
        public var networkDomains: [String] = []
        /// Whether the container has an IPv6 address.
        public var hasIPv6 = false
        /// Whether the container shares the host's network, and so its resolvers.
        public var sharesHostNetwork = false

        /// A container without wishes.
        public init() {}
    }

    /// Servers for a host that has none a container could use: Google's, as Podman and Docker have them.
    private static let fallback = ["8.8.8.8", "8.8.4.4"]
    private static let fallbackIPv6 = ["2001:4860:4860::8888", "2001:4860:4860::8844"]

    /// The container's file, made of the host's.
    ///
    /// Where a network answers names, its server alone is asked: it knows the container's own servers and the host's,
    /// and with another beside it a resolver would take "no such name" from whoever answers first (Podman since 4.5).
    public static func container(host: ResolvConf, _ request: Request) -> ResolvConf {
        var result = ResolvConf()
        if !request.networkServers.isEmpty {
            result.servers = request.networkServers.map(\.description)
            result.search = (request.search.isEmpty ? request.networkDomains : request.search) + host.search
            result.options = request.options + host.options
        } else if request.servers.isEmpty {
            result.servers = usable(host.servers, request)
            result.search = request.search + host.search
            result.options = request.options + host.options
        } else {
            result.servers = request.servers
            result.search = request.search.isEmpty ? host.search : request.search
            result.options = request.options.isEmpty ? host.options : request.options
        }
        if result.search.contains(".") { result.search = [] }
        return result
    }

    private static func usable(_ servers: [String], _ request: Request) -> [String] {
        if request.sharesHostNetwork { return servers }
        let kept = servers.filter { text in
            // A zone names an interface of the host.
            guard let address = IPAddress(String(text.prefix { $0 != "%" })) else { return false }
            return !address.isLoopback && (address.family == .ipv4 || request.hasIPv6)
        }
        return kept.isEmpty ? fallback + (request.hasIPv6 ? fallbackIPv6 : []) : kept
    }

    /// The file's text: search, nameservers, options.
    public var text: String {
        var lines: [String] = []
        if !search.isEmpty { lines.append("search \(search.joined(separator: " "))") }
        lines += servers.map { "nameserver \($0)" }
        if !options.isEmpty { lines.append("options \(options.joined(separator: " "))") }
        return lines.map { $0 + "\n" }.joined()
    }
}
