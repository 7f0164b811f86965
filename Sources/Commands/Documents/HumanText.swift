internal import LinuxSys
internal import OCISpec

/// Durations and sizes in words, as Podman's tables say them.
enum HumanText {
    /// `2 minutes`, `About an hour`, `3 weeks`: how long, from nanoseconds.
    static func duration(_ nanoseconds: Int64) -> String {
        let seconds = nanoseconds / 1_000_000_000
        let minutes = seconds / 60
        let hours = (seconds + 1800) / 3600
        switch seconds {
        case ..<1: return "Less than a second"
        case 1: return "1 second"
        case ..<60: return "\(seconds) seconds"
        default: break
        }
        if minutes == 1 { return "About a minute" }
        if minutes < 60 { return "\(minutes) minutes" }
        if hours == 1 { return "About an hour" }
        if hours < 48 { return "\(hours) hours" }
        if hours < 24 * 7 * 2 { return "\(hours / 24) days" }
        if hours < 24 * 30 * 2 { return "\(hours / 24 / 7) weeks" }
        if hours < 24 * 365 * 2 { return "\(hours / 24 / 30) months" }
        return "\(hours / 24 / 365) years"
    }

    /// `1h 2m 3.00s (Approximately 0.04 days)`, as Podman says how long the host runs, from nanoseconds.
    static func uptime(_ nanoseconds: Int64) -> String {
        let seconds = nanoseconds / 1_000_000_000
        let text = "\(seconds / 3600)h \(seconds / 60 % 60)m \(seconds % 60).00s"
        guard seconds >= 3600 else { return text }
        // Of whole hours, rounded.
        let hundredths = (seconds / 3600 * 100 + 12) / 24
        let fraction = hundredths % 100
        return "\(text) (Approximately \(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) days)"
    }

    /// `1h2m3.5s`, `20ms`: a duration in nanoseconds as Go prints it (time.Duration.String).
    static func goDuration(_ nanoseconds: Int64) -> String {
        if nanoseconds < 0 { return "-\(goDuration(-nanoseconds))" }
        /// A number of units with its fraction, without zeros at its end.
        func decimal(_ value: Int64, per unit: Int64) -> String {
            var fraction = String(value % unit + unit).dropFirst()
            while fraction.last == "0" { fraction.removeLast() }
            return fraction.isEmpty ? "\(value / unit)" : "\(value / unit).\(fraction)"
        }
        switch nanoseconds {
        case 0: return "0s"
        case ..<1000: return "\(nanoseconds)ns"
        case ..<1_000_000: return "\(decimal(nanoseconds, per: 1000))µs"
        case ..<1_000_000_000: return "\(decimal(nanoseconds, per: 1_000_000))ms"
        default: break
        }
        let minutes = nanoseconds / 60_000_000_000
        let seconds = "\(decimal(nanoseconds % 60_000_000_000, per: 1_000_000_000))s"
        if minutes == 0 { return seconds }
        return minutes < 60 ? "\(minutes)m\(seconds)" : "\(minutes / 60)h\(minutes % 60)m\(seconds)"
    }

    /// `2 minutes ago`, of a time in nanoseconds since 1970.
    static func ago(_ time: Int64) -> String {
        "\(duration(Clock.now - time)) ago"
    }

    /// `21.3MB`: as `size`, without a space before the unit.
    static func unitSize(_ bytes: Int64) -> String {
        size(bytes).filter { $0 != " " }
    }

    /// `491.5kB`: bytes in powers of 1000 and four digits, as units.HumanSize of Podman's has them.
    static func exactSize(_ bytes: Int64) -> String { scaled(bytes, by: 1000, ["B", "kB", "MB", "GB", "TB", "PB"]) }

    /// `480KiB`: bytes in powers of 1024 and four digits.
    static func binarySize(_ bytes: Int64) -> String {
        scaled(bytes, by: 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"])
    }

    /// Four digits, without zeros at the end of a fraction, as Go's `%.4g` prints numbers of this size.
    private static func scaled(_ bytes: Int64, by base: Double, _ names: [String]) -> String {
        var value = Double(bytes)
        var units = names[...]
        while value >= base, units.count > 1 {
            value /= base
            units = units.dropFirst()
        }
        let places = value < 10 ? 3 : value < 100 ? 2 : value < 1000 ? 1 : 0
        let scale = [1, 10, 100, 1000][places]
        let digits = Int64((value * Double(scale)).rounded())
        var fraction = String(digits % Int64(scale) + Int64(scale)).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        return "\(digits / Int64(scale))\(fraction.isEmpty ? "" : ".")\(fraction)\(units.first ?? "B")"
    }

    /// `21.3 MB`: bytes in powers of 1000 and three digits.
    static func size(_ bytes: Int64) -> String {
        var value = Double(bytes)
        var units = ["B", "kB", "MB", "GB", "TB", "PB"][...]
        while value >= 1000, units.count > 1 {
            value /= 1000
            units = units.dropFirst()
        }
        let unit = units.first ?? "B"
        if value >= 100 || units.startIndex == 0 { return "\(Int64(value.rounded())) \(unit)" }
        let scale: Double = value >= 10 ? 10 : 100
        let scaled = Int64((value * scale).rounded())
        var fraction = String(scaled % Int64(scale))
        while fraction.count < (scale == 10 ? 1 : 2) { fraction = "0" + fraction }
        while fraction.last == "0" { fraction.removeLast() }
        return fraction.isEmpty ? "\(scaled / Int64(scale)) \(unit)" : "\(scaled / Int64(scale)).\(fraction) \(unit)"
    }

    /// RFC 3339 of a time in nanoseconds since 1970; Go's zero time for nil.
    static func timestamp(_ time: Int64?) -> String {
        time.map { Timestamp(nanoseconds: $0).description } ?? "0001-01-01T00:00:00Z"
    }
}
