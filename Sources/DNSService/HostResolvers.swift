internal import LinuxSys
internal import WirePrimitives

/// The servers of the host's own /etc/resolv.conf (resolv.conf(5)), read again when the file changes.
struct HostResolvers {
    private static let path = "/etc/resolv.conf"
    /// The resolver of the C library asks no more of them.
    private static let most = 3
    /// How long the file is not looked at again, in nanoseconds.
    private static let rest: Int64 = 500_000_000

    private var servers: [IPAddress] = []
    private var text = ""
    private var looked: Int64 = 0

    /// The servers now.
    mutating func current() -> [IPAddress] {
        let now = Clock.monotonic
        guard looked == 0 || now - looked > Self.rest else { return servers }
        looked = now
        // A host without the file has no servers.
        let found = (try? File.readText(Self.path, limit: 1 << 16)) ?? ""
        guard found != text else { return servers }
        text = found
        let addresses = found.split(separator: "\n").compactMap { line -> IPAddress? in
            let words = line.split(whereSeparator: \.isWhitespace)
            return words.count > 1 && words[0] == "nameserver" ? IPAddress(String(words[1])) : nil
        }
        servers = Array(addresses.prefix(Self.most))
        return servers
    }
}
