extension Value {
    /// The value as JSON, by the rules of Go's `encoding/json`.
    ///
    /// Struct fields keep their order, maps are sorted by key. Infinity and NaN, which JSON has not, become `null`.
    ///
    /// - Parameters:
    ///   - indent: what each level is indented by; nil writes all on one line. `podman inspect` uses five spaces.
    ///   - escapeHTML: write `<`, `>` and `&` as `\u003c`, `\u003e` and `\u0026`. Go does so unless told otherwise;
    ///     Podman tells it otherwise in `inspect` and in the template function `json`.
    /// - Returns: the JSON without a line feed at its end.
    public func json(indent: String? = nil, escapeHTML: Bool = false) -> String {
        var writer = JSONWriter(indent: indent, escapeHTML: escapeHTML)
        writer.write(self)
        return writer.output
    }
}

private struct JSONWriter {
    let indent: String?
    let escapeHTML: Bool
    var output = ""
    private var level = 0

    init(indent: String?, escapeHTML: Bool) {
        self.indent = indent
        self.escapeHTML = escapeHTML
    }

    mutating func write(_ value: Value) {
        switch value {
        case .null: output += "null"
        case .bool(let bool): output += bool ? "true" : "false"
        case .int(let int): output += String(int)
        case .double(let double): output += FloatText.json(double)
        case .string(let string): write(string)
        case .array(let array):
            open("[")
            for (index, element) in array.enumerated() {
                separate(first: index == 0)
                write(element)
            }
            close("]", empty: array.isEmpty)
        case .object(let object): write(object)
        }
    }

    private mutating func write(_ object: Object) {
        if let json = object.json {
            write(json)
            return
        }
        open("{")
        var isEmpty = true
        for field in object.fields {
            guard let name = field.jsonName else { continue }
            let value = field.value
            if field.omitEmpty, value.isOmitted { continue }
            separate(first: isEmpty)
            write(name)
            output += indent == nil ? ":" : ": "
            write(value)
            isEmpty = false
        }
        close("}", empty: isEmpty)
    }

    private mutating func open(_ bracket: String) {
        output += bracket
        level += 1
    }

    private mutating func separate(first: Bool) {
        if !first { output += "," }
        breakLine()
    }

    private mutating func close(_ bracket: String, empty: Bool) {
        level -= 1
        if !empty { breakLine() }
        output += bracket
    }

    private mutating func breakLine() {
        guard let indent else { return }
        output += "\n"
        for _ in 0..<level { output += indent }
    }

    private mutating func write(_ string: String) {
        output += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case "<", ">", "&":
                if escapeHTML { escape(scalar) } else { output.unicodeScalars.append(scalar) }
            case "\u{0}"..<" ": escape(scalar)
            // JavaScript takes these two for line ends, so Go escapes them always.
            case "\u{2028}", "\u{2029}": escape(scalar)
            default: output.unicodeScalars.append(scalar)
            }
        }
        output += "\""
    }

    private mutating func escape(_ scalar: Unicode.Scalar) {
        output += "\\u" + String(scalar.value, radix: 16).leftPadded(to: 4)
    }
}

extension Value {
    /// What Go's `omitempty` leaves out: as ``isTrue``, but after a type's own JSON.
    fileprivate var isOmitted: Bool {
        switch self {
        case .object(let object): object.json == .null || !isTrue
        default: !isTrue
        }
    }
}

extension String {
    /// The text with zeros in front, up to that many characters.
    func leftPadded(to width: Int) -> String {
        String(repeating: "0", count: max(0, width - utf8.count)) + self
    }
}
