/// One verb of a `printf` format with its flags, and what it makes of a value. See Go's package `fmt`.
struct Verb {
    var letter: Unicode.Scalar = "v"
    var minus = false
    var plus = false
    var sharp = false
    var space = false
    var zero = false
    /// In characters.
    var width: Int?
    var precision: Int?

    /// The values are the engine's own, yet a bound on their depth costs nothing.
    private static let maxDepth = 500

    func format(_ value: Value) -> String {
        switch letter {
        case "T": return pad(value == .null ? "<nil>" : value.goType)
        case "p": return bad(value)
        default: return format(value, depth: 0)
        }
    }

    private func format(_ value: Value, depth: Int) -> String {
        guard depth < Verb.maxDepth else { return "..." }
        switch value {
        case .null: return null(depth: depth)
        case .bool(let bool): return letter == "t" || letter == "v" ? pad(bool ? "true" : "false") : bad(value)
        case .int(let int): return format(int) ?? bad(value)
        case .double(let double): return format(double) ?? bad(value)
        case .string(let string): return format(string) ?? bad(value)
        case .array(let array):
            let open = sharp && letter == "v" ? "\(value.goType){" : "["
            return list(array.map { format($0, depth: depth + 1) }, open: open, close: open == "[" ? "]" : "}")
        case .object(let object):
            // Of a nil slice or map the text is only brackets, which Go does not pad.
            if let text = object.text, object.kind == .map { return text }
            if let text = object.text, let result = format(own: text) { return result }
            return format(object, depth: depth)
        }
    }

    private func null(depth: Int) -> String {
        switch letter {
        case "v": pad(sharp && depth > 0 ? "interface {}(nil)" : "<nil>")
        case _ where depth > 0: "<nil>"
        default: "%!\(letter)(<nil>)"
        }
    }

    /// What the object's `String` method gives, for the verbs that call it.
    private func format(own text: String) -> String? {
        letter == "v" ? sharp ? text : pad(text) : format(text)
    }

    private func format(_ object: Object, depth: Int) -> String {
        let named = letter == "v" && (plus || sharp) || object.kind == .map
        let members = object.printedFields.map { field in
            let text = format(field.value, depth: depth + 1)
            guard named else { return text }
            let name = object.kind == .map ? format(.string(field.name), depth: depth + 1) : field.name
            return name + ":" + text
        }
        if sharp, letter == "v" { return list(members, open: object.goType + "{", close: "}") }
        return object.kind == .map
            ? list(members, open: "map[", close: "]") : list(members, open: "{", close: "}")
    }

    private func list(_ members: [String], open: String, close: String) -> String {
        open + members.joined(separator: sharp && letter == "v" ? ", " : " ") + close
    }

    /// The verb does not fit the value.
    private func bad(_ value: Value) -> String {
        var plain = self
        plain.letter = "v"
        return "%!\(letter)(\(value.goType)=\(plain.format(value)))"
    }

    func pad(_ text: String, zero: Bool? = nil) -> String {
        let missing = (width ?? 0) - text.unicodeScalars.count
        guard missing > 0 else { return text }
        if minus { return text + String(repeating: " ", count: missing) }
        return String(repeating: zero ?? self.zero ? "0" : " ", count: missing) + text
    }

    // MARK: Strings

    private func format(_ string: String) -> String? {
        switch letter {
        case "v": return pad(sharp ? Quote.quoted(string) : truncated(string))
        case "s": return pad(truncated(string))
        case "q": return pad(quoted(truncated(string)))
        case "x", "X": return pad(hexadecimal(string))
        default: return nil
        }
    }

    private func truncated(_ string: String) -> String {
        guard let precision else { return string }
        return String(String.UnicodeScalarView(string.unicodeScalars.prefix(precision)))
    }

    private func quoted(_ string: String) -> String {
        // With `#` Go uses backquotes where the text can stand in them.
        let fitsRaw = string.unicodeScalars.allSatisfy { ($0 >= " " || $0 == "\t") && $0 != "`" && $0 != "\u{7F}" }
        return sharp && fitsRaw ? "`\(string)`" : Quote.quoted(string)
    }

    private func hexadecimal(_ string: String) -> String {
        let upper = letter == "X"
        let prefix = sharp ? "0\(letter)" : ""
        let bytes = string.utf8.prefix(precision ?? .max).map {
            String($0, radix: 16, uppercase: upper).leftPadded(to: 2)
        }
        if bytes.isEmpty { return "" }
        return space ? bytes.map { prefix + $0 }.joined(separator: " ") : prefix + bytes.joined()
    }

    // MARK: Numbers

    private func format(_ int: Int64) -> String? {
        switch letter {
        case "d", "v": return integer(int, radix: 10)
        case "b": return integer(int, radix: 2, prefix: sharp ? "0b" : "")
        case "o": return integer(int, radix: 8, prefix: sharp ? "0" : "")
        case "O": return integer(int, radix: 8, prefix: "0o")
        case "x", "X": return integer(int, radix: 16, prefix: sharp ? "0\(letter)" : "")
        case "c": return pad(String(scalar(int)))
        case "q": return pad(Quote.quoted(scalar(int)))
        case "U":
            let digits = String(int.magnitude, radix: 16, uppercase: true).leftPadded(to: max(precision ?? 4, 4))
            return pad("U+" + digits + (sharp ? " '\(scalar(int))'" : ""), zero: false)
        default: return nil
        }
    }

    /// What stands before a number that is not negative; in `%+v` the plus asks for the names of fields.
    private var sign: String {
        plus && letter != "v" ? "+" : space ? " " : ""
    }

    private func scalar(_ int: Int64) -> Unicode.Scalar {
        UInt32(exactly: int).flatMap { Unicode.Scalar($0) } ?? "\u{FFFD}"
    }

    private func integer(_ int: Int64, radix: Int, prefix: String = "") -> String {
        let sign = int < 0 ? "-" : self.sign
        if precision == 0, int == 0 { return pad("", zero: false) }
        var digits = String(int.magnitude, radix: radix, uppercase: letter == "X")
        if let precision {
            digits = digits.leftPadded(to: precision)
        } else if zero, !minus, let width {
            digits = digits.leftPadded(to: width - sign.utf8.count)
        }
        let shown = prefix == "0" && digits.hasPrefix("0") ? "" : prefix
        return pad(sign + shown + digits, zero: false)
    }

    private func format(_ double: Double) -> String? {
        let text: String
        switch letter {
        case "v", "g": text = FloatText.general(double, precision: precision)
        case "G": text = FloatText.general(double, precision: precision).uppercased()
        case "e": text = FloatText.scientific(double, precision: precision ?? 6)
        case "E": text = FloatText.scientific(double, precision: precision ?? 6).uppercased()
        case "f", "F": text = FloatText.fixed(double, precision: precision ?? 6)
        default: return nil
        }
        guard double.isFinite else { return pad(special(double), zero: false) }
        let isNegative = text.hasPrefix("-")
        let sign = isNegative ? "-" : self.sign
        let digits = isNegative ? String(text.dropFirst()) : text
        guard zero, !minus, let width else { return pad(sign + digits) }
        return sign + digits.leftPadded(to: width - sign.utf8.count)
    }

    private func special(_ double: Double) -> String {
        if double.isNaN { return sign + "NaN" }
        return double < 0 ? "-Inf" : space ? sign + "Inf" : "+Inf"
    }
}
