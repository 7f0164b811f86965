import Testing

@Suite struct ExecuteErrorTests {
    @Test("A template that does not fit its data fails with the message of Go", arguments: cases)
    func matches(_ example: Case) {
        #expect(example.outcome == example.expected)
    }

    static let cases = [
        Case(
            "{{.Nope}}",
            #"template: format:1:2: executing "format" at <.Nope>: can't evaluate field Nope in type "#
                + #"main.Data"#),
        Case(
            "abc {{.Nope}}",
            #"template: format:1:6: executing "format" at <.Nope>: can't evaluate field Nope in type "#
                + #"main.Data"#),
        Case(
            #"a\#nb {{.State.Nope}}"#,
            #"template: format:2:10: executing "format" at <.State.Nope>: can't evaluate field Nope "#
                + #"in type main.Inner"#),
        Case(
            "{{.Name.Nope}}",
            #"template: format:1:7: executing "format" at <.Name.Nope>: can't evaluate field Nope in "#
                + #"type string"#),
        Case(
            "{{.Pid.X}}",
            #"template: format:1:6: executing "format" at <.Pid.X>: can't evaluate field X in type int"#),
        Case(
            "{{.Names.X}}",
            #"template: format:1:8: executing "format" at <.Names.X>: can't evaluate field X in type "#
                + #"[]string"#),
        Case(
            "{{.Running.X}}",
            #"template: format:1:10: executing "format" at <.Running.X>: can't evaluate field X in "#
                + #"type bool"#),
        Case(
            "{{$x := .State}}{{$x.Nope}}",
            #"template: format:1:20: executing "format" at <$x.Nope>: can't evaluate field Nope in "#
                + #"type main.Inner"#),
        Case(
            "{{(index .Ports 0).Nope}}",
            #"template: format:1:16: executing "format" at <0>: can't evaluate field Nope in type "#
                + #"main.Inner"#),
        Case(
            #"{{.Name "x"}}"#,
            #"template: format:1:2: executing "format" at <.Name>: Name has arguments but cannot be "#
                + #"invoked as function"#),
        Case(
            #"{{.Labels.a "x"}}"#,
            #"template: format:1:9: executing "format" at <.Labels.a>: a is not a method but has "#
                + #"arguments"#),
        Case(
            #"{{"x" | .Name}}"#,
            #"template: format:1:8: executing "format" at <.Name>: Name has arguments but cannot be "#
                + #"invoked as function"#),
        Case(
            #"{{"a" "b"}}"#,
            #"template: format:1:2: executing "format" at <"a">: can't give argument to non-function "#
                + #""a""#),
        Case("{{1 2}}", #"template: format:1:2: executing "format" at <1>: can't give argument to non-function 1"#),
        Case(
            "{{(.Name) 1}}",
            #"template: format:1:2: executing "format" at <(.Name) 1>: can't give argument to "#
                + #"non-function .Name"#),
        Case(
            "{{index .Names 5}}",
            #"template: format:1:2: executing "format" at <index .Names 5>: error calling index: "#
                + #"index out of range: 5"#),
        Case(
            "{{index .Names -1}}",
            #"template: format:1:2: executing "format" at <index .Names -1>: error calling index: "#
                + #"index out of range: -1"#),
        Case(
            #"{{index .Names "x"}}"#,
            #"template: format:1:2: executing "format" at <index .Names "x">: error calling index: "#
                + #"cannot index slice/array with type string"#),
        Case(
            "{{index .Name 9}}",
            #"template: format:1:2: executing "format" at <index .Name 9>: error calling index: index "#
                + #"out of range: 9"#),
        Case(
            "{{index .Names nil}}",
            #"template: format:1:2: executing "format" at <index .Names nil>: error calling index: "#
                + #"cannot index slice/array with nil"#),
        Case(
            "{{index .Labels 1}}",
            #"template: format:1:2: executing "format" at <index .Labels 1>: error calling index: "#
                + #"value has type int; should be string"#),
        Case(
            "{{index .Labels nil}}",
            #"template: format:1:2: executing "format" at <index .Labels nil>: error calling index: "#
                + #"value is nil; should be of type string"#),
        Case(
            "{{index nil 1}}",
            #"template: format:1:2: executing "format" at <index nil 1>: error calling index: index "#
                + #"of untyped nil"#),
        Case(
            "{{index .Pid 1}}",
            #"template: format:1:2: executing "format" at <index .Pid 1>: error calling index: can't "#
                + #"index item of type int"#),
        Case(
            "{{index .Labels.zz 1}}",
            #"template: format:1:2: executing "format" at <index .Labels.zz 1>: error calling index: "#
                + #"index of untyped nil"#),
        Case(
            "{{slice .Name 5}}",
            #"template: format:1:2: executing "format" at <slice .Name 5>: error calling slice: index "#
                + #"out of range: 5"#),
        Case(
            "{{slice .Name 2 1}}",
            #"template: format:1:2: executing "format" at <slice .Name 2 1>: error calling slice: "#
                + #"invalid slice index: 2 > 1"#),
        Case(
            "{{slice .Names 0 1 2 3}}",
            #"template: format:1:2: executing "format" at <slice .Names 0 1 2 3>: error calling "#
                + #"slice: too many slice indexes: 4"#),
        Case(
            "{{slice .Name 0 1 2}}",
            #"template: format:1:2: executing "format" at <slice .Name 0 1 2>: error calling slice: "#
                + #"cannot 3-index slice a string"#),
        Case(
            "{{slice .Pid 1}}",
            #"template: format:1:2: executing "format" at <slice .Pid 1>: error calling slice: can't "#
                + #"slice item of type int"#),
        Case(
            "{{slice nil}}",
            #"template: format:1:2: executing "format" at <slice nil>: error calling slice: slice of "#
                + #"untyped nil"#),
        Case(
            "{{len .Pid}}",
            #"template: format:1:2: executing "format" at <len .Pid>: error calling len: len of type "#
                + #"int"#),
        Case(
            "{{len .State}}",
            #"template: format:1:2: executing "format" at <len .State>: error calling len: len of "#
                + #"type main.Inner"#),
        Case(
            "{{eq 1}}",
            #"template: format:1:2: executing "format" at <eq 1>: error calling eq: missing argument "#
                + #"for comparison"#),
        Case(
            #"{{eq 1 "a"}}"#,
            #"template: format:1:2: executing "format" at <eq 1 "a">: error calling eq: incompatible "#
                + #"types for comparison"#),
        Case(
            "{{eq 1 1.5}}",
            #"template: format:1:2: executing "format" at <eq 1 1.5>: error calling eq: incompatible "#
                + #"types for comparison"#),
        Case(
            "{{eq .Names .Names}}",
            #"template: format:1:2: executing "format" at <eq .Names .Names>: error calling eq: "#
                + #"non-comparable type [web www]: []string"#),
        Case(
            "{{eq .Labels .Labels}}",
            #"template: format:1:2: executing "format" at <eq .Labels .Labels>: error calling eq: "#
                + #"non-comparable type map[a:one b:two io.x/y:z<&>]: map[string]string"#),
        Case(
            #"{{lt 1 "a"}}"#,
            #"template: format:1:2: executing "format" at <lt 1 "a">: error calling lt: incompatible "#
                + #"types for comparison"#),
        Case(
            "{{lt true false}}",
            #"template: format:1:2: executing "format" at <lt true false>: error calling lt: invalid "#
                + #"type for comparison"#),
        Case(
            "{{lt .State .State}}",
            #"template: format:1:2: executing "format" at <lt .State .State>: error calling lt: "#
                + #"invalid type for comparison"#),
        Case(
            "{{lt .Names 1}}",
            #"template: format:1:2: executing "format" at <lt .Names 1>: error calling lt: invalid "#
                + #"type for comparison"#),
        Case(
            "{{lt nil 1}}",
            #"template: format:1:2: executing "format" at <lt nil 1>: error calling lt: invalid type "#
                + #"for comparison"#),
        Case("{{upper 1}}", #"template: format:1:8: executing "format" at <1>: expected string; found 1"#),
        Case(
            "{{upper .Pid}}",
            #"template: format:1:8: executing "format" at <.Pid>: wrong type for value; expected "#
                + #"string; got int"#),
        Case("{{upper nil}}", #"template: format:1:8: executing "format" at <nil>: cannot assign nil to string"#),
        Case(
            "{{upper .Labels.zz}}",
            #"template: format:1:15: executing "format" at <.Labels.zz>: invalid value; expected "#
                + #"string"#),
        Case(
            "{{upper}}",
            #"template: format:1:2: executing "format" at <upper>: wrong number of args for upper: "#
                + #"want 1 got 0"#),
        Case(
            #"{{upper "a" "b"}}"#,
            #"template: format:1:2: executing "format" at <upper>: wrong number of args for upper: "#
                + #"want 1 got 2"#),
        Case(
            #"{{"a" | upper "b"}}"#,
            #"template: format:1:8: executing "format" at <upper>: wrong number of args for upper: "#
                + #"want 1 got 2"#),
        Case(
            #"{{pad "a" "b" 1}}"#,
            #"template: format:1:10: executing "format" at <"b">: expected integer; found "b""#),
        Case(
            #"{{pad "a" 1.5 1}}"#,
            #"template: format:1:10: executing "format" at <1.5>: expected integer; found 1.5"#),
        Case(
            "{{join .Names}}",
            #"template: format:1:2: executing "format" at <join>: wrong number of args for join: want "#
                + #"2 got 1"#),
        Case(
            #"{{join .Name ","}}"#,
            #"template: format:1:7: executing "format" at <.Name>: wrong type for value; expected "#
                + #"[]string; got string"#),
        Case(
            #"{{join "a" ","}}"#,
            #"template: format:1:7: executing "format" at <"a">: can't handle "a" for arg of type "#
                + #"[]string"#),
        Case(
            #"{{join 1 ","}}"#,
            #"template: format:1:7: executing "format" at <1>: can't handle 1 for arg of type []string"#),
        Case(
            "{{truncate .Name .Name}}",
            #"template: format:1:17: executing "format" at <.Name>: wrong type for value; expected "#
                + #"int; got string"#),
        Case(
            "{{printf}}",
            #"template: format:1:2: executing "format" at <printf>: wrong number of args for printf: "#
                + #"want at least 1 got 0"#),
        Case("{{printf 1}}", #"template: format:1:9: executing "format" at <1>: expected string; found 1"#),
        Case(
            "{{printf .Pid}}",
            #"template: format:1:9: executing "format" at <.Pid>: wrong type for value; expected "#
                + #"string; got int"#),
        Case(
            "{{not}}",
            #"template: format:1:2: executing "format" at <not>: wrong number of args for not: want 1 "#
                + #"got 0"#),
        Case(
            "{{and}}",
            #"template: format:1:2: executing "format" at <and>: wrong number of args for and: want "#
                + #"at least 1 got 0"#),
        Case(
            "{{eq}}",
            #"template: format:1:2: executing "format" at <eq>: wrong number of args for eq: want at "#
                + #"least 1 got 0"#),
        Case(
            "{{index}}",
            #"template: format:1:2: executing "format" at <index>: wrong number of args for index: "#
                + #"want at least 1 got 0"#),
        Case(
            "{{range .Name}}x{{end}}",
            #"template: format:1:8: executing "format" at <.Name>: range can't iterate over web"#),
        Case(
            "{{range .State}}x{{end}}",
            #"template: format:1:8: executing "format" at <.State>: range can't iterate over {s 3 2.5 "#
                + #"<nil>}"#),
        Case(
            "{{range .Running}}x{{end}}",
            #"template: format:1:8: executing "format" at <.Running>: range can't iterate over true"#),
        Case(
            #"{{template "nope"}}"#,
            #"template: format:1:11: executing "format" at <{{template "nope"}}>: template "nope" not "#
                + #"defined"#),
        Case(
            #"{{template "nope" .Name}}"#,
            #"template: format:1:11: executing "format" at <{{template "nope" .Name}}>: template "#
                + #""nope" not defined"#),
        Case(
            #"{{define "t"}}{{.Nope}}{{end}}{{template "t" .}}"#,
            #"template: format:1:16: executing "t" at <.Nope>: can't evaluate field Nope in type "#
                + #"main.Data"#),
        Case(
            #"{{define "t"}}\#n  {{.Name.x}}{{end}}{{template "t" .}}"#,
            #"template: format:2:9: executing "t" at <.Name.x>: can't evaluate field x in type string"#),
        Case(
            #"{{block "b" .}}{{.Nope}}{{end}}"#,
            #"template: format:1:17: executing "b" at <.Nope>: can't evaluate field Nope in type "#
                + #"main.Data"#),
        Case("{{nil}}", #"template: format:1:2: executing "format" at <nil>: nil is not a command"#),
        Case("{{nil | print}}", #"template: format:1:2: executing "format" at <nil>: nil is not a command"#),
        Case(
            "{{.Any.n.x}}",
            #"template: format:1:6: executing "format" at <.Any.n.x>: nil pointer evaluating "#
                + #"interface {}.x"#),
        Case(
            "{{.Label}}",
            #"template: format:1:2: executing "format" at <.Label>: wrong number of args for Label: "#
                + #"want 1 got 0"#),
        Case(
            #"{{.Label "a" "b"}}"#,
            #"template: format:1:2: executing "format" at <.Label>: wrong number of args for Label: "#
                + #"want 1 got 2"#),
        Case(
            "{{if .Nope}}{{end}}",
            #"template: format:1:5: executing "format" at <.Nope>: can't evaluate field Nope in type "#
                + #"main.Data"#),
        Case(
            "{{with $x := .Nope}}{{end}}",
            #"template: format:1:13: executing "format" at <.Nope>: can't evaluate field Nope in type "#
                + #"main.Data"#),
        Case(
            #"{{printf "%s" .Nope | upper}}"#,
            #"template: format:1:14: executing "format" at <.Nope>: can't evaluate field Nope in type "#
                + #"main.Data"#),
        Case(
            "{{upper (len .Name)}}",
            #"template: format:1:13: executing "format" at <.Name>: wrong type for value; expected "#
                + #"string; got int"#),
        Case(
            "{{$x := 1}}{{$x.Foo}}",
            #"template: format:1:15: executing "format" at <$x.Foo>: can't evaluate field Foo in type "#
                + #"int"#),
        Case(#"{{"a" | 1}}"#, "template: format:1: non executable command in pipeline stage 2"),
        Case("{{(nil).X}}", #"template: format:1:3: executing "format" at <nil>: nil is not a command"#),
        Case(
            #"{{len 3 | printf "%d"}}"#,
            #"template: format:1:2: executing "format" at <len 3>: error calling len: len of type int"#),
    ]
}
