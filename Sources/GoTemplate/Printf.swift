/// The `Print` functions of Go's package `fmt`.
enum Printf {
    /// The greatest width and precision; Go refuses greater ones too.
    static let maxWidth = 1_000_000

    /// The value as `%v` prints it.
    static func text(of value: Value) -> String {
        var verb = Verb()
        verb.letter = "v"
        return verb.format(value)
    }

    /// Go's `Sprint`: spaces between two operands neither of which is a string.
    static func print(_ values: [Value]) -> String {
        var result = ""
        for (index, value) in values.enumerated() {
            if index > 0, !value.isString, !values[index - 1].isString { result += " " }
            result += text(of: value)
        }
        return result
    }

    /// As ``print(_:)``, but with the template language's own word for nil.
    static func printable(_ values: [Value]) -> String {
        print(values.map { $0 == .null ? "<no value>" : $0 })
    }

    /// Go's `Sprintln`: spaces between all operands and a line feed at the end.
    static func printLine(_ values: [Value]) -> String {
        values.map { text(of: $0) }.joined(separator: " ") + "\n"
    }

    /// Go's `Sprintf`. What is wrong with the format stands in the result, as in `%!d(string=hi)`.
    static func format(_ format: String, _ values: [Value]) -> String {
        var run = FormatRun(format: Array(format.unicodeScalars), values: values)
        return run.result()
    }
}

extension Value {
    fileprivate var isString: Bool {
        if case .string = self { true } else { false }
    }
}

/// One pass over a format.
private struct FormatRun {
    let format: [Unicode.Scalar]
    let values: [Value]
    private var position = 0
    private var next = 0
    /// Whether the format chooses its operands with `%[n]d`; then some may stay unused.
    private var choosesAny = false
    private var choiceIsGood = true
    private var afterChoice = false
    private var output = String.UnicodeScalarView()

    init(format: [Unicode.Scalar], values: [Value]) {
        self.format = format
        self.values = values
    }

    private var current: Unicode.Scalar? {
        position < format.count ? format[position] : nil
    }

    mutating func result() -> String {
        while let scalar = current {
            position += 1
            if scalar == "%" { writeVerb() } else { output.append(scalar) }
        }
        if !choosesAny, next < values.count {
            let extra = values[next...].map { $0 == .null ? "<nil>" : "\($0.goType)=\(Printf.text(of: $0))" }
            write("%!(EXTRA \(extra.joined(separator: ", ")))")
        }
        return String(output)
    }

    private mutating func write(_ text: String) {
        output.append(contentsOf: text.unicodeScalars)
    }

    private mutating func writeVerb() {
        var verb = readFlags()
        choiceIsGood = true
        afterChoice = false
        readChoice()
        readWidth(&verb)
        readPrecision(&verb)
        if !afterChoice { readChoice() }
        guard let letter = current else {
            write("%!(NOVERB)")
            return
        }
        position += 1
        verb.letter = letter
        switch letter {
        case "%": write("%")
        case _ where !choiceIsGood: write("%!\(letter)(BADINDEX)")
        case _ where next >= values.count: write("%!\(letter)(MISSING)")
        default:
            write(verb.format(values[next]))
            next += 1
        }
    }

    private mutating func readFlags() -> Verb {
        var verb = Verb()
        while let scalar = current {
            switch scalar {
            case "#": verb.sharp = true
            case "0": verb.zero = true
            case "+": verb.plus = true
            case "-": verb.minus = true
            case " ": verb.space = true
            default: return verb
            }
            position += 1
        }
        return verb
    }

    private mutating func readWidth(_ verb: inout Verb) {
        if current == "*" {
            position += 1
            if let width = takeNumber() {
                verb.width = abs(width)
                if width < 0 { verb.minus = true }
            } else {
                write("%!(BADWIDTH)")
            }
            afterChoice = false
            return
        }
        verb.width = readNumber()
        if afterChoice, verb.width != nil { choiceIsGood = false }
    }

    private mutating func readPrecision(_ verb: inout Verb) {
        guard current == "." else { return }
        position += 1
        if afterChoice { choiceIsGood = false }
        readChoice()
        if current == "*" {
            position += 1
            let precision = takeNumber()
            if precision == nil { write("%!(BADPREC)") }
            // A negative precision counts as none.
            verb.precision = precision.flatMap { $0 < 0 ? nil : $0 }
            if let precision, precision < 0 { write("%!(BADPREC)") }
            afterChoice = false
        } else {
            verb.precision = readNumber() ?? 0
        }
    }

    /// Reads digits; nil if there are none or the number is too large, which as in Go spoils the rest of the format.
    private mutating func readNumber() -> Int? {
        var number: Int?
        while let scalar = current, ("0"..."9").contains(scalar) {
            number = (number ?? 0) * 10 + Int(scalar.value - 48)
            if let value = number, value > Printf.maxWidth {
                position = format.count
                return nil
            }
            position += 1
        }
        return number
    }

    /// Reads `[n]`, which chooses the operand that is next.
    private mutating func readChoice() {
        guard current == "[" else { return }
        choosesAny = true
        guard let end = format[position...].firstIndex(of: "]") else {
            choiceIsGood = false
            position += 1
            return
        }
        position += 1
        let number = readNumber()
        let isWhole = position == end
        position = end + 1
        guard isWhole, let number, (1...values.count + 1).contains(number), number <= values.count else {
            choiceIsGood = false
            return
        }
        next = number - 1
        afterChoice = true
    }

    /// The next operand as a width or precision; nil if it is none.
    private mutating func takeNumber() -> Int? {
        guard next < values.count else { return nil }
        next += 1
        guard case .int(let int) = values[next - 1], abs(int.clampedToInt) <= Printf.maxWidth else { return nil }
        return Int(int)
    }
}

extension Int64 {
    /// The number within bounds that can be negated.
    fileprivate var clampedToInt: Int {
        Int(clamping: Swift.max(self, -Int64.max))
    }
}
