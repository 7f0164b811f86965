/// What an action or an argument is made of. `at` is the offset of its first byte in the template.
indirect enum Expression: Sendable {
    case dot(at: Int)
    case null(at: Int)
    case bool(Bool, at: Int)
    /// A number or a character constant and its spelling.
    case number(Value, source: String, at: Int)
    /// A string and its spelling with the quotes.
    case string(String, source: String, at: Int)
    /// `.A.B`
    case field([String], at: Int)
    /// `$name.A.B`; the name has the dollar sign.
    case variable(String, fields: [String], at: Int)
    /// Fields of anything else, as in `(index .List 0).A.B`.
    case chain(Expression, fields: [String], at: Int)
    case function(String, at: Int)
    case pipeline(Pipeline)
}

/// An operand and its arguments, as in `printf "%d" .Count`.
struct Command: Sendable {
    let arguments: [Expression]
}

/// Commands that each get the last one's value, and the variables that get the result.
struct Pipeline: Sendable {
    let position: Int
    var variables: [String] = []
    /// Whether the variables are those that exist (`=`), not new ones (`:=`).
    var assigns = false
    var commands: [Command] = []
}

/// A part of a template that writes text or steers.
indirect enum Statement: Sendable {
    case text(String)
    case action(Pipeline)
    /// `{{.Name}}`, which nearly every action of a table is.
    case field(String, Pipeline)
    case conditional(Branch)
    case with(Branch)
    case loop(Branch)
    case call(TemplateCall)
    case leaveLoop
    case nextInLoop
}

/// `if`, `with` or `range` with its bodies.
struct Branch: Sendable {
    let pipeline: Pipeline
    let body: [Statement]
    let otherwise: [Statement]
}

/// `{{template "name" pipeline}}`
struct TemplateCall: Sendable {
    let position: Int
    let name: String
    let argument: Pipeline?
}

// MARK: As messages show them

extension Expression {
    var position: Int {
        switch self {
        case .dot(let at), .null(let at), .bool(_, let at), .number(_, _, let at), .string(_, _, let at),
            .field(_, let at), .variable(_, _, let at), .chain(_, _, let at), .function(_, let at):
            at
        case .pipeline(let pipeline): pipeline.position
        }
    }

    var source: String {
        switch self {
        case .dot: "."
        case .null: "nil"
        case .bool(let bool, _): bool ? "true" : "false"
        case .number(_, let source, _), .string(_, let source, _): source
        case .field(let fields, _): Expression.source(fields)
        case .variable(let name, let fields, _): name + Expression.source(fields)
        case .chain(let base, let fields, _): base.argumentSource + Expression.source(fields)
        case .function(let name, _): name
        case .pipeline(let pipeline): pipeline.source
        }
    }

    /// The source with parentheses where it is a pipeline.
    var argumentSource: String {
        if case .pipeline = self { return "(\(source))" }
        return source
    }

    private static func source(_ fields: [String]) -> String {
        fields.map { "." + $0 }.joined()
    }
}

extension Command {
    var position: Int {
        arguments.first?.position ?? 0
    }

    var source: String {
        arguments.map(\.argumentSource).joined(separator: " ")
    }
}

extension Pipeline {
    /// The name, if it is `.Name` and nothing else.
    var fieldName: String? {
        guard variables.isEmpty, commands.count == 1, commands[0].arguments.count == 1,
            case .field(let names, _) = commands[0].arguments[0], names.count == 1
        else { return nil }
        return names[0]
    }

    var source: String {
        let commands = commands.map(\.source).joined(separator: " | ")
        guard !variables.isEmpty else { return commands }
        return variables.joined(separator: ", ") + (assigns ? " = " : " := ") + commands
    }
}

extension TemplateCall {
    var source: String {
        "{{template \(Quote.quoted(name))\(argument.map { " " + $0.source } ?? "")}}"
    }
}
