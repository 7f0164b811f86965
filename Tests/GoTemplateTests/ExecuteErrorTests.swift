import Testing

@Suite struct ExecuteErrorTests {
    @Test("A template that does not fit its data fails with the message of Go", arguments: cases)
    func matches(_ example: Case) {
        #expect(example.outcome == "template: format:" + example.expected)
    }

    static let cases = [
        Case("{{.Nope}}", #"1:2: executing "format" at <.Nope>: can't evaluate field Nope in type main.Data"#),
        Case("abc {{.Nope}}", #"1:6: executing "format" at <.Nope>: can't evaluate field Nope in type main.Data"#),
        Case(
            #"a\#nb {{.State.Nope}}"#,
            #"2:10: executing "format" at <.State.Nope>: can't evaluate field Nope in type main.Inner"#),
        Case("{{.Name.Nope}}", #"1:7: executing "format" at <.Name.Nope>: can't evaluate field Nope in type string"#),
        Case("{{.Pid.X}}", #"1:6: executing "format" at <.Pid.X>: can't evaluate field X in type int"#),
        Case("{{.Names.X}}", #"1:8: executing "format" at <.Names.X>: can't evaluate field X in type []string"#),
        Case("{{.Running.X}}", #"1:10: executing "format" at <.Running.X>: can't evaluate field X in type bool"#),
        Case(
            "{{$x := .State}}{{$x.Nope}}",
            #"1:20: executing "format" at <$x.Nope>: can't evaluate field Nope in type main.Inner"#),
        Case(
            "{{(index .Ports 0).Nope}}",
            #"1:16: executing "format" at <0>: can't evaluate field Nope in type main.Inner"#),
        Case(
            #"{{.Name "x"}}"#,
            #"1:2: executing "format" at <.Name>: Name has arguments but cannot be invoked as function"#),
        Case(#"{{.Labels.a "x"}}"#, #"1:9: executing "format" at <.Labels.a>: a is not a method but has arguments"#),
        Case(
            #"{{"x" | .Name}}"#,
            #"1:8: executing "format" at <.Name>: Name has arguments but cannot be invoked as function"#),
        Case(#"{{"a" "b"}}"#, #"1:2: executing "format" at <"a">: can't give argument to non-function "a""#),
        Case("{{1 2}}", #"1:2: executing "format" at <1>: can't give argument to non-function 1"#),
        Case("{{(.Name) 1}}", #"1:2: executing "format" at <(.Name) 1>: can't give argument to non-function .Name"#),
        Case(
            "{{index .Names 5}}",
            #"1:2: executing "format" at <index .Names 5>: error calling index: index out of range: 5"#),
        Case(
            "{{index .Names -1}}",
            #"1:2: executing "format" at <index .Names -1>: error calling index: index out of range: "#
                + #"-1"#),
        Case(
            #"{{index .Names "x"}}"#,
            #"1:2: executing "format" at <index .Names "x">: error calling index: cannot index "#
                + #"slice/array with type string"#),
        Case(
            "{{index .Name 9}}",
            #"1:2: executing "format" at <index .Name 9>: error calling index: index out of range: 9"#),
        Case(
            "{{index .Names nil}}",
            #"1:2: executing "format" at <index .Names nil>: error calling index: cannot index "#
                + #"slice/array with nil"#),
        Case(
            "{{index .Labels 1}}",
            #"1:2: executing "format" at <index .Labels 1>: error calling index: value has type int; "#
                + #"should be string"#),
        Case(
            "{{index .Labels nil}}",
            #"1:2: executing "format" at <index .Labels nil>: error calling index: value is nil; "#
                + #"should be of type string"#),
        Case(
            "{{index nil 1}}",
            #"1:2: executing "format" at <index nil 1>: error calling index: index of untyped nil"#),
        Case(
            "{{index .Pid 1}}",
            #"1:2: executing "format" at <index .Pid 1>: error calling index: can't index item of "#
                + #"type int"#),
        Case(
            "{{index .Labels.zz 1}}",
            #"1:2: executing "format" at <index .Labels.zz 1>: error calling index: index of untyped "#
                + #"nil"#),
        Case(
            "{{slice .Name 5}}",
            #"1:2: executing "format" at <slice .Name 5>: error calling slice: index out of range: 5"#),
        Case(
            "{{slice .Name 2 1}}",
            #"1:2: executing "format" at <slice .Name 2 1>: error calling slice: invalid slice index: "#
                + #"2 > 1"#),
        Case(
            "{{slice .Names 0 1 2 3}}",
            #"1:2: executing "format" at <slice .Names 0 1 2 3>: error calling slice: too many slice "#
                + #"indexes: 4"#),
        Case(
            "{{slice .Name 0 1 2}}",
            #"1:2: executing "format" at <slice .Name 0 1 2>: error calling slice: cannot 3-index "#
                + #"slice a string"#),
        Case(
            "{{slice .Pid 1}}",
            #"1:2: executing "format" at <slice .Pid 1>: error calling slice: can't slice item of "#
                + #"type int"#),
        Case("{{slice nil}}", #"1:2: executing "format" at <slice nil>: error calling slice: slice of untyped nil"#),
        Case("{{len .Pid}}", #"1:2: executing "format" at <len .Pid>: error calling len: len of type int"#),
        Case(
            "{{len .State}}",
            #"1:2: executing "format" at <len .State>: error calling len: len of type main.Inner"#),
        Case("{{eq 1}}", #"1:2: executing "format" at <eq 1>: error calling eq: missing argument for comparison"#),
        Case(
            #"{{eq 1 "a"}}"#,
            #"1:2: executing "format" at <eq 1 "a">: error calling eq: incompatible types for "#
                + #"comparison"#),
        Case(
            "{{eq 1 1.5}}",
            #"1:2: executing "format" at <eq 1 1.5>: error calling eq: incompatible types for "#
                + #"comparison"#),
        Case(
            "{{eq .Names .Names}}",
            #"1:2: executing "format" at <eq .Names .Names>: error calling eq: non-comparable type "#
                + #"[web www]: []string"#),
        Case(
            "{{eq .Labels .Labels}}",
            #"1:2: executing "format" at <eq .Labels .Labels>: error calling eq: non-comparable type "#
                + #"map[a:one b:two io.x/y:z<&>]: map[string]string"#),
        Case(
            #"{{lt 1 "a"}}"#,
            #"1:2: executing "format" at <lt 1 "a">: error calling lt: incompatible types for "#
                + #"comparison"#),
        Case(
            "{{lt true false}}",
            #"1:2: executing "format" at <lt true false>: error calling lt: invalid type for "#
                + #"comparison"#),
        Case(
            "{{lt .State .State}}",
            #"1:2: executing "format" at <lt .State .State>: error calling lt: invalid type for "#
                + #"comparison"#),
        Case(
            "{{lt .Names 1}}",
            #"1:2: executing "format" at <lt .Names 1>: error calling lt: invalid type for comparison"#),
        Case(
            "{{lt nil 1}}",
            #"1:2: executing "format" at <lt nil 1>: error calling lt: invalid type for comparison"#),
        Case("{{upper 1}}", #"1:8: executing "format" at <1>: expected string; found 1"#),
        Case("{{upper .Pid}}", #"1:8: executing "format" at <.Pid>: wrong type for value; expected string; got int"#),
        Case("{{upper nil}}", #"1:8: executing "format" at <nil>: cannot assign nil to string"#),
        Case("{{upper .Labels.zz}}", #"1:15: executing "format" at <.Labels.zz>: invalid value; expected string"#),
        Case("{{upper}}", #"1:2: executing "format" at <upper>: wrong number of args for upper: want 1 got 0"#),
        Case(
            #"{{upper "a" "b"}}"#,
            #"1:2: executing "format" at <upper>: wrong number of args for upper: want 1 got 2"#),
        Case(
            #"{{"a" | upper "b"}}"#,
            #"1:8: executing "format" at <upper>: wrong number of args for upper: want 1 got 2"#),
        Case(#"{{pad "a" "b" 1}}"#, #"1:10: executing "format" at <"b">: expected integer; found "b""#),
        Case(#"{{pad "a" 1.5 1}}"#, #"1:10: executing "format" at <1.5>: expected integer; found 1.5"#),
        Case("{{join .Names}}", #"1:2: executing "format" at <join>: wrong number of args for join: want 2 got 1"#),
        Case(
            #"{{join .Name ","}}"#,
            #"1:7: executing "format" at <.Name>: wrong type for value; expected []string; got string"#),
        Case(#"{{join "a" ","}}"#, #"1:7: executing "format" at <"a">: can't handle "a" for arg of type []string"#),
        Case(#"{{join 1 ","}}"#, #"1:7: executing "format" at <1>: can't handle 1 for arg of type []string"#),
        Case(
            "{{truncate .Name .Name}}",
            #"1:17: executing "format" at <.Name>: wrong type for value; expected int; got string"#),
        Case(
            "{{printf}}",
            #"1:2: executing "format" at <printf>: wrong number of args for printf: want at least 1 "#
                + #"got 0"#),
        Case("{{printf 1}}", #"1:9: executing "format" at <1>: expected string; found 1"#),
        Case(
            "{{printf .Pid}}",
            #"1:9: executing "format" at <.Pid>: wrong type for value; expected string; got int"#),
        Case("{{not}}", #"1:2: executing "format" at <not>: wrong number of args for not: want 1 got 0"#),
        Case("{{and}}", #"1:2: executing "format" at <and>: wrong number of args for and: want at least 1 got 0"#),
        Case("{{eq}}", #"1:2: executing "format" at <eq>: wrong number of args for eq: want at least 1 got 0"#),
        Case(
            "{{index}}",
            #"1:2: executing "format" at <index>: wrong number of args for index: want at least 1 got "#
                + #"0"#),
        Case("{{range .Name}}x{{end}}", #"1:8: executing "format" at <.Name>: range can't iterate over web"#),
        Case(
            "{{range .State}}x{{end}}",
            #"1:8: executing "format" at <.State>: range can't iterate over {s 3 2.5 <nil>}"#),
        Case("{{range .Running}}x{{end}}", #"1:8: executing "format" at <.Running>: range can't iterate over true"#),
        Case(
            #"{{template "nope"}}"#,
            #"1:11: executing "format" at <{{template "nope"}}>: template "nope" not defined"#),
        Case(
            #"{{template "nope" .Name}}"#,
            #"1:11: executing "format" at <{{template "nope" .Name}}>: template "nope" not defined"#),
        Case(
            #"{{define "t"}}{{.Nope}}{{end}}{{template "t" .}}"#,
            #"1:16: executing "t" at <.Nope>: can't evaluate field Nope in type main.Data"#),
        Case(
            #"{{define "t"}}\#n  {{.Name.x}}{{end}}{{template "t" .}}"#,
            #"2:9: executing "t" at <.Name.x>: can't evaluate field x in type string"#),
        Case(
            #"{{block "b" .}}{{.Nope}}{{end}}"#,
            #"1:17: executing "b" at <.Nope>: can't evaluate field Nope in type main.Data"#),
        Case("{{nil}}", #"1:2: executing "format" at <nil>: nil is not a command"#),
        Case("{{nil | print}}", #"1:2: executing "format" at <nil>: nil is not a command"#),
        Case("{{.Any.n.x}}", #"1:6: executing "format" at <.Any.n.x>: nil pointer evaluating interface {}.x"#),
        Case("{{.Label}}", #"1:2: executing "format" at <.Label>: wrong number of args for Label: want 1 got 0"#),
        Case(
            #"{{.Label "a" "b"}}"#,
            #"1:2: executing "format" at <.Label>: wrong number of args for Label: want 1 got 2"#),
        Case(
            "{{if .Nope}}{{end}}",
            #"1:5: executing "format" at <.Nope>: can't evaluate field Nope in type main.Data"#),
        Case(
            "{{with $x := .Nope}}{{end}}",
            #"1:13: executing "format" at <.Nope>: can't evaluate field Nope in type main.Data"#),
        Case(
            #"{{printf "%s" .Nope | upper}}"#,
            #"1:14: executing "format" at <.Nope>: can't evaluate field Nope in type main.Data"#),
        Case(
            "{{upper (len .Name)}}",
            #"1:13: executing "format" at <.Name>: wrong type for value; expected string; got int"#),
        Case("{{$x := 1}}{{$x.Foo}}", #"1:15: executing "format" at <$x.Foo>: can't evaluate field Foo in type int"#),
        Case(#"{{"a" | 1}}"#, "1: non executable command in pipeline stage 2"),
        Case("{{(nil).X}}", #"1:3: executing "format" at <nil>: nil is not a command"#),
        Case(#"{{len 3 | printf "%d"}}"#, #"1:2: executing "format" at <len 3>: error calling len: len of type int"#),
    ]
}
