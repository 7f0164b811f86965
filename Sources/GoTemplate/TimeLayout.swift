/// Writes a time by a layout of Go's `time.Format`: an example of how the second of January 2006, 15:04:05, looks.
struct TimeLayout {
    private let time: TimeParts

    init(_ time: TimeParts) {
        self.time = time
    }

    /// A piece of a layout that stands for a part of the time.
    private struct Element {
        var pattern: String
        var write: @Sendable (TimeParts) -> String

        init(_ pattern: String, _ write: @escaping @Sendable (TimeParts) -> String) {
            self.pattern = pattern
            self.write = write
        }
    }

    /// Longer patterns before those that they begin with.
    private static let elements: [Element] = [
        Element("January") { $0.monthName }, Element("Jan") { String($0.monthName.prefix(3)) },
        Element("Monday") { $0.weekdayName }, Element("Mon") { String($0.weekdayName.prefix(3)) },
        Element("MST") { _ in "UTC" },
        Element("2006") { padded($0.year, 4) }, Element("002") { padded($0.yearDay, 3) },
        Element("__2") { padded($0.yearDay, 3, with: " ") }, Element("01") { padded($0.month, 2) },
        Element("02") { padded($0.day, 2) }, Element("03") { padded(halfDay($0), 2) },
        Element("04") { padded($0.minute, 2) }, Element("05") { padded($0.second, 2) },
        Element("06") { padded($0.year % 100, 2) }, Element("_2006") { "_" + padded($0.year, 4) },
        Element("_2") { padded($0.day, 2, with: " ") }, Element("15") { padded($0.hour, 2) },
        Element("1") { String($0.month) }, Element("2") { String($0.day) }, Element("3") { String(halfDay($0)) },
        Element("4") { String($0.minute) }, Element("5") { String($0.second) },
        Element("PM") { $0.hour >= 12 ? "PM" : "AM" }, Element("pm") { $0.hour >= 12 ? "pm" : "am" },
        Element("-07:00:00") { _ in "+00:00:00" }, Element("-070000") { _ in "+000000" },
        Element("-07:00") { _ in "+00:00" }, Element("-0700") { _ in "+0000" }, Element("-07") { _ in "+00" },
        Element("Z07:00:00") { _ in "Z" }, Element("Z070000") { _ in "Z" }, Element("Z07:00") { _ in "Z" },
        Element("Z0700") { _ in "Z" }, Element("Z07") { _ in "Z" },
    ]

    func text(_ layout: String) -> String {
        var output = ""
        var rest = layout[...]
        while let first = rest.first {
            if let (fraction, after) = fraction(rest) {
                output += fraction
                rest = after
            } else if let element = Self.elements.first(where: { Self.begins(rest, with: $0.pattern) }) {
                output += element.write(time)
                rest = rest.dropFirst(element.pattern.count)
            } else {
                output.append(first)
                rest = rest.dropFirst()
            }
        }
        return output
    }

    /// `Jan` and `Mon` at the beginning of a longer word are no month and no day.
    private static func begins(_ layout: Substring, with pattern: String) -> Bool {
        guard layout.hasPrefix(pattern) else { return false }
        guard pattern == "Jan" || pattern == "Mon", let next = layout.dropFirst(3).first else { return true }
        return !("a"..."z").contains(next)
    }

    /// `.000` or `,000`: so many digits of the second's fraction; `.999`: without zeros at its end.
    private func fraction(_ layout: Substring) -> (String, Substring)? {
        guard let point = layout.first, point == "." || point == ",", let digit = layout.dropFirst().first,
            digit == "0" || digit == "9"
        else { return nil }
        let after = layout.dropFirst().drop { $0 == digit }
        if let next = after.first, next.isASCII, next.isNumber { return nil }
        let count = layout.count - after.count - 1
        var digits = String(Self.padded(time.nanosecond, 9).prefix(count))
        digits += String(repeating: "0", count: max(0, count - 9))
        if digit == "9" { while digits.last == "0" { digits.removeLast() } }
        return (digits.isEmpty ? "" : "\(point)\(digits)", after)
    }

    private static func halfDay(_ time: TimeParts) -> Int64 { (time.hour + 11) % 12 + 1 }

    private static func padded(_ number: Int64, _ width: Int, with pad: String = "0") -> String {
        let text = String(number)
        return String(repeating: pad, count: max(0, width - text.utf8.count)) + text
    }
}
