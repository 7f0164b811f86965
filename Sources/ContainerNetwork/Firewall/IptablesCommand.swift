/// One change to a table's rules. Its text is a line of iptables-restore(8).
public enum IptablesCommand: Hashable, Sendable, CustomStringConvertible {
    /// Makes a chain of our own.
    case newChain(String)
    /// Takes all rules out of a chain.
    case flush(chain: String)
    /// Removes a chain that has no rules and that none leads to.
    case deleteChain(String)
    /// Puts a rule behind a chain's others.
    case append(chain: String, rule: String)
    /// Puts a rule at a place in a chain; the first is 1.
    case insert(chain: String, position: Int, rule: String)
    /// Takes the first rule that says so out of a chain.
    case delete(chain: String, rule: String)

    /// The line, without its end.
    public var description: String {
        switch self {
        case .newChain(let chain): ":\(chain) - [0:0]"
        case .flush(let chain): "-F \(chain)"
        case .deleteChain(let chain): "-X \(chain)"
        case .append(let chain, let rule): "-A \(chain) \(rule)"
        case .insert(let chain, let position, let rule): "-I \(chain) \(position) \(rule)"
        case .delete(let chain, let rule): "-D \(chain) \(rule)"
        }
    }
}
