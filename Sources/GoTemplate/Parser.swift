/// Reads the statements of a template; `Parser+Expressions.swift` reads what is inside of an action.
struct Parser {
    /// How deep control structures and parentheses may nest: a bound on the stack that a template can use.
    static let maxDepth = 100

    let name: String
    private let tokens: [Token]
    private var next = 0
    /// The furthest token looked at. Messages name its line.
    private var furthest = 0
    private var depth = 0
    private var loops = 0
    /// The line of the left delimiter, inside of an action.
    private var actionLine: Int?
    /// The variables that are known at this place.
    var variables = ["$"]
    private var definitions: [String: [Statement]] = [:]

    /// What ended a list of statements.
    private enum Terminator { case end, otherwise }

    init(text: String, name: String) {
        self.name = name
        tokens = Lexer.tokens(of: text)
    }

    mutating func parse() throws(TemplateError) -> [String: [Statement]] {
        var body: [Statement] = []
        while peek().kind != .end {
            let start = next
            if take().kind == .leftDelimiter, takeNonSpace().kind == .keyword(.define) {
                try parseDefinition()
                continue
            }
            next = start
            switch try parseStatement() {
            case .statement(let statement): body.append(statement)
            case .terminator(.end): throw error("unexpected {{end}}")
            case .terminator(.otherwise): throw error("unexpected {{else}}")
            }
        }
        try define(name, body)
        return definitions
    }

    // MARK: Tokens

    func error(_ message: String) -> TemplateError {
        let line = tokens.indices.contains(furthest) ? tokens[furthest].line : 1
        return TemplateError(stage: .parse, message: "template: \(name):\(line): \(message)")
    }

    func unexpected(_ token: Token, in context: String) -> TemplateError {
        guard token.kind == .error else { return error("unexpected \(token.description) in \(context)") }
        guard let actionLine, actionLine != token.line else { return error(token.text) }
        let start = "started at \(name):\(actionLine)"
        return error(token.text + (token.text.hasSuffix(" action") ? " \(start)" : " in action \(start)"))
    }

    mutating func peek() -> Token {
        furthest = max(furthest, min(next, tokens.count - 1))
        // The last token is the end or an error, and repeats.
        return tokens[min(next, tokens.count - 1)]
    }

    mutating func take() -> Token {
        let token = peek()
        next += 1
        return token
    }

    mutating func peekNonSpace() -> Token {
        while peek().kind == .space { next += 1 }
        return peek()
    }

    mutating func takeNonSpace() -> Token {
        _ = peekNonSpace()
        return take()
    }

    /// The place to go back to with ``rewind(to:)``.
    var place: Int { next }

    mutating func rewind(to place: Int) {
        next = place
    }

    private mutating func expect(_ kind: Token.Kind, in context: String) throws(TemplateError) {
        let token = takeNonSpace()
        guard token.kind == kind else { throw unexpected(token, in: context) }
    }

    mutating func descend() throws(TemplateError) {
        depth += 1
        guard depth <= Parser.maxDepth else { throw error("nested deeper than \(Parser.maxDepth) levels") }
    }

    mutating func ascend() {
        depth -= 1
    }

    // MARK: Statements

    private enum Item {
        case statement(Statement)
        case terminator(Terminator)
    }

    private mutating func parseStatement() throws(TemplateError) -> Item {
        let token = takeNonSpace()
        switch token.kind {
        case .text: return .statement(.text(token.text))
        case .leftDelimiter:
            actionLine = token.line
            defer { actionLine = nil }
            return try parseAction()
        default: throw unexpected(token, in: "input")
        }
    }

    private mutating func parseAction() throws(TemplateError) -> Item {
        let start = next
        let token = takeNonSpace()
        guard case .keyword(let keyword) = token.kind else {
            next = start
            return .statement(try parsePipelineAction())
        }
        switch keyword {
        case .if: return .statement(.conditional(try parseBranch(keyword)))
        case .with: return .statement(.with(try parseBranch(keyword)))
        case .range: return .statement(.loop(try parseBranch(keyword)))
        case .template: return .statement(.call(try parseCall()))
        case .block: return .statement(.call(try parseBlock()))
        case .break, .continue: return .statement(try parseJump(keyword))
        case .end:
            try expect(.rightDelimiter, in: "end")
            return .terminator(.end)
        case .else:
            // `else if` and `else with` are left for the branch to read on.
            let following = peekNonSpace().kind
            if following == .keyword(.if) || following == .keyword(.with) { return .terminator(.otherwise) }
            try expect(.rightDelimiter, in: "else")
            return .terminator(.otherwise)
        case .define: throw unexpected(token, in: "command")
        case .null:
            next = start
            return .statement(try parsePipelineAction())
        }
    }

    private mutating func parsePipelineAction() throws(TemplateError) -> Statement {
        let pipeline = try parsePipeline(in: "command", until: .rightDelimiter)
        return pipeline.fieldName.map { .field($0, pipeline) } ?? .action(pipeline)
    }

    /// Reads statements up to `end` or `else`.
    private mutating func parseList() throws(TemplateError) -> (statements: [Statement], terminator: Terminator) {
        var statements: [Statement] = []
        while peekNonSpace().kind != .end {
            switch try parseStatement() {
            case .statement(let statement): statements.append(statement)
            case .terminator(let terminator): return (statements, terminator)
            }
        }
        throw error("unexpected EOF")
    }

    private mutating func parseBranch(_ keyword: Token.Keyword) throws(TemplateError) -> Branch {
        try descend()
        defer { ascend() }
        let known = variables.count
        defer { variables.removeLast(variables.count - known) }
        let pipeline = try parsePipeline(in: keyword.rawValue, until: .rightDelimiter)
        loops += keyword == .range ? 1 : 0
        let (body, terminator) = try parseList()
        loops -= keyword == .range ? 1 : 0
        guard terminator == .otherwise else { return Branch(pipeline: pipeline, body: body, otherwise: []) }
        if case .keyword(let inner) = peekNonSpace().kind {
            let token = take()
            guard inner == keyword, inner != .range else { throw unexpected(token, in: "else") }
            // One `end` closes the whole chain.
            let branch = try parseBranch(inner)
            return Branch(
                pipeline: pipeline, body: body, otherwise: [inner == .if ? .conditional(branch) : .with(branch)])
        }
        let (otherwise, end) = try parseList()
        guard end == .end else { throw error("expected end; found {{else}}") }
        return Branch(pipeline: pipeline, body: body, otherwise: otherwise)
    }

    private mutating func parseJump(_ keyword: Token.Keyword) throws(TemplateError) -> Statement {
        let token = takeNonSpace()
        guard token.kind == .rightDelimiter else { throw unexpected(token, in: "{{\(keyword.rawValue)}}") }
        guard loops > 0 else { throw error("{{\(keyword.rawValue)}} outside {{range}}") }
        return keyword == .break ? .leaveLoop : .nextInLoop
    }

    // MARK: Templates

    private mutating func parseName(in context: String) throws(TemplateError) -> (name: String, position: Int) {
        let token = takeNonSpace()
        guard token.kind == .string || token.kind == .rawString else { throw unexpected(token, in: context) }
        guard let name = Quote.unquoted(token.text) else { throw error("invalid syntax") }
        return (name, token.position)
    }

    private mutating func parseCall() throws(TemplateError) -> TemplateCall {
        let (name, position) = try parseName(in: "template clause")
        guard peekNonSpace().kind != .rightDelimiter else {
            _ = take()
            return TemplateCall(position: position, name: name, argument: nil)
        }
        let argument = try parsePipeline(in: "template clause", until: .rightDelimiter)
        return TemplateCall(position: position, name: name, argument: argument)
    }

    private mutating func parseBlock() throws(TemplateError) -> TemplateCall {
        let (name, position) = try parseName(in: "block clause")
        let argument = try parsePipeline(in: "block clause", until: .rightDelimiter)
        try parseBody(of: name, in: "block clause")
        return TemplateCall(position: position, name: name, argument: argument)
    }

    private mutating func parseDefinition() throws(TemplateError) {
        let (name, _) = try parseName(in: "define clause")
        try expect(.rightDelimiter, in: "define clause")
        try parseBody(of: name, in: "define clause")
    }

    /// Reads a body that sees none of the variables and loops around it.
    private mutating func parseBody(of name: String, in context: String) throws(TemplateError) {
        try descend()
        defer { ascend() }
        let outer = (variables, loops)
        (variables, loops) = (["$"], 0)
        let (body, terminator) = try parseList()
        guard terminator == .end else { throw error("unexpected {{else}} in \(context)") }
        (variables, loops) = outer
        try define(name, body)
    }

    /// Go lets an empty body stand beside another of the same name; the one with content counts.
    private mutating func define(_ name: String, _ body: [Statement]) throws(TemplateError) {
        let isEmpty = body.allSatisfy(\.isBlank)
        if let earlier = definitions[name], !earlier.allSatisfy(\.isBlank) {
            guard isEmpty else { throw error("template: multiple definition of template \(Quote.quoted(name))") }
            return
        }
        definitions[name] = body
    }
}

extension Statement {
    /// Whether the statement is text of nothing but white space.
    fileprivate var isBlank: Bool {
        guard case .text(let text) = self else { return false }
        return text.unicodeScalars.allSatisfy(\.properties.isWhitespace)
    }
}
