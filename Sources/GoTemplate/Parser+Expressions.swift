extension Parser {
    /// Reads commands up to the closing token, which is taken too. The context is for messages.
    mutating func parsePipeline(
        in context: String, until end: Token.Kind
    ) throws(TemplateError) -> Pipeline {
        var pipeline = Pipeline(position: peekNonSpace().position)
        try parseVariables(of: &pipeline, in: context)
        while true {
            let start = place
            let token = takeNonSpace()
            if token.kind == end {
                try check(pipeline, in: context)
                return pipeline
            }
            guard token.startsOperand else { throw unexpected(token, in: context) }
            rewind(to: start)
            pipeline.commands.append(try parseCommand())
        }
    }

    /// Reads `$x :=`, `$x =` or, in a `range`, `$x, $y :=`.
    private mutating func parseVariables(of pipeline: inout Pipeline, in context: String) throws(TemplateError) {
        while true {
            let start = place
            guard peekNonSpace().kind == .variable else { return }
            let variable = take()
            let following = takeNonSpace()
            switch following.kind {
            case .declare, .assign:
                pipeline.assigns = following.kind == .assign
                pipeline.variables.append(variable.text)
                variables.append(variable.text)
                return
            case .comma:
                pipeline.variables.append(variable.text)
                variables.append(variable.text)
                guard context == "range", pipeline.variables.count < 2 else {
                    throw error("too many declarations in \(context)")
                }
                switch peekNonSpace().kind {
                case .variable, .rightDelimiter, .rightParenthesis: continue
                default: throw error("range can only initialize variables")
                }
            default:
                // The variable is an operand.
                rewind(to: start)
                return
            }
        }
    }

    private func check(_ pipeline: Pipeline, in context: String) throws(TemplateError) {
        guard !pipeline.commands.isEmpty else { throw error("missing value for \(context)") }
        for (stage, command) in pipeline.commands.enumerated().dropFirst() {
            switch command.arguments.first {
            case .bool, .dot, .null, .number, .string:
                throw error("non executable command in pipeline stage \(stage + 1)")
            case .field, .variable, .chain, .function, .pipeline, nil: break
            }
        }
    }

    /// Reads operands up to a pipe, which is taken, or a closing token, which is not.
    private mutating func parseCommand() throws(TemplateError) -> Command {
        var arguments: [Expression] = []
        scan: while true {
            _ = peekNonSpace()
            if let operand = try parseOperand() { arguments.append(operand) }
            let start = place
            let token = take()
            switch token.kind {
            case .space: continue
            case .rightDelimiter, .rightParenthesis:
                rewind(to: start)
                break scan
            case .pipe: break scan
            default: throw unexpected(token, in: "operand")
            }
        }
        guard !arguments.isEmpty else { throw error("empty command") }
        return Command(arguments: arguments)
    }

    /// Reads a term and the fields that follow it without a space; nil if there is no term.
    private mutating func parseOperand() throws(TemplateError) -> Expression? {
        guard let term = try parseTerm() else { return nil }
        let position = peek().position
        var fields: [String] = []
        while peek().kind == .field { fields.append(String(take().text.dropFirst())) }
        guard !fields.isEmpty else { return term }
        switch term {
        case .field(let first, _): return .field(first + fields, at: position)
        case .variable(let name, let first, _): return .variable(name, fields: first + fields, at: position)
        case .bool, .string, .number, .null, .dot:
            throw error("unexpected . after term \(Quote.quoted(term.source))")
        case .chain, .function, .pipeline: return .chain(term, fields: fields, at: position)
        }
    }

    private mutating func parseTerm() throws(TemplateError) -> Expression? {
        let start = place
        let token = takeNonSpace()
        switch token.kind {
        case .identifier:
            guard Function.named(token.text) != nil else {
                throw error("function \(Quote.quoted(token.text)) not defined")
            }
            return .function(token.text, at: token.position)
        case .dot: return .dot(at: token.position)
        case .keyword(.null): return .null(at: token.position)
        case .variable:
            guard variables.contains(token.text) else { throw error("undefined variable \(Quote.quoted(token.text))") }
            return .variable(token.text, fields: [], at: token.position)
        case .field: return .field([String(token.text.dropFirst())], at: token.position)
        case .bool: return .bool(token.text == "true", at: token.position)
        case .number, .characterConstant:
            return .number(try parseNumber(token), source: token.text, at: token.position)
        case .leftParenthesis:
            try descend()
            defer { ascend() }
            return .pipeline(try parsePipeline(in: "parenthesized pipeline", until: .rightParenthesis))
        case .string, .rawString:
            guard let text = Quote.unquoted(token.text) else { throw error("invalid syntax") }
            return .string(text, source: token.text, at: token.position)
        default:
            rewind(to: start)
            return nil
        }
    }

    private func parseNumber(_ token: Token) throws(TemplateError) -> Value {
        if token.kind == .characterConstant {
            guard let characters = Quote.unquotedCharacters(token.text) else { throw error("invalid syntax") }
            guard let character = characters.first, characters.count == 1 else {
                throw error("malformed character constant: \(token.text)")
            }
            return .int(Int64(character))
        }
        switch NumberLiteral.value(of: token.text) {
        case .value(let value): return value
        case .overflow: throw error("integer overflow: \(Quote.quoted(token.text))")
        case .malformed: throw error("illegal number syntax: \(Quote.quoted(token.text))")
        }
    }
}

extension Token {
    fileprivate var startsOperand: Bool {
        switch kind {
        case .bool, .characterConstant, .dot, .field, .identifier, .number, .keyword(.null), .rawString, .string,
            .variable, .leftParenthesis:
            true
        default: false
        }
    }
}
