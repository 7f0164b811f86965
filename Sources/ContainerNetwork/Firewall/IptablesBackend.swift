internal import LinuxSys
public import WirePrimitives

/// Makes the host's iptables rules what they shall be. The caller holds the firewall's lock.
public struct IptablesBackend: Sendable {
    /// What one synchronisation changed.
    public struct Change: Hashable, Sendable {
        /// Which protocol's rules.
        public var family: AddressFamily
        /// `nat`, `filter` or `raw`.
        public var table: String
        /// What was done to its rules.
        public var commands: [IptablesCommand]
    }

    /// How often the rules may be changed by somebody else between reading and loading.
    private static let attempts = 3

    /// The host's own iptables.
    public init() {}

    /// Reads the rules, compares, and loads what differs, each protocol in one go. Nothing is run for a protocol that
    /// no attached container has an address of, unless `families` names it.
    ///
    /// - Parameters:
    ///   - attached: every attached container, as `FirewallProjection.render` takes them.
    ///   - dnsPort: where the networks' own resolver listens.
    ///   - families: protocols to look at besides; when a container is detached, those it had addresses of.
    /// - Returns: what was changed; empty when everything was right.
    /// - Throws: `NetworkError` of kind `missingProgram` when iptables is not installed, `refused` when it fails.
    @discardableResult
    public func sync(
        _ attached: [AttachedContainer], dnsPort: UInt16 = 53, families: Set<AddressFamily> = []
    ) throws(NetworkError) -> [Change] {
        let bridged = attached.filter(\.network.isManagedBridge)
        let needed = families.union(bridged.flatMap(\.addresses).map(\.family))
        var changes: [Change] = []
        for family in needed.sorted() {
            changes += try sync(attached, dnsPort, family)
        }
        return changes
    }

    /// What `sync` would change; nothing is loaded.
    public func differences(
        _ attached: [AttachedContainer], dnsPort: UInt16 = 53, families: Set<AddressFamily> = [.ipv4]
    ) throws(NetworkError) -> [Change] {
        var changes: [Change] = []
        for family in families.sorted() {
            changes += difference(try read(family), attached, dnsPort, family)
        }
        return changes
    }

    private func sync(
        _ attached: [AttachedContainer], _ dnsPort: UInt16, _ family: AddressFamily
    ) throws(NetworkError) -> [Change] {
        var attempt = 1
        while true {
            let removals = RuleRemovals()
            let current = try read(family)
            let changes = difference(current, attached, dnsPort, family)
            guard !changes.isEmpty else { return [] }
            if let removals, removals.apply(changes, to: current) { return changes }
            do throws(NetworkError) {
                try restore(changes, family)
                return changes
            } catch {
                // Somebody else may have changed the rules since they were read; then a second look helps.
                guard error.kind == .refused, attempt < Self.attempts else { throw error }
                attempt += 1
            }
        }
    }

    private func difference(
        _ current: IptablesState, _ attached: [AttachedContainer], _ dnsPort: UInt16, _ family: AddressFamily
    ) -> [Change] {
        let present = Set(current.tables.values.flatMap(\.chains.keys))
        let desired = FirewallProjection.render(attached, dnsPort: dnsPort, family: family, present: present)
        return desired.sorted { $0.key < $1.key }.compactMap { name, table in
            let commands = IptablesDifference(from: current.tables[name] ?? IptablesTable(), to: table).commands
            return commands.isEmpty ? nil : Change(family: family, table: name, commands: commands)
        }
    }

    /// The rules of all tables as they are now.
    public func read(_ family: AddressFamily) throws(NetworkError) -> IptablesState {
        IptablesState(parsing: try run(family, "save", [], input: []))
    }

    private func restore(_ changes: [Change], _ family: AddressFamily) throws(NetworkError) {
        let text = changes.map { "*\($0.table)\n" + $0.commands.map { "\($0)\n" }.joined() + "COMMIT\n" }.joined()
        _ = try run(family, "restore", ["--noflush", "--wait"], input: Array(text.utf8))
    }

    private func run(
        _ family: AddressFamily, _ verb: String, _ arguments: [String], input: [UInt8]
    ) throws(NetworkError) -> String {
        let name = (family == .ipv4 ? "iptables-" : "ip6tables-") + verb
        guard let path = Program.find(name) else {
            throw NetworkError(
                .missingProgram,
                "\(name) is not installed: published ports and the way out of the networks need it; install the "
                    + "package \"iptables\"")
        }
        let output: ProgramOutput
        do {
            output = try Program(path: path, arguments: arguments).run(input: input)
        } catch {
            throw NetworkError("run \(path)", any: error)
        }
        guard output.exitCode == 0 else {
            throw NetworkError(.refused, "\(name) failed with code \(output.exitCode): \(output.errorText)")
        }
        return String(decoding: output.output, as: UTF8.self)
    }
}
