/// A function of the template language.
struct Function: Sendable {
    /// The Go type of a parameter, by its Go name.
    enum Parameter: String, Sendable {
        case any = "interface {}"
        case int
        case string
        case strings = "[]string"
    }

    let parameters: [Parameter]
    /// The type of any further arguments; nil if there may be none.
    let rest: Parameter?
    let body: @Sendable ([Value]) throws(CallError) -> Value?

    init(
        _ parameters: [Parameter], rest: Parameter? = nil,
        _ body: @escaping @Sendable ([Value]) throws(CallError) -> Value?
    ) {
        self.parameters = parameters
        self.rest = rest
        self.body = body
    }

    func parameter(_ index: Int) -> Parameter {
        index < parameters.count ? parameters[index] : rest ?? .any
    }

    static func named(_ name: String) -> Function? {
        language[name] ?? podman[name]
    }

    /// The functions of Go's `text/template`. The evaluator itself does `and` and `or`, which may leave arguments out.
    private static let language: [String: Function] = [
        "and": Function([.any], rest: .any) { arguments in arguments.last },
        "or": Function([.any], rest: .any) { arguments in arguments.last },
        "not": Function([.any]) { arguments in .bool(!arguments[0].isTrue) },
        "eq": Function([.any], rest: .any) { arguments throws(CallError) in
            .bool(try Comparison.isEqual(arguments[0], toAny: arguments.dropFirst()))
        },
        "ne": Function([.any, .any]) { arguments throws(CallError) in
            .bool(try !Comparison.isEqual(arguments[0], toAny: arguments.dropFirst()))
        },
        "lt": Function([.any, .any]) { arguments throws(CallError) in
            .bool(try Comparison.isLess(arguments[0], arguments[1]))
        },
        "le": Function([.any, .any]) { arguments throws(CallError) in
            .bool(try Comparison.isLessOrEqual(arguments[0], arguments[1]))
        },
        "gt": Function([.any, .any]) { arguments throws(CallError) in
            .bool(try !Comparison.isLessOrEqual(arguments[0], arguments[1]))
        },
        "ge": Function([.any, .any]) { arguments throws(CallError) in
            .bool(try !Comparison.isLess(arguments[0], arguments[1]))
        },
        "len": Function([.any]) { arguments throws(CallError) in .int(Int64(try Collections.length(of: arguments[0])))
        },
        "index": Function([.any], rest: .any) { arguments throws(CallError) in
            try Collections.element(of: arguments[0], at: arguments.dropFirst())
        },
        "slice": Function([.any], rest: .any) { arguments throws(CallError) in
            try Collections.slice(of: arguments[0], from: Array(arguments.dropFirst()))
        },
        "print": Function([], rest: .any) { arguments in .string(Printf.print(arguments)) },
        "println": Function([], rest: .any) { arguments in .string(Printf.printLine(arguments)) },
        "printf": Function([.string], rest: .any) { arguments in
            .string(Printf.format(arguments[0].text, Array(arguments.dropFirst())))
        },
        "html": Function([], rest: .any) { arguments in .string(Escape.html(Printf.printable(arguments))) },
        "js": Function([], rest: .any) { arguments in .string(Escape.javaScript(Printf.printable(arguments))) },
        "urlquery": Function([], rest: .any) { arguments in .string(Escape.query(Printf.printable(arguments))) },
    ]

    /// The functions that Podman adds, `DefaultFuncs` in `containers/common/pkg/report/template.go`.
    private static let podman: [String: Function] = [
        "json": Function([.any]) { arguments in .string(arguments[0].json()) },
        "lower": Function([.string]) { arguments in .string(Letters.lower(arguments[0].text)) },
        "upper": Function([.string]) { arguments in .string(Letters.upper(arguments[0].text)) },
        "title": Function([.string]) { arguments in .string(Letters.title(arguments[0].text)) },
        "join": Function([.strings, .string]) { arguments in
            .string(arguments[0].elements.map(\.text).joined(separator: arguments[1].text))
        },
        "split": Function([.string, .string]) { arguments in
            .strings(Letters.split(arguments[0].text, at: arguments[1].text))
        },
        "pad": Function([.string, .int, .int]) { arguments throws(CallError) in
            .string(try Letters.pad(arguments[0].text, before: arguments[1].number, behind: arguments[2].number))
        },
        "truncate": Function([.string, .int]) { arguments throws(CallError) in
            .string(try Letters.truncate(arguments[0].text, to: arguments[1].number))
        },
    ]
}

extension Function.Parameter {
    /// Whether a nil can be such an argument.
    var takesNil: Bool {
        self == .any || self == .strings
    }

    func accepts(_ value: Value) -> Bool {
        switch (self, value) {
        case (.any, _), (.int, .int), (.string, .string): true
        case (.strings, .array(let array)): array.allSatisfy { $0.goType == "string" }
        case (.strings, _): value == .null || value == .nilSlice
        case (.int, _), (.string, _): false
        }
    }

    /// What is wrong with a literal argument.
    func mismatch(of literal: String) -> String {
        switch self {
        case .int: "expected integer; found \(literal)"
        case .string: "expected string; found \(literal)"
        case .any, .strings: "can't handle \(literal) for arg of type \(rawValue)"
        }
    }
}

extension Value {
    /// The string; empty for other values, which the types of the parameters have kept out.
    fileprivate var text: String {
        if case .string(let string) = self { string } else { "" }
    }

    /// The integer; zero for other values, which the types of the parameters have kept out.
    fileprivate var number: Int64 {
        if case .int(let int) = self { int } else { 0 }
    }

    /// The elements of a slice; none for other values.
    fileprivate var elements: [Value] {
        if case .array(let array) = self { array } else { [] }
    }
}
