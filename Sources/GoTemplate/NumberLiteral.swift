/// Go's spelling of numbers: `42`, `0x2a`, `0o52`, `052`, `0b101010`, `1_000`, `4.2`, `42e-1`, `0x1p-2`.
enum NumberLiteral {
    case value(Value)
    case overflow
    case malformed

    static func value(of text: String) -> NumberLiteral {
        let isNegative = text.hasPrefix("-")
        var digits = Substring(text)
        if isNegative || text.hasPrefix("+") { digits = digits.dropFirst() }
        // Go allows an underscore between digits only.
        guard !digits.hasSuffix("_"), !digits.hasPrefix("_"), !digits.contains("__") else { return .malformed }
        let lower = digits.lowercased().filter { $0 != "_" }
        let radix = radix(of: lower)
        if radix != 16, lower.contains(where: { ".e".contains($0) }) || lower.contains("p") {
            return real(lower, isNegative: isNegative)
        }
        if radix == 16, lower.contains("p") || lower.contains(".") { return real(lower, isNegative: isNegative) }
        let number = radix == 10 ? lower : radix == 8 && !lower.hasPrefix("0o") ? lower : String(lower.dropFirst(2))
        guard !number.isEmpty, number.allSatisfy({ $0.hexDigitValue.map { $0 < radix } ?? false }) else {
            // Go's words for an octal number with an 8 or 9.
            return radix == 8 && number.allSatisfy(\.isNumber) ? .overflow : .malformed
        }
        guard let value = Int64((isNegative ? "-" : "") + number, radix: radix) else { return .overflow }
        return .value(.int(value))
    }

    private static func radix(of lower: String) -> Int {
        switch lower.prefix(2) {
        case "0x": 16
        case "0o": 8
        case "0b": 2
        default: lower.hasPrefix("0") && lower.count > 1 ? 8 : 10
        }
    }

    private static func real(_ lower: String, isNegative: Bool) -> NumberLiteral {
        guard let value = Double(lower), value.isFinite else { return .malformed }
        return .value(.double(isNegative ? -value : value))
    }
}
