/// What leads from the rules that are there to those that shall be, for iptables-restore(8) with `--noflush`.
public struct IptablesDifference: Hashable, Sendable {
    /// The commands of one table, in order; empty when nothing differs.
    public private(set) var commands: [IptablesCommand] = []

    /// Compares. Rules of others, and chains whose names do not begin with `NETAVARK`, are left alone.
    ///
    /// As little as possible is changed: a rule that stays keeps its counters, and a table with a thousand rules takes
    /// one line for one more.
    public init(from current: IptablesTable, to desired: DesiredTable) {
        let prefix = FirewallProjection.Chain.prefix
        let gone = current.chains.keys.filter { $0.hasPrefix(prefix) && desired.chains[$0] == nil }.sorted()
        for name in desired.chains.keys.sorted() where current.chains[name] == nil {
            commands.append(.newChain(name))
        }
        for chain in Set(current.builtIn.keys).union(desired.jumps.keys).sorted() {
            jumps(chain, current.builtIn[chain] ?? [], desired.jumps[chain] ?? DesiredTable.Jumps())
        }
        commands += gone.map { .flush(chain: $0) }
        for name in desired.chains.keys.sorted() {
            rules(name, current.chains[name] ?? [], desired.chains[name] ?? [])
        }
        // Nothing may lead to a chain when it goes.
        commands += gone.map { .deleteChain($0) }
    }

    /// One of our own chains.
    private mutating func rules(_ chain: String, _ current: [String], _ desired: [String]) {
        if current == desired { return }
        let kept = current.filter(Set(desired).contains)
        let isSimple = Set(current).count == current.count && Set(desired).count == desired.count
        guard isSimple, kept == desired.filter(Set(current).contains) else {
            commands.append(.flush(chain: chain))
            commands += desired.map { .append(chain: chain, rule: $0) }
            return
        }
        let staying = Set(kept)
        commands += current.filter { !staying.contains($0) }.map { .delete(chain: chain, rule: $0) }
        var length = kept.count
        for (position, rule) in desired.enumerated() where !staying.contains(rule) {
            commands.append(
                position == length
                    ? .append(chain: chain, rule: rule) : .insert(chain: chain, position: position + 1, rule: rule))
            length += 1
        }
    }

    /// A chain of the kernel's: our rules are those that jump to a chain of ours.
    private mutating func jumps(_ chain: String, _ current: [String], _ desired: DesiredTable.Jumps) {
        let wanted = desired.head + desired.tail
        let ours = current.filter(Self.isOurs)
        let kept = ours.filter(Set(wanted).contains)
        let isInOrder = kept == wanted.filter(Set(ours).contains) && Set(ours).count == ours.count
        var staying = isInOrder ? Set(kept) : []
        // What is appended ends up last: behind one that is missing, all are put anew.
        let tail = desired.tail.drop(while: staying.contains)
        staying.subtract(tail)
        commands += ours.filter { !staying.contains($0) }.map { .delete(chain: chain, rule: $0) }
        for rule in desired.head.reversed() where !staying.contains(rule) {
            commands += headInsertion(chain, rule, desired.head, staying)
        }
        commands += tail.map { .append(chain: chain, rule: $0) }
    }

    /// Inserts at the front what comes before all of its fellows; what has a fellow before it, that fellow is put
    /// anew as well, because positions behind others' rules are not ours to count.
    private func headInsertion(
        _ chain: String, _ rule: String, _ head: [String], _ staying: Set<String>
    ) -> [IptablesCommand] {
        let before = head.prefix { $0 != rule }.filter(staying.contains)
        let insertion = IptablesCommand.insert(chain: chain, position: 1, rule: rule)
        return [insertion]
            + before.reversed().flatMap {
                [.delete(chain: chain, rule: $0), .insert(chain: chain, position: 1, rule: $0)]
            }
    }

    /// Whether a rule of the kernel's chains leads to a chain of ours.
    static func isOurs(_ rule: String) -> Bool {
        rule.hasPrefix("-j NETAVARK") || rule.contains(" -j NETAVARK")
    }
}
