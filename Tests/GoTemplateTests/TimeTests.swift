import GoTemplate
import Testing

/// What Go's `time` package prints of the same times.
struct TimeTests {
    private static let time = GoTime(nanoseconds: 1_795_777_267_703_348_400)

    @Test("A time prints as Go prints it, without zeros at the end of its fraction")
    func prints() throws {
        #expect(try rendered("{{.}}") == "2026-11-27 11:01:07.7033484 +0000 UTC")
        #expect(try rendered("{{json .}}") == #""2026-11-27T11:01:07.7033484Z""#)
        #expect(GoTime(nanoseconds: 0).description == "1970-01-01 00:00:00 +0000 UTC")
    }

    @Test("A time that never was is Go's zero time")
    func zero() throws {
        #expect(GoTime(nanoseconds: nil).description == "0001-01-01 00:00:00 +0000 UTC")
        #expect(try Template("{{.IsZero}} {{.Weekday}}").render(GoTime.zero.value) == "true Monday")
        #expect(GoTime.zero.value.json() == #""0001-01-01T00:00:00Z""#)
    }

    @Test(
        "Templates call the methods of a time",
        arguments: [
            ("{{.Year}}-{{.Day}}", "2026-27"), ("{{.Month}} {{.Weekday}}", "November Friday"),
            ("{{.Hour}}:{{.Minute}}:{{.Second}}", "11:1:7"), ("{{.YearDay}}", "331"), ("{{.Unix}}", "1795777267"),
            ("{{.UnixNano}}", "1795777267703348400"), ("{{.IsZero}}", "false"), ("{{.UTC.Year}}", "2026"),
            ("{{if eq .Year 2026}}yes{{end}}", "yes"), (#"{{.Format "2006"}}"#, "2026"),
        ])
    func methods(template: String, text: String) throws {
        #expect(try rendered(template) == text)
    }

    @Test(
        "A layout is an example, as in Go",
        arguments: [
            ("Mon Jan _2 15:04:05 2006", "Fri Nov 27 11:01:07 2026"), ("02/01/06 03:04PM", "27/11/26 11:01AM"),
            ("Monday, January 2, 3:04pm", "Friday, November 27, 11:01am"), ("15.000", "11.703"),
            ("05.999999999", "07.7033484"), ("05,000000000", "07,703348400"), ("2006-002", "2026-331"),
            ("Z07:00 -0700 -07:00 MST", "Z +0000 +00:00 UTC"), ("January Janus Month", "November Janus Month"),
            ("", ""), ("no time", "no time"),
        ])
    func layouts(layout: String, text: String) {
        #expect(Self.time.formatted(layout) == text)
    }

    @Test(
        "Dates are right around leap days and before 1970",
        arguments: [
            (951_782_400, "2000-02-29 Tue"), (951_868_800, "2000-03-01 Wed"), (4_107_542_400, "2100-03-01 Mon"),
            (1_735_603_200, "2024-12-31 Tue"), (-1, "1969-12-31 Wed"), (-2_208_988_800, "1900-01-01 Mon"),
        ])
    func dates(seconds: Int64, text: String) {
        #expect(GoTime(nanoseconds: seconds * 1_000_000_000).formatted("2006-01-02 Mon") == text)
    }

    private func rendered(_ template: String) throws -> String {
        try Template(template).render(Self.time.value)
    }
}
