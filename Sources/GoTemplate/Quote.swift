/// Go's quoting of text, from package `strconv`.
enum Quote {
    /// The text in double quotes with Go's escapes.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars { result += escaped(scalar, quote: "\"") }
        return result + "\""
    }

    /// The character in single quotes with Go's escapes.
    static func quoted(_ scalar: Unicode.Scalar) -> String {
        "'" + escaped(scalar, quote: "'") + "'"
    }

    /// The scalar as Go's `%#U` gives it: `U+007B '{'`.
    static func codePoint(_ scalar: Unicode.Scalar) -> String {
        let name = "U+" + String(scalar.value, radix: 16, uppercase: true).leftPadded(to: 4)
        return isPrintable(scalar) ? "\(name) '\(scalar)'" : name
    }

    /// Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the plain space.
    static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar >= " " && scalar <= "~" }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned: return false
        case .spaceSeparator, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }

    private static func escaped(_ scalar: Unicode.Scalar, quote: Unicode.Scalar) -> String {
        if scalar == quote || scalar == "\\" { return "\\\(scalar)" }
        if isPrintable(scalar) { return String(scalar) }
        switch scalar.value {
        case 0x07: return "\\a"
        case 0x08: return "\\b"
        case 0x0C: return "\\f"
        case 0x0A: return "\\n"
        case 0x0D: return "\\r"
        case 0x09: return "\\t"
        case 0x0B: return "\\v"
        case ..<0x20, 0x7F: return "\\x" + String(scalar.value, radix: 16).leftPadded(to: 2)
        case ..<0x10000: return "\\u" + String(scalar.value, radix: 16).leftPadded(to: 4)
        default: return "\\U" + String(scalar.value, radix: 16).leftPadded(to: 8)
        }
    }

    /// The text that a Go literal in double quotes or backquotes stands for; nil if it is not one.
    ///
    /// Bytes that are not UTF-8, which `\xff` can make, become U+FFFD.
    static func unquoted(_ literal: String) -> String? {
        let bytes = Array(literal.utf8)
        guard bytes.count >= 2, let quote = bytes.first, quote == bytes.last else { return nil }
        let inner = bytes[1..<bytes.count - 1]
        if quote == UInt8(ascii: "`") {
            // Go drops carriage returns from raw strings.
            return String(decoding: inner.filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
        }
        guard let text = unescaped(inner, quote: quote) else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    /// The code points between a Go literal's single quotes; nil if they are not well written.
    static func unquotedCharacters(_ literal: String) -> [UInt32]? {
        let bytes = Array(literal.utf8)
        let quote = UInt8(ascii: "'")
        guard bytes.count >= 3, bytes.first == quote, bytes.last == quote else { return nil }
        guard let text = unescaped(bytes[1..<bytes.count - 1], quote: quote) else { return nil }
        // `'\xff'` is the number 255, though no UTF-8.
        if text.count == 1 { return text.map { UInt32($0) } }
        return String(decoding: text, as: UTF8.self).unicodeScalars.map(\.value)
    }

    private static func unescaped(_ bytes: ArraySlice<UInt8>, quote: UInt8) -> [UInt8]? {
        var result: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == quote || byte == UInt8(ascii: "\n") { return nil }
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            guard let letter = rest.popFirst(), let escape = unescaped(letter, &rest, quote: quote) else { return nil }
            result += escape
        }
        return result
    }

    private static func unescaped(_ letter: UInt8, _ rest: inout ArraySlice<UInt8>, quote: UInt8) -> [UInt8]? {
        switch Unicode.Scalar(letter) {
        case "a": return [0x07]
        case "b": return [0x08]
        case "f": return [0x0C]
        case "n": return [0x0A]
        case "r": return [0x0D]
        case "t": return [0x09]
        case "v": return [0x0B]
        case "\\": return [letter]
        case "'", "\"": return letter == quote ? [letter] : nil
        case "x": return number(&rest, digits: 2, radix: 16).flatMap { UInt8(exactly: $0) }.map { [$0] }
        case "u": return number(&rest, digits: 4, radix: 16).flatMap(utf8)
        case "U": return number(&rest, digits: 8, radix: 16).flatMap(utf8)
        case "0"..."7":
            rest = [letter] + rest
            return number(&rest, digits: 3, radix: 8).flatMap { UInt8(exactly: $0) }.map { [$0] }
        default: return nil
        }
    }

    private static func utf8(_ value: UInt32) -> [UInt8]? {
        Unicode.Scalar(value).map { Array(String($0).utf8) }
    }

    private static func number(_ rest: inout ArraySlice<UInt8>, digits: Int, radix: Int) -> UInt32? {
        let text = rest.prefix(digits)
        guard text.count == digits, text.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) else {
            return nil
        }
        rest = rest.dropFirst(digits)
        return UInt32(String(decoding: text, as: UTF8.self), radix: radix)
    }
}
