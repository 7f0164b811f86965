import Testing

@Suite struct TextTests {
    @Test("A template keeps its text and trims it where it is told to", arguments: cases)
    func matches(_ example: Case) {
        #expect(example.outcome == example.expected)
    }

    static let cases = [
        Case("plain text, no action", "plain text, no action"),
        Case("{{.Name}}", "web"),
        Case(" a {{- .Name -}} b ", " awebb "),
        Case(" a {{.Name}} b ", " a web b "),
        Case(#"a\#n{{- .Name -}}\#n b"#, "awebb"),
        Case(#"{{- "x" -}}"#, "x"),
        Case("x {{- /* gone */ -}} y", "xy"),
        Case("x {{/* gone */}} y", "x  y"),
        Case("{{/* a */}}{{/* b */}}c", "c"),
        Case(#"{{"{{"}} and {{`}}`}}"#, "{{ and }}"),
        Case("a{{ - 3 }}", #"template: format:1: illegal number syntax: "-""#),
        Case("{{-3}}", "-3"),
        Case("{{- 3}}", "3"),
        Case("{{3 -}} x", "3x"),
        Case("{ } }} { {{1}}}", "{ } }} { 1}"),
        Case("{{.Name}}{{.ID}}", "web0123456789abcdef"),
        Case(#"{{\#n.Name\#n}}"#, "web"),
        Case(#"{{ .Name\#t}}"#, "web"),
        Case(#"{{.Name -}}\#n\#n\#r\#n x"#, "webx"),
        Case(#"x\#r\#n{{- .Name}}"#, "xweb"),
    ]
}
