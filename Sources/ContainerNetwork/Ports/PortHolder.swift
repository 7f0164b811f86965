internal import LinuxSys
internal import WirePrimitives

/// The process that has a port of this host.
public struct PortHolder: Hashable, Sendable, CustomStringConvertible {
    /// Its id.
    public var pid: Int
    /// Its program's name (`/proc/PID/comm`).
    public var program: String

    /// `nginx (pid 4711)`.
    public var description: String { "\(program) (pid \(pid))" }

    /// Who listens on this port, at any address of either family. It reads every process's descriptors, so it is for
    /// error messages only. A holder in another PID namespace is not seen.
    static func find(_ transport: PortProtocol, port: UInt16) -> PortHolder? {
        let inodes = [transport.rawValue, "\(transport.rawValue)6"].flatMap { table in
            // Without IPv6 there is no second table; SCTP has none of this form. No table, no holder.
            socketInodes(in: (try? File.readText("/proc/thread-self/net/\(table)")) ?? "", port: port, transport)
        }
        guard !inodes.isEmpty else { return nil }
        let wanted = Set(inodes.map { "socket:[\($0)]" })
        // A /proc that cannot be read names nobody.
        let names = (try? File.names(in: "/proc")) ?? []
        return names.compactMap { Int($0) }.sorted().lazy.compactMap { process(pid: $0, holding: wanted) }.first
    }

    /// The process, if one of its descriptors is one of these sockets.
    private static func process(pid: Int, holding sockets: Set<String>) -> PortHolder? {
        let directory = "/proc/\(pid)/fd"
        // A process that ends while it is looked at, or that is not ours to see, holds nothing for us.
        guard let descriptors = try? File.names(in: directory) else { return nil }
        let holds = descriptors.contains { descriptor in
            // Nor does a descriptor that is closed meanwhile.
            (try? File.linkTarget("\(directory)/\(descriptor)")).map(sockets.contains) ?? false
        }
        guard holds else { return nil }
        // It may have ended by now; its number is still worth saying.
        let program = (try? File.readText("/proc/\(pid)/comm"))?.trimmed ?? "?"
        return PortHolder(pid: pid, program: program)
    }

    /// Inodes of the sockets bound to `port` in a table of /proc/net (proc(5)): TCP in state 0A, listening.
    static func socketInodes(in table: String, port: UInt16, _ transport: PortProtocol) -> [String] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, let colon = fields[1].lastIndex(of: ":"),
                UInt16(fields[1][fields[1].index(after: colon)...], radix: 16) == port,
                transport == .udp || fields[3] == "0A", fields[9] != "0"
            else { return nil }
            return String(fields[9])
        }
    }
}
