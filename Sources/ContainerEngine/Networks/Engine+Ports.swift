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

    /// Chooses the host ports that were left open, none of which any other container was given, running or not.
    ///
    /// They stay bound until `claimPorts`, so that nobody takes them meanwhile.
    func choosePorts(_ spec: inout ContainerSpec) throws {
        guard spec.ports.contains(where: { $0.hostPort == 0 }) else { return }
        var refused: [PortClaim] = []
        while true {
            let claim = try claimPorts(spec.ports.filter { $0.hostPort == 0 })
            let isFree = try claim.mappings.allSatisfy { try store.isFree($0) }
            guard isFree || refused.count == 100 else {
                // Still bound, the kernel does not offer them again.
                refused.append(claim)
                continue
            }
            var chosen = claim.mappings[...]
            for index in spec.ports.indices where spec.ports[index].hostPort == 0 {
                guard let mapping = chosen.popFirst() else { continue }
                spec.ports[index] = mapping
                spec.chosenPorts = (spec.chosenPorts ?? []) + [index]
            }
            chosenPorts = claim
            return
        }
    }

    /// Binds the host's ports, so that nobody else takes them.
    func claimPorts(_ ports: [PortMapping]) throws -> PortClaim {
        chosenPorts = nil
        do throws(NetworkError) { return try PortClaim(ports) } catch {
            throw EngineError(error.message, kind: .inUse, exitCode: 126)
        }
    }
}

extension StateStore {
    /// Whether no container was given a port of these by choice.
    fileprivate func isFree(_ mapping: PortMapping) throws -> Bool {
        try database.query(
            "SELECT 1 FROM chosen_ports WHERE protocol = ?1 AND port >= ?2 AND port < ?3",
            [
                .text(mapping.protocol.rawValue), .integer(Int64(mapping.hostPort)),
                .integer(Int64(mapping.hostPort) + Int64(mapping.range)),
            ]
        ).isEmpty
    }

    /// Writes down which ports were chosen for a container. The caller is in a transaction.
    ///
    /// - Throws: `EngineError` when somebody was given one of them since they were chosen.
    func recordChosenPorts(_ spec: ContainerSpec) throws {
        for index in spec.chosenPorts ?? [] {
            let mapping = spec.ports[index]
            guard try isFree(mapping) else {
                throw EngineError("port \(mapping.hostPort) was given to another container meanwhile: try again")
            }
            for offset in 0..<Int64(mapping.range) {
                try database.query(
                    "INSERT INTO chosen_ports VALUES (?1, ?2, ?3)",
                    [.text(mapping.protocol.rawValue), .integer(Int64(mapping.hostPort) + offset), .text(spec.id)])
            }
        }
    }
}
