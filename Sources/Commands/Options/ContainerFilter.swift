internal import ContainerEngine
internal import LinuxSys
internal import OCISpec

/// `--filter` of `ps`: values of one key are alternatives, keys must all hold.
struct ContainerFilter {
    private typealias Condition = (ContainerRecord) -> Bool
    private var conditions: [[Condition]] = []

    /// Whether the filters choose by state, so that `ps` does not leave out what does not run.
    static func namesState(_ filters: [String]) -> Bool {
        filters.contains { $0.hasPrefix("status=") }
    }

    /// Parses `key=value` texts.
    ///
    /// - Throws: `EngineError` that names a filter that there is not.
    init(_ texts: [String], _ engine: Engine) throws {
        var byKey: [(key: String, conditions: [Condition])] = []
        for text in texts where !text.isEmpty {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else {
                throw EngineError("invalid filter \"\(text)\": must be in the form key=value")
            }
            let condition = try Self.condition(parts[0], parts[1], engine)
            if let index = byKey.firstIndex(where: { $0.key == parts[0] }) {
                byKey[index].conditions.append(condition)
            } else {
                byKey.append((parts[0], [condition]))
            }
        }
        conditions = byKey.map(\.conditions)
    }

    /// The records for which every key has a value that holds.
    func apply(to records: [ContainerRecord]) -> [ContainerRecord] {
        records.filter { record in conditions.allSatisfy { $0.contains { $0(record) } } }
    }

    private static func condition(_ key: String, _ value: String, _ engine: Engine) throws -> Condition {
        switch key {
        case "id": return { $0.id.hasPrefix(value) }
        case "name":
            let pattern = try NamePattern(value)
            return { pattern.matches($0.spec.name) }
        case "status":
            let state = try Self.state(value)
            return { $0.state.rawValue == state }
        case "label":
            let parts = value.split(separator: "=", maxSplits: 1).map(String.init)
            let label = parts.first ?? ""
            return { record in
                guard let found = record.spec.labels[label] else { return false }
                return parts.count < 2 || found == parts[1]
            }
        case "exited":
            guard let code = Int32(value) else {
                throw EngineError("exited code out of range \"\(value)\": must be a number")
            }
            return { $0.state == .exited && $0.exitCode == code }
        case "ancestor":
            return { record in
                let name = record.spec.imageName
                return name == value || record.spec.imageID.hasPrefix(value) || name.hasSuffix("/\(value)")
                    || name.hasSuffix("/\(value):latest") || name == "\(value):latest"
            }
        case "before":
            let limit = try engine.container(value).spec.created
            return { $0.spec.created < limit }
        case "since":
            let limit = try engine.container(value).spec.created
            return { $0.spec.created > limit }
        case "volume":
            // A volume or directory of the host, a place inside, or both as SOURCE:DESTINATION.
            return { record in
                record.spec.mounts.contains {
                    $0.destination == value || $0.sourceName == value || "\($0.sourceName):\($0.destination)" == value
                }
            }
        case "network":
            return { $0.spec.network.networks.contains(value) }
        case "command":
            return { $0.spec.command.first == value }
        case "restart-policy":
            guard ["no", "on-failure", "always", "unless-stopped"].contains(value) else {
                throw EngineError("\(value) invalid restart policy")
            }
            return { $0.spec.settings?.restart?.name == value }
        // There are no health checks and no pods, so none has the state or is in the pod that is asked for.
        case "health", "pod": return { _ in false }
        case "until":
            guard let limit = Engine.time(value) else {
                throw EngineError(
                    "invalid time \"\(value)\" in filter until: use RFC 3339, seconds since 1970, or a duration")
            }
            return { $0.spec.created < limit }
        default: throw EngineError("\(key) is an invalid filter")
        }
    }

    /// A state as Podman names it, as ours.
    private static func state(_ name: String) throws -> String {
        let names =
            ContainerState.allCases.map(\.rawValue) + ["configured", "stopped", "stopping"]
        guard names.contains(name) else {
            throw EngineError("\(name) is not a valid container state: use one of \(names.joined(separator: ", "))")
        }
        return name == "stopped" ? "exited" : name == "configured" ? "created" : name
    }
}
