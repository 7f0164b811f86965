import Testing

@Suite struct PrintfTests {
    @Test("A printf verb prints as in Go", arguments: cases)
    func matches(_ example: Case) {
        #expect(example.outcome == example.expected)
    }

    static let cases = [
        Case(#"{{printf "%d|%5d|%-5d|%05d|%+d|% d" 42 42 42 42 42 42}}"#, "42|   42|42   |00042|+42| 42"),
        Case(
            #"{{printf "%x|%X|%#x|%o|%#o|%O|%b|%c|%q|%U|%#U" 255 255 255 8 8 8 5 65 65 128512 65}}"#,
            "ff|FF|0xff|10|010|0o10|101|A|'A'|U+1F600|U+0041 'A'"),
        Case(
            #"{{printf "%s|%10s|%-10s|%.2s|%5.1s|%q|%x|% x|%X|%#q" "hi" "hi" "hi" "hello" "hello" "#
                + #""a\"b" "hi" "hi" "hi" "a"}}"#,
            #"hi|        hi|hi        |he|    h|"a\"b"|6869|68 69|6869|`a`"#),
        Case(#"{{printf "%-20s|" .Name}}"#, "web                 |"),
        Case(
            #"{{printf "%5.2f|%.0f|%.0f|%f|%8.3f|%-8.1f|%08.3f|%+f" 3.14159 0.5 1.5 2.0 3.14159 "#
                + #"3.14159 -3.14159 1.0}}"#,
            " 3.14|0|2|2.000000|   3.142|3.1     |-003.142|+1.000000"),
        Case(
            #"{{printf "%e|%E|%g|%G|%.3g|%.3e|%g" 123456.789 0.00012 1e6 1e-10 123456.789 1.5 0.1}}"#,
            "1.234568e+05|1.200000E-04|1e+06|1E-10|1.23e+05|1.500e+00|0.1"),
        Case(#"{{printf "%.20f|%.3f|%g|%g" 0.1 2.0005 1e300 5e-324}}"#, "0.10000000000000000555|2.001|1e+300|5e-324"),
        Case(#"{{printf "%t|%v|%T" true false true}}"#, "true|false|bool"),
        Case(
            #"{{printf "%T %T %T %T %T %T" 1 "a" 1.5 nil .Names .Labels}}"#,
            "int string float64 <nil> []string map[string]string"),
        Case(#"{{printf "%v %+v" .State .State}}"#, "{s 3 2.5 <nil>} {ID:s Count:3 Size:2.5 Next:<nil>}"),
        Case(
            #"{{printf "%v %s %d %q" .Names .Names .Names .Names}}"#,
            #"[web www] [web www] [%!d(string=web) %!d(string=www)] ["web" "www"]"#),
        Case(
            #"{{printf "%v|%q|%x" .Labels .Labels .Labels}}"#,
            #"map[a:one b:two io.x/y:z<&>]|map["a":"one" "b":"two" "io.x/y":"z<&>"]|map[61:6f6e65 "#
                + #"62:74776f 696f2e782f79:7a3c263e]"#),
        Case(#"{{printf "%d%%" 50}}"#, "50%"),
        Case(#"{{printf "%!" 1}}"#, "%!!(int=1)"),
        Case(#"{{printf "%z" 1}}"#, "%!z(int=1)"),
        Case(#"{{printf "%d" "x"}}"#, "%!d(string=x)"),
        Case(#"{{printf "%s" 5}}"#, "%!s(int=5)"),
        Case(#"{{printf "%d %d" 1}}"#, "1 %!d(MISSING)"),
        Case(#"{{printf "%d" 1 2}}"#, "1%!(EXTRA int=2)"),
        Case(#"{{printf "%d" 1 "x" 2.5}}"#, "1%!(EXTRA string=x, float64=2.5)"),
        Case(#"{{printf "%"}}"#, "%!(NOVERB)"),
        Case(#"{{printf "%s %d %v" nil nil nil}}"#, "%!s(<nil>) %!d(<nil>) <nil>"),
        Case(#"{{printf "%[2]d %[1]d" 1 2}}"#, "2 1"),
        Case(#"{{printf "%[3]d" 1}}"#, "%!d(BADINDEX)"),
        Case(#"{{printf "%[x]d %d" 1 2}}"#, "%!d(BADINDEX) 1"),
        Case(#"{{printf "%[1]*d|%*d" 5 42}}"#, "   42|%!(BADWIDTH)%!d(MISSING)"),
        Case(#"{{printf "%*d|%-*d|" 5 42 5 42}}"#, "   42|42   |"),
        Case(#"{{printf "%.*f" 2 3.14159}}"#, "3.14"),
        Case(#"{{printf "%9999999999d|" 1}}"#, "%!(NOVERB)%!(EXTRA int=1)"),
        Case(#"{{printf "%.9999999999f|" 1.0}}"#, "%!(NOVERB)%!(EXTRA float64=1)"),
        Case(#"{{printf "%*d" "x" 1}}"#, "%!(BADWIDTH)1"),
        Case(#"{{printf "%5t|%-7t|" true false}}"#, " true|false  |"),
        Case(#"{{printf "%5v|%-5v|" .Names .Names}}"#, "[  web   www]|[web   www  ]|"),
        Case(#"{{printf "%#v %#v %#v" "a" .Names 1.5}}"#, #""a" []string{"web", "www"} 1.5"#),
        Case(#"{{printf "%6.2f%%" .Ratio}}"#, "  0.25%"),
        Case(#"{{printf "%.5d|%8.5d|%.0d|" 42 42 0}}"#, "00042|   00042||"),
        Case(#"{{printf "%05s|%05q" "a" "b"}}"#, #"0000a|00"b""#),
        Case(#"{{printf "é%3sé" "ü"}}"#, "é  üé"),
        Case(#"{{printf "%q" "é\x00\u2028\U0001F600\x7f"}}"#, #""é\x00\u2028😀\x7f""#),
        Case(#"{{printf "%+d|%+.2e|% d|%x" 5 12345.678 -5 -255}}"#, "+5|+1.23e+04|-5|-ff"),
        Case(#"{{printf "no verbs"}}"#, "no verbs"),
        Case(#"{{printf "%v" 1000000.0}}"#, "1e+06"),
    ]
}
