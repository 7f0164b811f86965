internal import LinuxSys

/// Times as logs and `--since` write them.
public enum LogTime {
    private static let second: Int64 = 1_000_000_000

    /// Reads `--since` or `--until`: an RFC 3339 time or date (UTC where it names no zone), seconds since 1970 with
    /// a fraction or without, or a Go duration, which counts back from now for `--since` and on for `--until`.
    ///
    /// - Returns: nanoseconds since 1970.
    /// - Throws: `RuntimeFailure` for anything else.
    public static func parse(_ text: String, isSince: Bool, now: Int64? = nil) throws(RuntimeFailure) -> Int64 {
        if let seconds = unix(text) { return seconds }
        if let time = parse(rfc3339: Array(text.utf8)[...]) { return time }
        if let duration = duration(text) {
            let now = now ?? Clock.now
            let (sum, overflow) =
                isSince
                ? now.subtractingReportingOverflow(duration) : now.addingReportingOverflow(duration)
            if !overflow { return sum }
        }
        throw RuntimeFailure(
            .invalidArgument,
            "parsing --\(isSince ? "since" : "until") \"\(text)\": unable to interpret time value")
    }

    /// `1136073845` or `1136073845.000000001`.
    private static func unix(_ text: String) -> Int64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let seconds = Int64(parts[0]), parts[0].utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        guard let fraction = parts.count > 1 ? nanoseconds(parts[1].utf8) : 0 else { return nil }
        return combine(seconds, fraction)
    }

    /// The digits of a fraction as nanoseconds; what is smaller is dropped.
    private static func nanoseconds(_ digits: some Sequence<UInt8>) -> Int64? {
        var value: Int64 = 0
        var count = 0
        for digit in digits {
            guard digit >= 48 && digit <= 57 else { return nil }
            if count < 9 { value = value * 10 + Int64(digit - 48) }
            count += 1
        }
        guard count > 0 else { return nil }
        while count < 9 {
            value *= 10
            count += 1
        }
        return value
    }

    private static func combine(_ seconds: Int64, _ nanoseconds: Int64) -> Int64? {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: second)
        let (sum, overflowToo) = product.addingReportingOverflow(nanoseconds)
        return overflow || overflowToo ? nil : sum
    }

    /// Reads a Go duration such as `1h30m`, `1.5s` or `300ms`: nanoseconds (Go, `time.ParseDuration`).
    public static func duration(_ text: String) -> Int64? {
        let units: [(String, Double)] = [
            ("ns", 1), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 6e10), ("h", 3.6e12),
        ]
        var rest = Substring(text)
        let negative = rest.hasPrefix("-")
        if negative || rest.hasPrefix("+") { rest = rest.dropFirst() }
        guard !rest.isEmpty else { return nil }
        if rest == "0" { return 0 }
        var total = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { !($0.isASCII && ($0.isNumber || $0 == ".")) }
            rest = rest.dropFirst(unit.count)
            guard let value = Double(number), let factor = units.first(where: { $0.0 == unit })?.1 else { return nil }
            total += value * factor
        }
        guard total < 9.2e18 else { return nil }
        return negative ? -Int64(total) : Int64(total)
    }

    /// Reads an RFC 3339 time, a time without a zone or seconds, or a date: nanoseconds since 1970.
    static func parse(rfc3339 bytes: ArraySlice<UInt8>) -> Int64? {
        var scanner = TimeScanner(bytes)
        guard let year = scanner.number(4), scanner.skip("-"), let month = scanner.number(2), scanner.skip("-"),
            let day = scanner.number(2), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var seconds = days(year, month, day) * 86400
        if scanner.isAtEnd { return combine(seconds, 0) }
        guard scanner.skip("T"), let hour = scanner.number(2), scanner.skip(":"), let minute = scanner.number(2),
            hour < 24, minute < 60
        else { return nil }
        seconds += hour * 3600 + minute * 60
        var fraction: Int64 = 0
        if scanner.skip(":") {
            guard let second = scanner.number(2), second <= 60 else { return nil }
            seconds += second
            if scanner.skip(".") {
                guard let value = nanoseconds(scanner.digits()) else { return nil }
                fraction = value
            }
        }
        guard let offset = scanner.zone(), scanner.isAtEnd else { return nil }
        return combine(seconds - offset, fraction)
    }

    /// Days since 1970 of a date of the Gregorian calendar; years begin in March here, so that the leap day is last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

/// Reads the parts of a time, front to back.
private struct TimeScanner {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func number(_ digits: Int) -> Int64? {
        guard rest.count >= digits else { return nil }
        var value: Int64 = 0
        for digit in rest.prefix(digits) {
            guard digit >= 48 && digit <= 57 else { return nil }
            value = value * 10 + Int64(digit - 48)
        }
        rest = rest.dropFirst(digits)
        return value
    }

    mutating func digits() -> ArraySlice<UInt8> {
        let found = rest.prefix { $0 >= 48 && $0 <= 57 }
        rest = rest.dropFirst(found.count)
        return found
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Seconds east of UTC; 0 where no zone stands.
    mutating func zone() -> Int64? {
        if isAtEnd || skip("Z") { return 0 }
        let west = rest.first == UInt8(ascii: "-")
        guard skip("+") || skip("-"), let hours = number(2), skip(":"), let minutes = number(2) else { return nil }
        return (hours * 3600 + minutes * 60) * (west ? -1 : 1)
    }
}
