/// Text in which `$NAME`, `${NAME}`, `${NAME:-other}` and `${NAME:+other}` stand for variables' values, as in a
/// Dockerfile. Quotes and backslashes are the shell's: what is between single quotes is taken as it is.
struct VariableReferences {
    private let text: String
    private let variables: [String]
    private var rest: Substring

    /// The text with the variables' values in place; `NAME=value` each. A variable that there is not is empty.
    ///
    /// - Throws: `EngineError`, in Podman's words, for a reference that does not end or has another modifier.
    static func expand(_ text: String, _ variables: [String]) throws -> String {
        var references = VariableReferences(text: text, variables: variables, rest: text[...])
        return try references.word(until: nil)
    }

    private mutating func word(until end: Character?) throws -> String {
        var result = ""
        while let character = rest.popFirst(), character != end {
            switch character {
            case "'":
                let quoted = rest.prefix { $0 != "'" }
                rest = rest.dropFirst(quoted.count + 1)
                result += quoted
            case "\"": result += try quoted()
            case "$": result += try value()
            case "\\": result += rest.popFirst().map(String.init) ?? ""
            default: result.append(character)
            }
        }
        return result
    }

    /// Up to the second of two double quotes, where references count, and a backslash is one unless it stands before
    /// what has a meaning.
    private mutating func quoted() throws -> String {
        var result = ""
        while let character = rest.popFirst(), character != "\"" {
            switch character {
            case "$": result += try value()
            case "\\" where rest.first == "\"" || rest.first == "$": result += rest.popFirst().map(String.init) ?? ""
            case "\\" where rest.isEmpty: break
            default: result.append(character)
            }
        }
        return result
    }

    /// What stands after a `$`.
    private mutating func value() throws -> String {
        guard rest.first == "{" else {
            let name = name()
            return name.isEmpty ? "$" : value(of: name)
        }
        rest.removeFirst()
        let value = value(of: name())
        switch rest.popFirst() {
        case "}": return value
        case ":":
            let modifier = rest.popFirst()
            let other = try word(until: "}")
            switch modifier {
            case "-": return value.isEmpty ? other : value
            case "+": return value.isEmpty ? value : other
            default:
                throw EngineError("Unsupported modifier (\(modifier.map(String.init) ?? "")) in substitution: \(text)")
            }
        default: throw EngineError("Missing ':' in substitution: \(text)")
        }
    }

    /// Letters, digits and `_`; what begins with a digit is that digit alone.
    private mutating func name() -> Substring {
        let isDigit = rest.first?.isNumber == true
        let name = isDigit ? rest.prefix(1) : rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        rest = rest.dropFirst(name.count)
        return name
    }

    private func value(of name: Substring) -> String {
        variables.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) } ?? ""
    }
}
