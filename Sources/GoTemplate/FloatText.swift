/// Go's spelling of floating-point numbers, package `strconv`.
enum FloatText {
    /// Decimal digits of a finite number: `0.d₁d₂d₃… × 10^point`, no digits for zero.
    private struct Decimal {
        var digits: [UInt8]
        var point: Int

        /// The digit at that place, zero behind the last.
        func digit(_ index: Int) -> UInt8 {
            digits.indices.contains(index) ? digits[index] : 0
        }

        /// Keeps so many digits; a tie goes to the even one.
        mutating func round(to count: Int) {
            guard count < digits.count else { return }
            guard count >= 0 else {
                digits = []
                return
            }
            let isTie = digits[count] == 5 && count + 1 == digits.count
            let goesUp = isTie ? count > 0 && digits[count - 1] % 2 == 1 : digits[count] >= 5
            digits.removeSubrange(count...)
            if goesUp {
                while digits.last == 9 { digits.removeLast() }
                if let last = digits.popLast() {
                    digits.append(last + 1)
                } else {
                    digits = [1]
                    point += 1
                }
            }
            trim()
        }

        mutating func trim() {
            while digits.last == 0 { digits.removeLast() }
            if digits.isEmpty { point = 0 }
        }
    }

    /// `%f`
    static func fixed(_ value: Double, precision: Int) -> String {
        guard value.isFinite else { return special(value) }
        var decimal = exact(value)
        decimal.round(to: decimal.point + precision)
        return sign(value) + fixed(decimal, precision: precision)
    }

    /// `%e`
    static func scientific(_ value: Double, precision: Int) -> String {
        guard value.isFinite else { return special(value) }
        var decimal = exact(value)
        decimal.round(to: precision + 1)
        return sign(value) + scientific(decimal, precision: precision)
    }

    /// `%g`; without a precision the fewest digits that name the number.
    static func general(_ value: Double, precision: Int?) -> String {
        guard value.isFinite else { return special(value) }
        var decimal = precision == nil ? shortest(value) : exact(value)
        var limit = 6
        if let precision {
            let wanted = max(precision, 1)
            decimal.round(to: wanted)
            limit =
                wanted > decimal.digits.count && decimal.digits.count >= decimal.point
                ? decimal.digits.count : wanted
        }
        let exponent = decimal.digits.isEmpty ? 0 : decimal.point - 1
        if exponent < -4 || exponent >= limit, !decimal.digits.isEmpty {
            return sign(value) + scientific(decimal, precision: max(decimal.digits.count - 1, 0))
        }
        return sign(value) + fixed(decimal, precision: max(decimal.digits.count - decimal.point, 0))
    }

    /// As `encoding/json` writes numbers, which is as JavaScript does; `null` where JSON has no number.
    static func json(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        let decimal = shortest(value)
        let magnitude = value.magnitude
        if magnitude != 0, magnitude < 1e-6 || magnitude >= 1e21 {
            let text = scientific(decimal, precision: decimal.digits.count - 1)
            // Go writes at least two digits of an exponent, JavaScript one.
            let short = text.hasSuffix("e-0\(text.last ?? "0")") ? text.dropLast(2) + text.suffix(1) : text[...]
            return sign(value) + short
        }
        return sign(value) + fixed(decimal, precision: max(decimal.digits.count - decimal.point, 0))
    }

    // MARK: Digits to text

    private static func sign(_ value: Double) -> String {
        value.sign == .minus ? "-" : ""
    }

    private static func special(_ value: Double) -> String {
        value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf"
    }

    private static func text(_ digits: some Sequence<UInt8>) -> String {
        String(decoding: digits.map { $0 + UInt8(ascii: "0") }, as: UTF8.self)
    }

    private static func fixed(_ decimal: Decimal, precision: Int) -> String {
        let whole = decimal.point > 0 ? text((0..<decimal.point).map(decimal.digit)) : "0"
        guard precision > 0 else { return whole }
        return whole + "." + text((0..<precision).map { decimal.digit(decimal.point + $0) })
    }

    private static func scientific(_ decimal: Decimal, precision: Int) -> String {
        let exponent = decimal.digits.isEmpty ? 0 : decimal.point - 1
        let fraction = precision > 0 ? "." + text((1...precision).map(decimal.digit)) : ""
        let digits = String(exponent.magnitude).leftPadded(to: 2)
        return text([decimal.digit(0)]) + fraction + "e" + (exponent < 0 ? "-" : "+") + digits
    }

    // MARK: Number to digits

    /// The fewest digits that name the number, which are those that Swift prints.
    private static func shortest(_ value: Double) -> Decimal {
        let parts = value.magnitude.description.split(separator: "e")
        let mantissa = parts.first ?? "0"
        let whole = mantissa.prefix { $0 != "." }
        let digits = mantissa.utf8.filter { $0 != UInt8(ascii: ".") }.map { $0 - UInt8(ascii: "0") }
        let zeros = digits.prefix { $0 == 0 }.count
        let exponent = parts.count > 1 ? Int(parts[1].filter { $0 != "+" }) ?? 0 : 0
        var decimal = Decimal(digits: Array(digits.dropFirst(zeros)), point: whole.utf8.count - zeros + exponent)
        decimal.trim()
        return decimal
    }

    /// All digits of the number: it is an integer times a power of two, and so of ten.
    private static func exact(_ value: Double) -> Decimal {
        guard value != 0 else { return Decimal(digits: [], point: 0) }
        let bits = value.significandBitPattern | (value.isNormal ? 1 << 52 : 0)
        let power = (value.isNormal ? Int(value.exponentBitPattern) : 1) - 1075
        // Limbs of nine decimal digits, the lowest first.
        var limbs: [UInt64] = [bits % 1_000_000_000, bits / 1_000_000_000]
        // A negative power of two is a power of five with the point moved: 2⁻ᵏ = 5ᵏ × 10⁻ᵏ.
        for _ in 0..<abs(power) { multiply(&limbs, by: power > 0 ? 2 : 5) }
        var digits: [UInt8] = []
        for limb in limbs.reversed() {
            digits += String(limb).leftPadded(to: 9).utf8.map { $0 - UInt8(ascii: "0") }
        }
        let zeros = digits.prefix { $0 == 0 }.count
        let point = digits.count - zeros + min(power, 0)
        var decimal = Decimal(digits: Array(digits.dropFirst(zeros)), point: point)
        decimal.trim()
        return decimal
    }

    private static func multiply(_ limbs: inout [UInt64], by factor: UInt64) {
        var carry: UInt64 = 0
        for index in limbs.indices {
            let product = limbs[index] * factor + carry
            limbs[index] = product % 1_000_000_000
            carry = product / 1_000_000_000
        }
        if carry > 0 { limbs.append(carry) }
    }
}
