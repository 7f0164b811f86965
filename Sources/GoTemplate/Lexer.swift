/// Splits a template into tokens. The last token is the end or an error.
struct Lexer {
    private let input: [UInt8]
    private var start = 0
    private var position = 0
    /// The line that `start` is in.
    private var line = 1
    private var openParentheses = 0
    private var tokens: [Token] = []

    static func tokens(of text: String) -> [Token] {
        var lexer = Lexer(input: Array(text.utf8))
        while lexer.scanText(), lexer.scanAction() {}
        return lexer.tokens
    }

    private init(input: [UInt8]) {
        self.input = input
    }

    // MARK: Text

    /// Reads up to an action and its left delimiter; false at the end and on an error.
    private mutating func scanText() -> Bool {
        while true {
            guard let delimiter = find("{{", from: position) else {
                position = input.count
                if position > start { emit(.text) }
                emit(.end)
                return false
            }
            let trims = byte(delimiter + 2) == UInt8(ascii: "-") && isSpace(byte(delimiter + 3))
            position = delimiter
            if trims {
                while position > start, isSpace(byte(position - 1)) { position -= 1 }
            }
            if position > start { emit(.text) }
            position = delimiter
            skip()
            let content = delimiter + (trims ? 4 : 2)
            guard !hasPrefix("/*", at: content) else {
                position = content
                guard scanComment() else { return false }
                continue
            }
            position = delimiter + 2
            emit(.leftDelimiter)
            position = content
            skip()
            openParentheses = 0
            return true
        }
    }

    private mutating func scanComment() -> Bool {
        guard let end = find("*/", from: position + 2) else { return fail("unclosed comment") }
        position = end + 2
        guard let trims = rightDelimiter() else { return fail("comment ends before closing delimiter") }
        position += trims ? 4 : 2
        skip()
        if trims { skipSpace() }
        return true
    }

    // MARK: Actions

    /// Reads the inside of an action and its right delimiter; false on an error.
    private mutating func scanAction() -> Bool {
        while true {
            if let trims = rightDelimiter() {
                guard openParentheses == 0 else { return fail("unclosed left paren") }
                position += trims ? 4 : 2
                emit(.rightDelimiter)
                if trims { skipSpace() }
                return true
            }
            guard let scalar = scalar() else { return fail("unclosed action") }
            guard scanToken(scalar) else { return false }
        }
    }

    /// Reads one token that starts with the scalar; false on an error.
    private mutating func scanToken(_ first: Unicode.Scalar) -> Bool {
        switch first {
        case " ", "\t", "\r", "\n":
            // The space before a trimming delimiter is a part of it.
            while isSpace(byte(position)), rightDelimiter() == nil { position += 1 }
            emit(.space)
        case "=": emitOne(.assign)
        case "|": emitOne(.pipe)
        case ",": emitOne(.comma)
        case ":":
            guard byte(position + 1) == UInt8(ascii: "=") else { return fail("expected :=") }
            position += 2
            emit(.declare)
        case "\"": return scanQuoted(.string, name: "quoted string")
        case "'": return scanQuoted(.characterConstant, name: "character constant")
        case "`":
            guard let end = find("`", from: position + 1) else { return fail("unterminated raw quoted string") }
            position = end + 1
            emit(.rawString)
        case "$": return scanName(.variable)
        case "." where !isDigit(byte(position + 1)): return scanName(.field)
        case ".", "+", "-", "0"..."9": return scanNumber()
        case "(":
            openParentheses += 1
            emitOne(.leftParenthesis)
        case ")":
            openParentheses -= 1
            emitOne(.rightParenthesis)
            // The parser refuses the token before it comes to the error.
            if openParentheses < 0 { return fail("unexpected right paren") }
        case _ where first.isWord: return scanName(.identifier)
        case "!"..."~": emitOne(.character)
        default: return fail("unrecognized character in action: \(Quote.codePoint(first))")
        }
        return true
    }

    /// Reads an identifier, or a field or variable with its sign.
    private mutating func scanName(_ kind: Token.Kind) -> Bool {
        let begin = position
        if kind != .identifier { position += 1 }
        while let scalar = scalar(), scalar.isWord { position += scalar.utf8.count }
        if let scalar = scalar(), !endsWord(scalar) { return fail("bad character \(Quote.codePoint(scalar))") }
        switch kind {
        case .field where position == begin + 1: emit(.dot)
        case .identifier:
            let word = String(decoding: input[start..<position], as: UTF8.self)
            if word == "true" || word == "false" {
                emit(.bool)
            } else {
                emit(Token.Keyword(rawValue: word).map { .keyword($0) } ?? .identifier)
            }
        default: emit(kind)
        }
        return true
    }

    private func endsWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " ", "\t", "\r", "\n", ".", ",", "|", ":", ")", "(": true
        default: rightDelimiter() != nil
        }
    }

    private mutating func scanNumber() -> Bool {
        if byte(position) == UInt8(ascii: "+") || byte(position) == UInt8(ascii: "-") { position += 1 }
        var digits = "0123456789_"
        if byte(position) == UInt8(ascii: "0") {
            position += 1
            switch byte(position) | 0x20 {
            case UInt8(ascii: "x"): digits = "0123456789abcdefABCDEF_"
            case UInt8(ascii: "o"): digits = "01234567_"
            case UInt8(ascii: "b"): digits = "01_"
            default: position -= 1
            }
            position += 1
        }
        accept(digits)
        if byte(position) == UInt8(ascii: ".") {
            position += 1
            accept(digits)
        }
        let exponent = digits.utf8.count > 12 ? UInt8(ascii: "p") : UInt8(ascii: "e")
        if byte(position) | 0x20 == exponent, digits.utf8.count >= 11 {
            position += 1
            if byte(position) == UInt8(ascii: "+") || byte(position) == UInt8(ascii: "-") { position += 1 }
            accept("0123456789_")
        }
        if let scalar = scalar(), scalar.isWord {
            position += scalar.utf8.count
            return fail("bad number syntax: \(Quote.quoted(String(decoding: input[start..<position], as: UTF8.self)))")
        }
        emit(.number)
        return true
    }

    private mutating func scanQuoted(_ kind: Token.Kind, name: String) -> Bool {
        let quote = byte(position)
        position += 1
        while position < input.count, byte(position) != UInt8(ascii: "\n") {
            let current = byte(position)
            position += 1
            if current == quote {
                emit(kind)
                return true
            }
            if current == UInt8(ascii: "\\") {
                guard position < input.count, byte(position) != UInt8(ascii: "\n") else { break }
                position += 1
            }
        }
        return fail("unterminated \(name)")
    }

    // MARK: Bytes

    private mutating func emitOne(_ kind: Token.Kind) {
        position += 1
        emit(kind)
    }

    private mutating func emit(_ kind: Token.Kind) {
        let text = String(decoding: input[start..<position], as: UTF8.self)
        tokens.append(Token(kind: kind, text: text, position: start, line: line))
        skip()
    }

    /// Passes over what was read since the last token.
    private mutating func skip() {
        for byte in input[start..<position] where byte == UInt8(ascii: "\n") { line += 1 }
        start = position
    }

    /// Adds the error as the last token. Always false.
    private mutating func fail(_ message: String) -> Bool {
        tokens.append(Token(kind: .error, text: message, position: start, line: line))
        return false
    }

    /// Whether an action ends here, and if so whether it trims the text behind it.
    private func rightDelimiter() -> Bool? {
        if hasPrefix("}}", at: position) { return false }
        if isSpace(byte(position)), hasPrefix("-}}", at: position + 1) { return true }
        return nil
    }

    private mutating func skipSpace() {
        while isSpace(byte(position)) { position += 1 }
        skip()
    }

    private mutating func accept(_ set: String) {
        while position < input.count, set.utf8.contains(byte(position)) { position += 1 }
    }

    /// The byte at the offset, zero outside of the template.
    private func byte(_ offset: Int) -> UInt8 {
        input.indices.contains(offset) ? input[offset] : 0
    }

    private func hasPrefix(_ prefix: String, at offset: Int) -> Bool {
        prefix.utf8.enumerated().allSatisfy { byte(offset + $0.offset) == $0.element }
    }

    private func find(_ text: String, from offset: Int) -> Int? {
        let pattern = Array(text.utf8)
        guard let first = pattern.first, offset < input.count else { return nil }
        return input.indices[offset...].first { index in
            input[index] == first && input[index...].starts(with: pattern)
        }
    }

    /// The scalar at the current position.
    private func scalar() -> Unicode.Scalar? {
        guard position < input.count else { return nil }
        if input[position] < 0x80 { return Unicode.Scalar(input[position]) }
        return String(decoding: input[position..<min(position + 4, input.count)], as: UTF8.self).unicodeScalars.first
    }

    private func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\n")
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

extension Unicode.Scalar {
    var utf8: String.UTF8View { String(self).utf8 }

    /// Whether the scalar can be in a name: a letter, a decimal digit or an underscore.
    var isWord: Bool {
        if isASCII { return isLetterOrDigit || self == "_" }
        return isLetterOrDigit
    }

    /// Go's `unicode.IsLetter` or `unicode.IsDigit`.
    var isLetterOrDigit: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber: true
        default: false
        }
    }
}
