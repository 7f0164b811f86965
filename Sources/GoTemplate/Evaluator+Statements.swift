extension Evaluator {
    /// A list of statements that is being executed.
    struct Frame {
        let statements: [Statement]
        var next = 0
        var dot: Datum
        /// How many variables there were before it.
        let known: Int
        var role = Role.list

        /// What there is to do at the end of the statements.
        enum Role {
            case list
            case loop(Loop)
            case call(Caller)
        }

        /// The next statement; nil at the end.
        mutating func take() -> Statement? {
            guard next < statements.count else { return nil }
            next += 1
            return statements[next - 1]
        }
    }

    struct Loop {
        let pipeline: Pipeline
        let elements: Elements
        var index = 0
        /// How many variables there are outside of the body.
        let known: Int
    }

    /// What a call of a template puts aside.
    struct Caller {
        let running: String
        let variables: [(name: String, datum: Datum)]
    }

    mutating func execute(_ statement: Statement, dot: Datum) throws(TemplateError) {
        switch statement {
        case .text(let text): output += text
        case .action(let pipeline): try write(pipeline, dot: dot)
        case .field(let name, let pipeline):
            // The short way for a string of a struct.
            if case .object(let object)? = dot, object.kind == .structure, let field = object.field(name),
                field.method == nil, case .string(let text) = field.value
            {
                output += text
            } else {
                try write(pipeline, dot: dot)
            }
        case .conditional(let branch): try enter(branch, isWith: false, dot: dot)
        case .with(let branch): try enter(branch, isWith: true, dot: dot)
        case .loop(let branch): try enter(loop: branch, dot: dot)
        case .call(let call): try enter(call, dot: dot)
        case .leaveLoop:
            while let frame = frames.popLast() {
                drop(to: frame.known)
                if case .loop = frame.role { break }
            }
        case .nextInLoop:
            while let frame = frames.last {
                if case .loop = frame.role { break }
                frames.removeLast()
            }
            if let loop = frames.last { try end(loop) }
        }
    }

    /// Ends the innermost frame, or starts it again for the next element of a loop.
    mutating func end(_ frame: Frame) throws(TemplateError) {
        switch frame.role {
        case .list: drop(to: frame.known)
        case .loop(var loop):
            drop(to: loop.known)
            loop.index += 1
            if loop.index < loop.elements.count {
                try start(loop, of: frame)
                return
            }
            drop(to: frame.known)
        case .call(let caller):
            (running, variables) = (caller.running, caller.variables)
            calls -= 1
        }
        frames.removeLast()
    }

    private mutating func drop(to known: Int) {
        variables.removeLast(variables.count - known)
    }

    private mutating func write(_ pipeline: Pipeline, dot: Datum) throws(TemplateError) {
        let datum = try evaluate(pipeline, dot: dot)
        // A declaration or assignment writes nothing.
        guard pipeline.variables.isEmpty else { return }
        output += datum.map { Printf.text(of: $0) } ?? "<no value>"
    }

    private mutating func enter(_ branch: Branch, isWith: Bool, dot: Datum) throws(TemplateError) {
        let known = variables.count
        let datum = try evaluate(branch.pipeline, dot: dot)
        let isTrue = datum?.isTrue ?? false
        frames.append(
            Frame(
                statements: isTrue ? branch.body : branch.otherwise, dot: isTrue && isWith ? datum : dot, known: known))
    }

    // MARK: Loops

    private mutating func enter(loop branch: Branch, dot: Datum) throws(TemplateError) {
        let known = variables.count
        let datum = try evaluate(branch.pipeline, dot: dot)
        guard let elements = Elements(datum) else {
            throw error("range can't iterate over \(datum.map { Printf.text(of: $0) } ?? "<nil>")")
        }
        guard elements.count > 0 else {
            frames.append(Frame(statements: branch.otherwise, dot: dot, known: known))
            return
        }
        let frame = Frame(statements: branch.body, dot: nil, known: known)
        frames.append(frame)
        try start(Loop(pipeline: branch.pipeline, elements: elements, known: variables.count), of: frame)
    }

    /// Starts the innermost frame for the element that the loop is at.
    private mutating func start(_ loop: Loop, of frame: Frame) throws(TemplateError) {
        let (key, element) = loop.elements[loop.index]
        let names = loop.pipeline.variables
        // With one variable it is the element, with two the first is the index.
        for (offset, name) in names.enumerated() {
            let datum = offset == names.count - 1 ? element : key
            if loop.pipeline.assigns {
                try assign(name, datum)
            } else {
                // The pipeline has declared the variables last, in their order.
                variables[loop.known - names.count + offset].datum = datum
            }
        }
        frames[frames.count - 1] = Frame(
            statements: frame.statements, dot: element, known: frame.known, role: .loop(loop))
    }

    // MARK: Templates

    private mutating func enter(_ call: TemplateCall, dot: Datum) throws(TemplateError) {
        place = .call(call)
        guard let body = template.definitions[call.name] else {
            throw error("template \(Quote.quoted(call.name)) not defined")
        }
        guard calls < Evaluator.maxCalls else {
            throw error("exceeded maximum template depth (\(Evaluator.maxCalls))")
        }
        var argument: Datum = nil
        if let pipeline = call.argument { argument = try evaluate(pipeline, dot: dot) }
        let caller = Caller(running: running, variables: variables)
        frames.append(Frame(statements: body, dot: argument, known: 0, role: .call(caller)))
        (running, variables) = (call.name, [("$", argument)])
        calls += 1
    }
}

/// What `range` goes over, made one by one: a range over a large number takes no memory.
enum Elements {
    case list([Value])
    case members([Object.Field])
    case numbers(Int)

    /// Nil if the value has no elements to go over.
    init?(_ datum: Value?) {
        switch datum {
        case nil, .null: self = .list([])
        case .array(let array): self = .list(array)
        case .object(let object) where object.kind == .map: self = .members(object.fields)
        case .int(let count): self = .numbers(max(0, Int(count)))
        case .bool, .double, .string, .object: return nil
        }
    }

    var count: Int {
        switch self {
        case .list(let list): list.count
        case .members(let members): members.count
        case .numbers(let count): count
        }
    }

    subscript(index: Int) -> (key: Value, element: Value?) {
        switch self {
        case .list(let list): (.int(Int64(index)), list[index])
        // A nil that a Go map holds as an interface prints as an absent key does.
        case .members(let members): (.string(members[index].name), members[index].value.orNothing)
        case .numbers: (.int(Int64(index)), .int(Int64(index)))
        }
    }
}
