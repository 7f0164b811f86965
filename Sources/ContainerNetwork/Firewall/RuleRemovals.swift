internal import LinuxSys
internal import Netlink
internal import WirePrimitives

/// Takes rules and chains away, of all tables in one step, by asking the kernel itself.
///
/// To remove, one need not know what a rule says. iptables-restore(8) would take one step a table, and after each wait
/// until the kernel's readers (RCU) have left it, some 10 ms; when two of them meet, one starts anew.
struct RuleRemovals: ~Copyable {
    private var socket: NetlinkSocket?
    private let generation: UInt32

    /// What is taken away is taken from the rules as they are from now on; nil where the kernel has no nf_tables.
    init?() {
        do {
            let socket = try NetlinkSocket(.netfilter)
            generation = try Session(socket).rulesGeneration()
            self.socket = socket
        } catch {
            return nil
        }
    }

    /// Does what the changes say to `state`, if it is nothing but removals and the kernel's rules are those of `state`.
    ///
    /// - Returns: whether it was done; if not, nothing was.
    consuming func apply(_ changes: [IptablesBackend.Change], to state: IptablesState) -> Bool {
        guard state.isNftables else { return false }
        do {
            guard try remove(changes, from: state) else { return false }
        } catch {
            // Somebody else has changed the rules, or the kernel is older than this: iptables can say what is wrong.
            return false
        }
        // Whoever closes the socket last waits for the kernel's readers: another process, if there can be one.
        let keeper = try? socket?.elsewhere()
        socket = nil
        _ = consume keeper
        return true
    }

    private func remove(_ changes: [IptablesBackend.Change], from state: IptablesState) throws(NetlinkError) -> Bool {
        guard let socket else { return false }
        let session = Session(socket)
        var removals: [RuleRemoval] = []
        for change in changes {
            guard let found = try Self.removals(session, change, state.tables[change.table] ?? IptablesTable()) else {
                return false
            }
            removals += found
        }
        try session.remove(removals, generation: generation)
        return true
    }

    private static func removals(
        _ session: Session, _ change: IptablesBackend.Change, _ table: IptablesTable
    ) throws(NetlinkError) -> [RuleRemoval]? {
        var removals: [RuleRemoval] = []
        var chains: [String: Numbered] = [:]
        for command in change.commands {
            switch command {
            case .flush(let chain): removals.append(removal(.allRules, change, chain))
            case .deleteChain(let chain): removals.append(removal(.chain, change, chain))
            case .delete(let chain, let rule):
                guard let rules = table.chains[chain] ?? table.builtIn[chain] else { return nil }
                if chains[chain] == nil {
                    let handles = try session.ruleHandles(change.family, table: change.table, chain: chain)
                    guard handles.count == rules.count else { return nil }
                    chains[chain] = Numbered(rules: rules, handles: handles)
                }
                guard let handle = chains[chain]?.take(rule) else { return nil }
                removals.append(removal(.rule(handle: handle), change, chain))
            case .newChain, .append, .insert: return nil
            }
        }
        return removals
    }

    private static func removal(
        _ target: RuleRemoval.Target, _ change: IptablesBackend.Change, _ chain: String
    ) -> RuleRemoval {
        RuleRemoval(target, family: change.family, table: change.table, chain: chain)
    }

    /// The rules of a chain that have not been taken yet, and the kernel's handles for them.
    private struct Numbered {
        var rules: [String]
        var handles: [UInt64]

        mutating func take(_ rule: String) -> UInt64? {
            guard let position = rules.firstIndex(of: rule) else { return nil }
            rules.remove(at: position)
            return handles.remove(at: position)
        }
    }
}
