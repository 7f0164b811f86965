import GoTemplate
import Testing

/// Templates that are made to break the engine.
@Suite struct HostileTests {
    private static func nested(_ open: String, _ inner: String, _ close: String, times: Int) -> String {
        String(repeating: open, count: times) + inner + String(repeating: close, count: times)
    }

    @Test(
        "Nesting is read up to 100 levels and refused beyond", arguments: ["{{if true}}", "{{range 1}}", "{{with 1}}"])
    func boundsNesting(open: String) throws {
        #expect(try Template(Self.nested(open, "x", "{{end}}", times: 100)).render(true) == "x")
        let error = #expect(throws: TemplateError.self) { try Template(Self.nested(open, "x", "{{end}}", times: 101)) }
        #expect(error?.message == "template: format:1: nested deeper than 100 levels")
    }

    @Test("Parentheses are read up to 100 levels and refused beyond")
    func boundsParentheses() throws {
        #expect(try Template("{{" + Self.nested("(", "1", ")", times: 100) + "}}").render(true) == "1")
        #expect(throws: TemplateError.self) { try Template("{{" + Self.nested("(", "1", ")", times: 101) + "}}") }
        #expect(throws: TemplateError.self) { try Template("{{" + String(repeating: "(", count: 100_000)) }
    }

    @Test(
        "A template that calls itself for ever is ended",
        arguments: ["{{template \"t\" .}}", "{{template \"t\" print .}}"])
    func boundsCalls(call: String) throws {
        let template = try Template("{{define \"t\"}}\(call)x{{end}}{{template \"t\" 1}}")
        let error = #expect(throws: TemplateError.self) { try template.render(true) }
        #expect(error?.message.hasSuffix("exceeded maximum template depth (1000)") == true)
    }

    @Test("Calls within nested structures and parentheses do not use up the stack")
    func boundsWholeDepth() throws {
        let call = "{{template \"t\" " + Self.nested("(", ".", ")", times: 9) + "}}"
        let body = Self.nested("{{if true}}{{range 1}}{{with 1}}", call, "{{end}}{{end}}{{end}}", times: 30)
        let template = try Template("{{define \"t\"}}\(body){{end}}{{template \"t\" 1}}")
        let error = #expect(throws: TemplateError.self) { try template.render(true) }
        #expect(error?.message.hasSuffix("exceeded maximum template depth (1000)") == true)
    }

    @Test("Calls may be 1000 deep")
    func allowsManyCalls() throws {
        let text =
            "{{define \"t\"}}{{if gt (len .) 1}}{{template \"t\" (slice . 1)}}{{else}}end{{end}}{{end}}{{template \"t\" .}}"
        #expect(try Template(text).render(.string(String(repeating: "x", count: 1000))) == "end")
    }

    @Test(
        "Large numbers neither trap nor take memory",
        arguments: [
            (#"{{index .Names 9223372036854775807}}"#, "index out of range: 9223372036854775807"),
            (#"{{index .Names -9223372036854775808}}"#, "index out of range: -9223372036854775808"),
            (#"{{slice .Name 9223372036854775807}}"#, "index out of range: 9223372036854775807"),
            (#"{{pad .Name 9223372036854775807 1}}"#, "padding must be from 0 to 1000000, not 9223372036854775807"),
            (#"{{pad .Name -1 1}}"#, "padding must be from 0 to 1000000, not -1"),
            (#"{{truncate .Name -1}}"#, "length must not be negative, but is -1"),
            (#"{{printf "%1000001d" 1}}"#, "%!(NOVERB)%!(EXTRA int=1)"),
            (#"{{printf "%.1000001f" 1.0}}"#, "%!(NOVERB)%!(EXTRA float64=1)"),
            (#"{{printf "%*d" 9223372036854775807 1}}"#, "%!(BADWIDTH)1"),
            (#"{{printf "%*d" -9223372036854775808 1}}"#, "%!(BADWIDTH)1"),
            (#"{{printf "%.*f" -9223372036854775808 1.0}}"#, "%!(BADPREC)1.000000"),
            (#"{{printf "%[99999999999999999999]d" 1}}"#, "%!d(BADINDEX)"),
            (
                #"{{printf "%d %x %b" -9223372036854775808 -9223372036854775808 0}}"#,
                "-9223372036854775808 -8000000000000000 0"
            ),
            (#"{{printf "%c%c%q" -1 1114112 55296}}"#, "\u{FFFD}\u{FFFD}'\u{FFFD}'"),
            (#"{{range 9223372036854775807}}{{break}}{{end}}done"#, "done"),
            (#"{{range -9223372036854775808}}x{{else}}none{{end}}"#, "none"),
        ])
    func survivesLargeNumbers(template: String, ending: String) {
        #expect(Case(template, ending).outcome.hasSuffix(ending))
    }

    @Test("A printf of the greatest width is made")
    func printsGreatestWidth() throws {
        #expect(try Template(#"{{len (printf "%1000000d" 1)}}"#).render(true) == "1000000")
    }

    @Test("Names in the data are never read as templates")
    func leavesDataAlone() throws {
        #expect(try Template("{{.}}{{json .}}").render("{{.X}}") == "{{.X}}\"{{.X}}\"")
    }

    @Test("A template of megabytes is read in one go")
    func readsLargeTemplate() throws {
        let text = String(repeating: "text {{.}} {{- /* note */ -}} \n", count: 20_000)
        #expect(try Template(text).render("v").utf8.count == 20_000 * 6)
    }

    @Test("Strings that Unicode calls equal but Go does not stay apart")
    func comparesBytes() throws {
        let data = Value.map([("e\u{301}", 1), ("\u{E9}", 2)])
        #expect(
            try Template("{{len .}} {{index . \"\u{E9}\"}} {{eq \"e\u{301}\" \"\u{E9}\"}}").render(data) == "2 2 false")
    }

    @Test("Carriage returns before line feeds do not hide either")
    func readsCarriageReturns() throws {
        #expect(try Template("a\r\n{{.}}\r\n{{- .}}").render("\r\n") == "a\r\n\r\n\r\n")
        let error = #expect(throws: TemplateError.self) { try Template("\r\n\r\n{{.") }
        #expect(error?.message == "template: format:3: unclosed action")
    }
}
