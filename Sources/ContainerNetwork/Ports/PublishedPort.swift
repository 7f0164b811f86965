internal import WirePrimitives

/// Podman's `--publish`: `[[ip:][hostPort]:]containerPort[/protocol]`, each port a number or a range.
///
/// The flag is a list: the command line splits `8080:80,8081:81` at its commas first.
public enum PublishedPort {
    /// Reads one value; a host port that is left out becomes 0.
    ///
    /// - Throws: `NetworkError` of kind `invalid`, in Podman's words.
    public static func parse(_ text: String) throws(NetworkError) -> PortMapping {
        let halves = split(text, "/")
        guard halves.count <= 2 else { throw invalid("invalid port format - protocol can only be specified once") }
        var (hostIP, rest) = try bracketedAddress(halves[0])
        let hasBrackets = hostIP != nil
        let parts = split(rest, ":")
        var hostPort: String?
        switch (parts.count, hasBrackets) {
        case (1, true):
            throw invalid("invalid port format - must provide host and destination port if specifying an IP")
        case (1, false): break
        case (2, _): hostPort = parts[0]
        case (3, true):
            throw invalid("invalid port format - when v6 address specified, must be [ipv6]:hostPort:ctrPort")
        case (3, false):
            hostIP = parts[0]
            hostPort = parts[1]
        default: throw invalid("invalid port format - format is [[hostIP:]hostPort:]containerPort")
        }
        rest = parts[parts.count - 1]
        guard !rest.isEmpty else { throw invalid("must provide a non-empty container port to publish") }
        let container = try range(rest, "container")
        var mapping = PortMapping(hostPort: 0, containerPort: container.first, range: UInt16(container.count))
        if halves.count == 2 { mapping.protocol = try protocolNamed(halves[1]) }
        if let hostIP { mapping.hostIP = try address(hostIP) }
        if let hostPort, !hostPort.isEmpty {
            let host = try range(hostPort, "host")
            guard host.count == container.count else {
                throw invalid(
                    "host and container port ranges have different lengths: \(host.count) vs \(container.count)")
            }
            mapping.hostPort = host.first
        }
        return mapping
    }

    /// Reads all values of a command and joins neighbours, as Podman stores them.
    ///
    /// - Throws: `NetworkError` of kind `invalid`, in Podman's words.
    public static func parse(all texts: [String]) throws(NetworkError) -> [PortMapping] {
        var mappings: [PortMapping] = []
        for text in texts { mappings.append(try parse(text)) }
        return try merge(mappings)
    }

    /// Joins mappings whose ports follow each other or are named twice; first by protocol and address in the order
    /// these appear, then by host port. Ports that are yet to be chosen come last and are joined only if they are
    /// the same.
    ///
    /// - Throws: `NetworkError` of kind `invalid` when a host port would lead to two ports of the container. (Podman
    ///   lets that pass when the second begins where the first ends, and fails when the container starts.)
    public static func merge(_ mappings: [PortMapping]) throws(NetworkError) -> [PortMapping] {
        struct Group: Hashable {
            var hostIP: IPAddress?
            var transport: PortProtocol
        }
        var order: [Group] = []
        var groups: [Group: [PortMapping]] = [:]
        for mapping in mappings {
            let group = Group(hostIP: mapping.hostIP, transport: mapping.protocol)
            if groups[group] == nil { order.append(group) }
            groups[group, default: []].append(mapping)
        }
        var merged: [PortMapping] = []
        for group in order {
            let members = groups[group] ?? []
            var unchosen: [PortMapping] = []
            for mapping in members where mapping.hostPort == 0 && !unchosen.contains(mapping) {
                unchosen.append(mapping)
            }
            let chosen = members.filter { $0.hostPort > 0 }
            let sorted = chosen.sorted { ($0.hostPort, $0.containerPort) < ($1.hostPort, $1.containerPort) }
            merged += try joined(sorted) + unchosen
        }
        return merged
    }

    private static func joined(_ sorted: [PortMapping]) throws(NetworkError) -> [PortMapping] {
        var result: [PortMapping] = []
        for next in sorted {
            guard let last = result.last else {
                result.append(next)
                continue
            }
            let distance = Int(next.hostPort) - Int(last.hostPort)
            if distance <= Int(last.range), Int(next.containerPort) - Int(last.containerPort) == distance {
                result[result.count - 1].range = max(last.range, UInt16(distance) + next.range)
            } else if distance < Int(last.range) {
                throw invalid(
                    "conflicting port mappings for host port \(next.hostPort) (protocol \(next.protocol.rawValue))")
            } else {
                result.append(next)
            }
        }
        return result
    }

    /// Takes `[ip]:` off the front; the address is nil when there are no brackets.
    private static func bracketedAddress(_ text: String) throws(NetworkError) -> (String?, String) {
        let parts = split(text, "]")
        switch parts.count {
        case 1: return (nil, text)
        case 2:
            guard parts[0].hasPrefix("[") else {
                throw invalid("invalid port format - IPv6 addresses must be enclosed by []")
            }
            guard parts[1].hasPrefix(":") else {
                throw invalid("invalid port format - IPv6 address must be followed by a colon (':')")
            }
            return (String(parts[0].dropFirst()), String(parts[1].dropFirst()))
        default: throw invalid("invalid port format - at most one IPv6 address can be specified in a --publish")
        }
    }

    /// `0.0.0.0` is the same as no address, as Docker has it.
    private static func address(_ text: String) throws(NetworkError) -> IPAddress? {
        guard !text.isEmpty else { throw invalid("must provide a non-empty container host IP to publish") }
        guard let address = IPAddress(text) else { throw invalid("cannot parse \"\(text)\" as an IP address") }
        return address == .v4(.any) ? nil : address
    }

    private static func protocolNamed(_ text: String) throws(NetworkError) -> PortProtocol {
        guard !text.isEmpty else { throw invalid("must provide a non-empty protocol to publish") }
        guard let named = PortProtocol(rawValue: text.lowercased()) else {
            throw invalid("unrecognized protocol \"\(text)\" in port mapping")
        }
        return named
    }

    private static func range(_ text: String, _ side: String) throws(NetworkError) -> PortRange {
        let ends = split(text, "-")
        do throws(NetworkError) {
            guard ends.count <= 2 else {
                throw invalid("invalid port format - port ranges are formatted as startPort-stopPort")
            }
            guard !ends[0].isEmpty else { throw invalid("port numbers cannot be negative") }
            let first = try port(ends[0])
            var last = first
            if ends.count == 2 {
                guard !ends[1].isEmpty else { throw invalid("must provide ending number for port range") }
                last = try port(ends[1])
                guard last > first else {
                    throw invalid(
                        "the end port of a range must be higher than the start port - \(last) is not higher than "
                            + "\(first)")
                }
            }
            guard let range = PortRange(first, through: last) else { throw invalid("port numbers cannot be negative") }
            return range
        } catch {
            throw invalid("parsing \(side) port: \(error.message)")
        }
    }

    private static func port(_ text: String) throws(NetworkError) -> UInt16 {
        // Int reads what Go's Atoi does: a sign, then decimal digits.
        guard let number = Int(text) else {
            let isNumber = text.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            let reason = isNumber ? "value out of range" : "invalid syntax"
            throw invalid("invalid port number: strconv.Atoi: parsing \"\(text)\": \(reason)")
        }
        guard (1...65535).contains(number) else {
            throw invalid("port numbers must be between 1 and 65535 (inclusive), got \(number)")
        }
        return UInt16(number)
    }

    private static func split(_ text: String, _ separator: Character) -> [String] {
        text.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }

    private static func invalid(_ message: String) -> NetworkError { NetworkError(.invalid, message) }
}
