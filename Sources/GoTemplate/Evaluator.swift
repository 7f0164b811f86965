/// Walks a template over its data and gathers the text.
struct Evaluator {
    /// How deep templates may call each other.
    static let maxCalls = 1000
    /// A value, or nil where Go has the invalid value: a key that a map has not, printed `<no value>`.
    typealias Datum = Value?

    /// What the command before in a pipeline gave.
    enum Piped {
        case nothing
        case datum(Datum)
    }

    /// What is being evaluated, for messages.
    enum Place {
        case start
        case expression(Expression)
        case command(Command)
        case pipeline(Pipeline)
        case call(TemplateCall)
    }

    let template: Template
    var place = Place.start
    /// The name of the template that runs, for messages.
    var running: String
    var output = ""
    var variables: [(name: String, datum: Datum)]
    /// How many calls of templates have not ended.
    var calls = 0
    /// The lists of statements that have not ended, the innermost last. They are here and not on the stack of the
    /// thread, so that no template can use that up.
    var frames: [Frame] = []

    init(template: Template, data: Value) {
        self.template = template
        running = template.name
        variables = [("$", data == .null ? Datum.none : data)]
    }

    mutating func run() throws(TemplateError) -> String {
        let main = template.definitions[template.name] ?? []
        frames = [Frame(statements: main, dot: variables[0].datum, known: variables.count)]
        output.reserveCapacity(2 * template.text.utf8.count)
        while let innermost = frames.indices.last {
            if let statement = frames[innermost].take() {
                try execute(statement, dot: frames[innermost].dot)
            } else {
                try end(frames[innermost])
            }
        }
        return output
    }

    /// The error with the place that is being evaluated.
    func error(_ message: String) -> TemplateError {
        let (position, source) =
            switch place {
            case .start: (0, "")
            case .expression(let expression): (expression.position, expression.source)
            case .command(let command): (command.position, command.source)
            case .pipeline(let pipeline): (pipeline.position, pipeline.source)
            case .call(let call): (call.position, call.source)
            }
        // Go counts lines from 1, but the bytes within the line from 0.
        let before = template.text.utf8.prefix(position)
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count
        let location = "\(template.name):\(line):\(column)"
        let text = "template: \(location): executing \(Quote.quoted(running)) at <\(source)>: \(message)"
        return TemplateError(stage: .execute, message: text)
    }

    // MARK: Variables

    func variable(_ name: String) throws(TemplateError) -> Datum {
        guard let variable = variables.last(where: { $0.name == name }) else {
            throw error("undefined variable: \(name)")
        }
        return variable.datum
    }

    mutating func assign(_ name: String, _ datum: Datum) throws(TemplateError) {
        guard let index = variables.lastIndex(where: { $0.name == name }) else {
            throw error("undefined variable: \(name)")
        }
        variables[index].datum = datum
    }

    mutating func declare(_ name: String, _ datum: Datum) {
        variables.append((name, datum))
    }
}
