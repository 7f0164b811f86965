internal import ContainerNetwork
internal import LinuxSys
internal import WirePrimitives

extension Engine {
    /// Says which of our containers has a port, before the kernel says only that somebody has.
    func checkPorts(_ ports: [PortMapping]) throws {
        for mapping in ports where mapping.hostPort != 0 {
            let last = Int64(mapping.hostPort) + Int64(mapping.range) - 1
            let rows = try store.database.query(
                """
                SELECT c.name, p.host_ip, p.host_port FROM run.ports p JOIN containers c ON c.id = p.container
                WHERE p.protocol = ?1 AND p.host_port <= ?2 AND p.host_port + p.count > ?3
                """, [.text(mapping.protocol.rawValue), .integer(last), .integer(Int64(mapping.hostPort))])
            let wanted = mapping.hostIP
            for row in rows {
                let held = IPAddress(row.text(1))
                let overlaps = wanted?.isUnspecified ?? true || held?.isUnspecified ?? true || wanted == held
                guard overlaps else { continue }
                let port = max(Int64(mapping.hostPort), row.integer(2))
                throw EngineError(
                    "cannot listen on the \(mapping.protocol.rawValue.uppercased()) port: listen \(mapping.protocol.rawValue)4 "
                        + "\(wanted?.bracketed ?? ""):\(port): bind: address already in use: container \(row.text(0)) has it",
                    kind: .inUse, exitCode: 126)
            }
        }
    }

    /// Binds the host's ports, so that nobody else takes them.
    func claimPorts(_ ports: [PortMapping]) throws -> PortClaim {
        do throws(NetworkError) { return try PortClaim(ports) } catch {
            throw EngineError(error.message, kind: .inUse, exitCode: 126)
        }
    }

}
