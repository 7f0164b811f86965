import Testing

@Suite struct ControlTests {
    @Test("A control structure does what it does in Go", arguments: cases)
    func matches(_ example: Case) {
        #expect(example.outcome == example.expected)
    }

    static let cases = [
        Case("{{if .Running}}up{{else}}down{{end}}", "up"),
        Case("{{if .Health}}a{{else if .NilList}}b{{else if eq .Pid 42}}c{{else}}d{{end}}", "c"),
        Case(
            #"{{if 0}}a{{end}}{{if 1}}b{{end}}{{if ""}}c{{end}}{{if "x"}}d{{end}}{{if "#
                + #"0.0}}e{{end}}{{if .Empty}}f{{end}}{{if .Labels}}g{{end}}{{if .State}}h{{end}}{{if "#
                + #".Labels.zz}}i{{end}}"#,
            "bdgh"),
        Case("{{if $x := .Name}}{{$x}}{{else}}{{$x}}-{{end}}", "web"),
        Case("{{with .Name}}<{{.}}>{{end}}", "<web>"),
        Case("{{with .Health}}a{{else}}b{{end}}", "b"),
        Case("{{with $x := .State}}{{$x.Count}}{{.Count}}{{end}}", "33"),
        Case("{{range .Names}}{{.}},{{end}}", "web,www,"),
        Case("{{range $i, $n := .Names}}{{$i}}={{$n}} {{end}}", "0=web 1=www "),
        Case("{{range $n := .Names}}{{$n}}{{end}}", "webwww"),
        Case("{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "a=one;b=two;io.x/y=z<&>;"),
        Case("{{range .Labels}}{{.}} {{end}}", "one two z<&> "),
        Case("{{range .Empty}}x{{else}}none{{end}}", "none"),
        Case("{{range .NilList}}x{{else}}none{{end}}", "none"),
        Case("{{range .NilMap}}x{{else}}none{{end}}", "none"),
        Case("{{range .Labels.zz}}x{{else}}none{{end}}", "none"),
        Case("{{range .Ports}}{{.ID}}:{{.Count}} {{$.Name}} {{end}}", "p1:80 web p2:443 web "),
        Case(#"{{range .Names}}{{if eq . "www"}}{{break}}{{end}}{{.}}{{end}}"#, "web"),
        Case(#"{{range .Names}}{{if eq . "web"}}{{continue}}{{end}}{{.}}{{end}}"#, "www"),
        Case(
            #"{{range $i, $p := .Ports}}{{range $.Names}}{{if eq . "#
                + #""www"}}{{break}}{{end}}{{$i}}{{.}}{{end}}{{end}}"#,
            "0web1web"),
        Case(#"{{$s := ""}}{{range .Names}}{{$s = printf "%s%s" $s .}}{{end}}{{$s}}"#, "webwww"),
        Case(#"{{$i := 0}}{{$n := ""}}{{range $i, $n = .Names}}{{end}}{{$i}}{{$n}}"#, "1www"),
        Case(#"{{$n := ""}}{{range $n = .Names}}{{end}}{{$n}}"#, "www"),
        Case(#"{{define "t"}}[{{.}}]{{end}}{{template "t" .Name}}{{template "t"}}"#, "[web][<no value>]"),
        Case(#"{{template "t" 1}}{{define "t"}}<{{.}}{{$}}>{{end}}"#, "<11>"),
        Case(#"{{block "b" .State}}{{.Count}}{{end}}"#, "3"),
        Case(#"{{define "a"}}{{template "b" .}}!{{end}}{{define "b"}}{{.Name}}{{end}}{{template "a" .}}"#, "web!"),
        Case(#"{{define "x"}} {{end}}{{define "x"}}y{{end}}{{template "x"}}"#, "y"),
        Case(#"{{define "x"}}y{{end}}{{define "x"}} {{end}}{{template "x"}}"#, "y"),
        Case(
            #"{{define "l"}}{{if gt (len .) 1}}{{slice . 0 1}}-{{template "l" (slice . "#
                + #"1)}}{{else}}{{.}}{{end}}{{end}}{{template "l" .Name}}"#,
            "w-e-b"),
        Case("{{if and .Running (gt .Pid 1)}}y{{end}}", "y"),
        Case(#"{{- range .Names}}\#n{{.}}\#n{{- end}}"#, #"\#nweb\#nwww"#),
    ]
}
