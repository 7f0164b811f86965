import Testing

@Suite struct ExpressionTests {
    @Test("An expression gives the value and print of Go", arguments: cases)
    func matches(_ example: Case) {
        #expect(example.outcome == example.expected)
    }

    static let cases = [
        Case("{{.State.ID}} {{.State.Count}}", "s 3"),
        Case("{{$.Name}} {{with .State}}{{.Count}} {{$.Pid}}{{end}}", "web 3 42"),
        Case(
            "{{.}}",
            #"{0123456789abcdef web true 42 0.25 [web www] map[a:one b:two io.x/y:z<&>] map[f:1.5 i:7 "#
                + #"l:[p q] n:<nil> s:x] [{p1 80 1.5 <nil>} {p2 443 0 <nil>}] {s 3 2.5 <nil>} <nil> map[] "#
                + #"[] [] <a href="x">Tom & 'Jerry'</a> = é\#n}"#),
        Case("{{.State}}", "{s 3 2.5 <nil>}"),
        Case("{{.Ports}}", "[{p1 80 1.5 <nil>} {p2 443 0 <nil>}]"),
        Case("{{.Labels}}", "map[a:one b:two io.x/y:z<&>]"),
        Case("{{.Any}}", "map[f:1.5 i:7 l:[p q] n:<nil> s:x]"),
        Case("{{.Health}} {{.NilMap}} {{.NilList}} {{.Empty}}", "<nil> map[] [] []"),
        Case("{{.Labels.a}} {{.Labels.zz}}", "one <no value>"),
        Case("{{.Labels.zz.y}}", "<no value>"),
        Case("{{.Any.n}} {{.Any.i}} {{.Any.zz}} {{.Any.l}}", "<no value> 7 <no value> [p q]"),
        Case(#"{{.Status}} {{.Label "a"}} {{.Label "zz"}} {{"b" | .Label}}"#, "Up 2 hours one  two"),
        Case("{{(index .Ports 1).ID}} {{(index .Ports 0).Count}}", "p2 80"),
        Case("{{(.State).Count}} {{((.State)).Count}}", "3 3"),
        Case("{{$x := 1}}{{$x}} {{$x = 2}}{{$x}}", "1 2"),
        Case("{{$x := .State}}{{$x.Count}}", "3"),
        Case("{{$x := 1}}{{if true}}{{$x = 2}}{{$x := 3}}{{$x}}{{end}}{{$x}}", "32"),
        Case("{{$x := .Name | upper}}{{$x}}", "WEB"),
        Case("{{1}} {{-1}} {{+1}} {{0x1F}} {{0b101}} {{0o17}} {{017}} {{1_000}}", "1 -1 1 31 5 15 15 1000"),
        Case(
            "{{1.5}} {{1e3}} {{.5}} {{1e-7}} {{0x1p-2}} {{123456789.0}} {{1e20}} {{100000.0}}",
            "1.5 1000 0.5 1e-07 0.25 1.23456789e+08 1e+20 100000"),
        Case(#"{{'a'}} {{'\n'}} {{'\x41'}} {{'é'}} {{'\''}}"#, "97 10 65 233 39"),
        Case("{{true}} {{false}}", "true false"),
        Case(#"{{"a\tb\"\\\x41\u00e9\101"}}"#, #"a\#tb"\AéA"#),
        Case(#"{{`a\tb`}}"#, #"a\tb"#),
        Case("{{print nil}}", "<nil>"),
        Case(#"{{.Name | printf "%s-%s" "x" | upper}}"#, "X-WEB"),
        Case(#"{{printf "%d" (len .Names)}}"#, "2"),
        Case(#"{{not (eq .Name "x") | printf "%t"}}"#, "true"),
        Case("{{.Ratio}} {{.Pid}} {{.Running}}", "0.25 42 true"),
        Case("{{9223372036854775807}}", "9223372036854775807"),
        Case("{{.Name|upper|lower}}", "web"),
        Case("{{print (.Name)(.ID)}}", #"template: format:1: unexpected "(" in operand"#),
    ]
}
