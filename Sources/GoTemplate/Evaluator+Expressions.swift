extension Evaluator {
    mutating func evaluate(_ pipeline: Pipeline, dot: Datum) throws(TemplateError) -> Datum {
        place = .pipeline(pipeline)
        var datum: Datum = nil
        for (stage, command) in pipeline.commands.enumerated() {
            datum = try evaluate(command, piped: stage == 0 ? .nothing : .datum(datum), dot: dot)
        }
        for variable in pipeline.variables {
            if pipeline.assigns { try assign(variable, datum) } else { declare(variable, datum) }
        }
        return datum
    }

    private mutating func evaluate(_ command: Command, piped: Piped, dot: Datum) throws(TemplateError) -> Datum {
        guard let first = command.arguments.first else { return nil }
        let arguments = Arguments(expressions: Array(command.arguments.dropFirst()), piped: piped, dot: dot)
        switch first {
        case .function(let name, _):
            place = .expression(first)
            return try call(name, as: .command(command), arguments)
        case .field, .chain: return try evaluate(first, arguments)
        case .variable(_, let fields, _):
            if fields.isEmpty { try refuse(arguments, for: first) }
            return try evaluate(first, arguments)
        case .null:
            try refuse(arguments, for: first)
            place = .expression(first)
            throw error("nil is not a command")
        case .pipeline(let inner):
            guard arguments.count == 0 else {
                throw error("can't give argument to non-function \(inner.source)")
            }
            return try evaluate(inner, dot: dot)
        case .dot, .bool, .number, .string:
            try refuse(arguments, for: first)
            return try evaluate(first, arguments)
        }
    }

    /// What stands behind the first word of a command.
    struct Arguments {
        var expressions: [Expression] = []
        var piped = Piped.nothing
        let dot: Datum

        var count: Int {
            switch piped {
            case .nothing: expressions.count
            case .datum: expressions.count + 1
            }
        }
    }

    private mutating func refuse(_ arguments: Arguments, for first: Expression) throws(TemplateError) {
        guard arguments.count > 0 else { return }
        place = .expression(first)
        throw error("can't give argument to non-function \(first.source)")
    }

    /// The value of an expression; only fields and functions take arguments.
    private mutating func evaluate(_ expression: Expression, _ arguments: Arguments) throws(TemplateError) -> Datum {
        place = .expression(expression)
        switch expression {
        case .dot: return arguments.dot
        case .null: return nil
        case .bool(let bool, _): return .bool(bool)
        case .number(let value, _, _): return value
        case .string(let string, _, _): return .string(string)
        case .pipeline(let pipeline): return try evaluate(pipeline, dot: arguments.dot)
        case .function(let name, _): return try call(name, as: .expression(expression), arguments)
        case .field(let names, _): return try follow(names, from: arguments.dot, arguments)
        case .variable(let name, let fields, _):
            return try follow(fields, from: try variable(name), arguments)
        case .chain(let base, let fields, _):
            if case .null = base { throw error("indirection through explicit nil in \(expression.source)") }
            let datum = try evaluate(base, Arguments(dot: arguments.dot))
            return try follow(fields, from: datum, arguments)
        }
    }

    // MARK: Fields

    private mutating func follow(
        _ names: [String], from start: Datum, _ arguments: Arguments
    ) throws(TemplateError) -> Datum {
        var datum = start
        for (index, name) in names.enumerated() {
            let isLast = index == names.count - 1
            datum = try member(name, of: datum, isLast ? arguments : Arguments(dot: arguments.dot), isLast: isLast)
        }
        return datum
    }

    private mutating func member(
        _ name: String, of receiver: Datum, _ arguments: Arguments, isLast: Bool
    ) throws(TemplateError) -> Datum {
        guard let receiver else { return nil }
        if receiver == .null { throw error("nil pointer evaluating \(receiver.goType).\(name)") }
        guard case .object(let object) = receiver else {
            throw error("can't evaluate field \(name) in type \(receiver.goType)")
        }
        let field = object.field(name)
        switch object.kind {
        case .map:
            guard arguments.count == 0 else { throw error("\(name) is not a method but has arguments") }
            // A nil that a Go map holds as an interface prints as an absent key does.
            return isLast ? field?.value.orNothing : field?.value
        case .structure:
            guard let field else { throw error("can't evaluate field \(name) in type \(object.goType)") }
            guard let method = field.method else {
                guard arguments.count == 0 else {
                    throw error("\(name) has arguments but cannot be invoked as function")
                }
                return field.value
            }
            guard arguments.count == method.parameters else {
                throw error("wrong number of args for \(name): want \(method.parameters) got \(arguments.count)")
            }
            return method.call(try values(of: arguments) { _ in .string })
        }
    }

    // MARK: Functions

    private mutating func call(
        _ name: String, as caller: Place, _ arguments: Arguments
    ) throws(TemplateError) -> Datum {
        guard let function = Function.named(name) else {
            throw error("\(Quote.quoted(name)) is not a defined function")
        }
        let fixed = function.parameters.count
        if function.rest == nil, arguments.count != fixed {
            throw error("wrong number of args for \(name): want \(fixed) got \(arguments.count)")
        }
        guard arguments.count >= fixed else {
            throw error("wrong number of args for \(name): want at least \(fixed) got \(arguments.count)")
        }
        if name == "and" || name == "or" { return try decide(arguments, stopAt: name == "or") }
        let values = try values(of: arguments) { function.parameter($0) }
        do throws(CallError) {
            return try function.body(values)
        } catch {
            place = caller
            throw self.error("error calling \(name): \(error.message)")
        }
    }

    /// `and` and `or`: the first value that decides, or the last; those behind it are not evaluated.
    private mutating func decide(_ arguments: Arguments, stopAt truth: Bool) throws(TemplateError) -> Datum {
        var datum: Datum = nil
        for expression in arguments.expressions {
            datum = try evaluate(expression, Arguments(dot: arguments.dot))
            if datum?.isTrue == truth { return datum }
        }
        if case .datum(let last) = arguments.piped { datum = last }
        return datum
    }

    /// The arguments with what is piped in as the last.
    private mutating func values(
        of arguments: Arguments, as parameter: (Int) -> Function.Parameter
    ) throws(TemplateError) -> [Value] {
        var values: [Value] = []
        for (index, expression) in arguments.expressions.enumerated() {
            values.append(try value(of: expression, as: parameter(index), dot: arguments.dot))
        }
        if case .datum(let last) = arguments.piped {
            values.append(try check(last, as: parameter(arguments.expressions.count)))
        }
        return values
    }

    private mutating func value(
        of expression: Expression, as parameter: Function.Parameter, dot: Datum
    ) throws(TemplateError) -> Value {
        place = .expression(expression)
        switch expression {
        case .null:
            guard parameter.takesNil else { throw error("cannot assign nil to \(parameter.rawValue)") }
            return .null
        case .bool, .number, .string:
            let value = try evaluate(expression, Arguments(dot: dot)) ?? .null
            if parameter.accepts(value) { return value }
            throw error(parameter.mismatch(of: expression.source))
        case .dot, .field, .variable, .chain, .function, .pipeline:
            let datum = try evaluate(expression, Arguments(dot: dot))
            return try check(datum, as: parameter)
        }
    }

    private func check(_ datum: Datum, as parameter: Function.Parameter) throws(TemplateError) -> Value {
        guard let datum else {
            guard parameter.takesNil else { throw error("invalid value; expected \(parameter.rawValue)") }
            return .null
        }
        guard parameter.accepts(datum) else {
            throw error("wrong type for value; expected \(parameter.rawValue); got \(datum.goType)")
        }
        return datum
    }
}
