/// Chains and rules of one table, each rule in the form that iptables-save(8) prints, without `-A CHAIN`.
public struct IptablesTable: Hashable, Sendable {
    /// Chains that are not the kernel's own, with their rules.
    public var chains: [String: [String]] = [:]
    /// The kernel's own chains, with their rules.
    public var builtIn: [String: [String]] = [:]

    /// A table without anything in it.
    public init() {}
}

/// What iptables-save(8) printed: tables by name.
public struct IptablesState: Hashable, Sendable {
    /// `nat`, `filter`, …
    public var tables: [String: IptablesTable] = [:]

    /// No table.
    public init() {}

    /// Reads iptables-save's text. Comments, counters and what else it may say are passed over.
    public init(parsing text: String) {
        var name = ""
        for line in text.split(separator: "\n") {
            switch line.first {
            case "*":
                name = String(line.dropFirst())
                tables[name] = IptablesTable()
            case ":":
                let words = line.dropFirst().split(separator: " ")
                guard words.count > 1 else { continue }
                if words[1] == "-" {
                    tables[name]?.chains[String(words[0])] = []
                } else {
                    tables[name]?.builtIn[String(words[0])] = []
                }
            case "-":
                let words = line.split(separator: " ", maxSplits: 2)
                guard words.count == 3, words[0] == "-A" else { continue }
                let chain = String(words[1])
                if tables[name]?.chains[chain] != nil {
                    tables[name]?.chains[chain]?.append(String(words[2]))
                } else {
                    tables[name]?.builtIn[chain, default: []].append(String(words[2]))
                }
            default: break
            }
        }
    }
}

/// What one table shall hold of ours.
public struct DesiredTable: Hashable, Sendable {
    /// Our rules in a chain of the kernel's: those that go before everybody's, and those that go behind.
    public struct Jumps: Hashable, Sendable {
        /// First in the chain, in this order.
        public var head: [String] = []
        /// Behind what is there, in this order.
        public var tail: [String] = []
    }

    /// Our chains with their rules.
    public var chains: [String: [String]] = [:]
    /// Our rules in the kernel's chains.
    public var jumps: [String: Jumps] = [:]

    /// The table as `iptables -S` lists it, without the kernel's chains' policies.
    ///
    /// - Parameter order: the kernel's chains in the order that iptables lists them.
    /// - Returns: one line a chain and a rule.
    public func listing(_ order: [String] = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]) -> String {
        let names = chains.keys.sorted()
        var lines = names.map { "-N \($0)" }
        for chain in order {
            let rules = jumps[chain].map { $0.head + $0.tail } ?? []
            lines += rules.map { "-A \(chain) \($0)" }
        }
        for name in names { lines += (chains[name] ?? []).map { "-A \(name) \($0)" } }
        return lines.map { $0 + "\n" }.joined()
    }
}
