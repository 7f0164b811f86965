/// A Go `time.Time` in UTC: how it prints, and the methods that a template can call on it.
public struct GoTime: Sendable, Hashable {
    /// Seconds since 1970-01-01T00:00:00Z.
    public let seconds: Int64
    /// Nanoseconds of that second, 0 to 999,999,999.
    public let nanosecond: Int64

    private static let zeroSeconds: Int64 = -62_135_596_800

    /// The time that Go has for one that was never set: the first of January of the year 1.
    public static let zero = GoTime(seconds: zeroSeconds, nanosecond: 0)

    /// A time in nanoseconds since 1970; nil is ``zero``.
    public init(nanoseconds: Int64?) {
        guard let nanoseconds else {
            self = .zero
            return
        }
        let rest = nanoseconds % 1_000_000_000
        let before: Int64 = rest < 0 ? 1 : 0
        self.init(seconds: nanoseconds / 1_000_000_000 - before, nanosecond: rest + before * 1_000_000_000)
    }

    private init(seconds: Int64, nanosecond: Int64) {
        self.seconds = seconds
        self.nanosecond = nanosecond
    }

    /// What a template sees: printed as Go's `String`, in JSON RFC 3339, with the methods of `time.Time`.
    public var value: Value { value(fields: methods + zones) }

    private func value(fields: [Object.Field]) -> Value {
        .object(
            Object(
                kind: .structure, fields: fields, typeName: "time.Time", text: description,
                json: .string(formatted("2006-01-02T15:04:05.999999999Z07:00"))))
    }

    private var methods: [Object.Field] {
        let parts = TimeParts(self)
        func number(_ name: String, _ value: Int64) -> Object.Field { .method(name) { _ in .int(value) } }
        func word(_ name: String, _ text: String, _ number: Int64) -> Object.Field {
            .method(name) { _ in .printed(text, json: .int(number), typeName: "time.\(name)") }
        }
        return [
            number("Year", parts.year), word("Month", parts.monthName, parts.month), number("Day", parts.day),
            number("Hour", parts.hour), number("Minute", parts.minute), number("Second", parts.second),
            number("Nanosecond", nanosecond), number("YearDay", parts.yearDay),
            word("Weekday", parts.weekdayName, parts.weekday), number("Unix", seconds),
            number("UnixMilli", seconds &* 1000 &+ nanosecond / 1_000_000),
            number("UnixMicro", seconds &* 1_000_000 &+ nanosecond / 1000),
            number("UnixNano", seconds &* 1_000_000_000 &+ nanosecond),
            .method("IsZero") { _ in .bool(self == .zero) }, .method("String") { _ in .string(description) },
            .method("Format", parameters: 1) { arguments in
                guard case .string(let layout)? = arguments.first else { return "" }
                return .string(formatted(layout))
            },
        ]
    }

    /// `UTC` and `Local`, which give a time again; containers' times have no other zone.
    private var zones: [Object.Field] {
        ["UTC", "Local"].map { name in .method(name) { _ in value(fields: methods) } }
    }

    /// The time as Go's `Time.Format` writes it, for example with the layout `2006-01-02 15:04`.
    public func formatted(_ layout: String) -> String {
        TimeLayout(TimeParts(self)).text(layout)
    }
}

extension GoTime: CustomStringConvertible {
    /// As Go prints a time: `2024-01-01 00:00:00.5 +0000 UTC`.
    public var description: String { formatted("2006-01-02 15:04:05.999999999 -0700 MST") }
}

/// The date and the time of day of a ``GoTime``.
struct TimeParts {
    let year: Int64
    let month: Int64
    let day: Int64
    let hour: Int64
    let minute: Int64
    let second: Int64
    let nanosecond: Int64
    /// 1 on the first of January.
    let yearDay: Int64
    /// 0 on a Sunday.
    let weekday: Int64

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let secondsOfDay: Int64 = 86400

    init(_ time: GoTime) {
        let late = time.seconds % Self.secondsOfDay
        let secondOfDay = late < 0 ? late + Self.secondsOfDay : late
        // Days since 0001-01-01, of which no time that Go can show comes before.
        let days = (time.seconds - secondOfDay) / Self.secondsOfDay + 719_162
        weekday = (days % 7 + 8) % 7
        // 400 years have 146,097 days, 100 at least 36,524, 4 at least 1,460, and the last of each may be longer.
        var (year, left) = (1 + 400 * (days / 146_097), days % 146_097)
        for (years, length, most) in [(100, 36524, 3), (4, 1461, 24), (1, 365, 3)] as [(Int64, Int64, Int64)] {
            let count = min(left / length, most)
            year += years * count
            left -= length * count
        }
        self.year = year
        yearDay = left + 1
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        var month = 0
        for length in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30] as [Int64] where left >= length {
            left -= length
            month += 1
        }
        self.month = Int64(month) + 1
        day = left + 1
        (hour, minute, second) = (secondOfDay / 3600, secondOfDay / 60 % 60, secondOfDay % 60)
        nanosecond = time.nanosecond
    }

    var monthName: String { Self.months[Int(month) - 1] }
    var weekdayName: String { Self.weekdays[Int(weekday)] }
}
