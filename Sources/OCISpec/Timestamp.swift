/// A point in time with nanoseconds, as image and runtime documents write it (RFC 3339, section 5.6).
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    public var nanoseconds: Int64

    /// A point in time, in nanoseconds since 1970.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// Parses `2026-11-23T21:46:28.737533775Z`, with any offset; nil for anything else.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[4] == 0x2d, bytes[7] == 0x2d, bytes[13] == 0x3a, bytes[16] == 0x3a,
            bytes[10] == 0x54 || bytes[10] == 0x74 || bytes[10] == 0x20,
            let year = Timestamp.number(bytes[0..<4]), let month = Timestamp.number(bytes[5..<7]),
            let day = Timestamp.number(bytes[8..<10]), let hour = Timestamp.number(bytes[11..<13]),
            let minute = Timestamp.number(bytes[14..<16]), let second = Timestamp.number(bytes[17..<19]),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        var rest = bytes[19...]
        var fraction: Int64 = 0
        if rest.first == 0x2e {
            let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
            guard !digits.isEmpty else { return nil }
            var scale: Int64 = 100_000_000
            for digit in digits.prefix(9) {
                fraction += Int64(digit - 0x30) * scale
                scale /= 10
            }
            rest = rest.dropFirst(1 + digits.count)
        }
        guard let offset = Timestamp.offset(rest) else { return nil }
        let days = Timestamp.days(year: year, month: month, day: day)
        let seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return nil }
        nanoseconds = product + fraction
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    private static func offset(_ text: ArraySlice<UInt8>) -> Int64? {
        if text.count == 1, text.first == 0x5a || text.first == 0x7a { return 0 }
        let bytes = Array(text)
        guard bytes.count == 6, bytes[0] == 0x2b || bytes[0] == 0x2d, bytes[3] == 0x3a,
            let hours = number(bytes[1..<3]), let minutes = number(bytes[4..<6])
        else { return nil }
        return (hours * 3600 + minutes * 60) * (bytes[0] == 0x2d ? -1 : 1)
    }

    /// Days from 1970-01-01 to a date of the Gregorian calendar.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146097 + dayOfEra - 719468
    }

    /// The parts of the date and time in UTC.
    public var components:
        (year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64, nanosecond: Int64)
    {
        let (whole, fraction) = Timestamp.floorDivide(nanoseconds, 1_000_000_000)
        let (dayNumber, secondOfDay) = Timestamp.floorDivide(whole, 86400)
        let shifted = dayNumber + 719468
        let (era, dayOfEra) = Timestamp.floorDivide(shifted, 146097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1,
            secondOfDay / 3600, secondOfDay / 60 % 60, secondOfDay % 60, fraction
        )
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> (Int64, Int64) {
        let remainder = value % divisor
        return remainder < 0 ? (value / divisor - 1, remainder + divisor) : (value / divisor, remainder)
    }

    /// RFC 3339 in UTC, the fraction without its last zeros: `2024-01-01T00:00:00Z`.
    public var description: String {
        "\(date)\(fraction)Z"
    }

    private var fraction: String {
        let nanosecond = components.nanosecond
        guard nanosecond != 0 else { return "" }
        var digits = String(nanosecond)
        digits = String(repeating: "0", count: 9 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return "." + digits
    }

    private var date: String {
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let parts = components
        let year = String(parts.year)
        let padded = String(repeating: "0", count: max(0, 4 - year.count)) + year
        return
            "\(padded)-\(two(parts.month))-\(two(parts.day))T\(two(parts.hour)):\(two(parts.minute)):\(two(parts.second))"
    }

    /// Earlier is less.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}
