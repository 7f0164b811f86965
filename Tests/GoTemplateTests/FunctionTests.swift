import Testing

@Suite struct FunctionTests {
    @Test("A function gives what it gives in Go", arguments: cases)
    func matches(_ example: Case) {
        #expect(example.outcome == example.expected)
    }

    static let cases = [
        Case(#"{{and 1 0 2}} {{and 1 2}} {{or 0 "" "x"}} {{or 0 ""}} {{and true}} {{or nil 1}}"#, "0 2 x  true 1"),
        Case("{{or true (index .Names 99)}} {{and false (index .Names 99)}}", "true false"),
        Case(#"{{0 | and 1}} {{1 | or 0}} {{not 0}} {{not "x"}} {{not .Labels.zz}}"#, "0 1 true false true"),
        Case(
            #"{{eq 1 1}} {{eq 1 2}} {{eq 1 2 3 1}} {{eq "a" "b" "a"}} {{eq 1.5 1.5}} {{eq true true}} "#
                + #"{{ne 1 2}} {{ne "a" "a"}}"#,
            "true false true true true true true false"),
        Case(
            #"{{eq .State .State}} {{eq .Labels.zz "a"}} {{eq .Labels.zz .Labels.zz}} {{eq .Any.n "#
                + #"nil}}"#,
            "true false true true"),
        Case(
            #"{{lt 1 2}} {{lt 2 1}} {{le 2 2}} {{gt 2 1}} {{ge 1 2}} {{lt "a" "b"}} {{lt 1.5 2.5}} "#
                + #"{{gt "b" "a"}} {{ge 2 2}}"#,
            "true false true true false true true true true"),
        Case(
            #"{{len .Names}} {{len .Labels}} {{len .Name}} {{len "é"}} {{len .Empty}} {{len .NilMap}}"#,
            "2 3 3 2 0 0"),
        Case(
            #"{{index .Names 0}} {{index .Labels "a"}} {{index .Labels "zz"}}| {{index .Name 0}} "#
                + #"{{index .Any "zz"}} {{index .Any "n"}} {{index .NilMap "a"}}|"#,
            "web one | 119 <no value> <no value> |"),
        Case(#"{{index (index .Any "l") 1}} {{index .Any "l" 0}} {{index .Names}}"#, "q p [web www]"),
        Case(
            "{{slice .Name 1}} {{slice .Name 1 2}} {{slice .Names 1}} {{slice .Names}} {{slice .Names "
                + "0 1 2}} {{slice .Name}} {{slice .ID 0 12}}",
            "eb e [www] [web www] [web] web 0123456789ab"),
        Case(
            #"{{print 1 2}} {{print "a" 1 2 "b"}} {{print "a" "b"}} {{print}} {{println "a" "#
                + #"1}}{{println}}{{print 1 .Names nil true}}"#,
            #"1 2 a1 2b ab  a 1\#n\#n1 [web www] <nil> true"#),
        Case(
            #"{{html "<a b='c'>\"&\x00"}} {{.Text | html}} {{html 1 2}}"#,
            #"&lt;a b=&#39;c&#39;&gt;&#34;&amp;� &lt;a href=&#34;x&#34;&gt;Tom &amp; "#
                + #"&#39;Jerry&#39;&lt;/a&gt; = é\#n 1 2"#),
        Case(
            #"{{js .Text}} {{js "a'b\\c\u2028\x01"}}"#,
            #"\u003Ca href\u003D\"x\"\u003ETom \u0026 \'Jerry\'\u003C/a\u003E \u003D é\u000A "#
                + #"a\'b\\c\u2028\u0001"#),
        Case(#"{{urlquery "a b&c/é~-_."}} {{urlquery 1 "x"}}"#, "a+b%26c%2F%C3%A9~-_. 1x"),
        Case(
            "{{json .Name}} {{json .Names}} {{json .Labels}} {{json .Health}} {{json .NilList}} {{json "
                + ".NilMap}} {{json .Empty}}",
            #""web" ["web","www"] {"a":"one","b":"two","io.x/y":"z<&>"} null null null []"#),
        Case(
            "{{json .}}",
            #"{"Id":"0123456789abcdef","Name":"web","Running":true,"Pid":42,"Ratio":0.25,"Names":["web"#
                + #"","www"],"Labels":{"a":"one","b":"two","io.x/y":"z<&>"},"Any":{"f":1.5,"i":7,"l":["p","q"#
                + #""],"n":null,"s":"x"},"Ports":[{"Id":"p1","count":80,"size":1.5,"next":null},{"Id":"p2",""#
                + #"count":443,"next":null}],"State":{"Id":"s","count":3,"size":2.5,"next":null},"Health":nu"#
                + #"ll,"NilMap":null,"NilList":null,"Empty":[],"Text":"<a href=\"x\">Tom & 'Jerry'</a> = "#
                + #"é\n"}"#),
        Case(
            #"{{json .Text}} {{json "a\u2028\x01\t\x7f\b\f/"}} {{json .Ratio}} {{json 1e21}} {{json "#
                + #"1e-7}} {{json 100000000.0}} {{json 0.000001}} {{json nil}} {{json true}}"#,
            #""<a href=\"x\">Tom & 'Jerry'</a> = é\n" "a\u2028\u0001\t\#u{7f}\u0008\u000c/" 0.25 "#
                + #"1e+21 1e-7 100000000 0.000001 null true"#),
        Case(
            "{{json .State}} {{json .Ports}}",
            #"{"Id":"s","count":3,"size":2.5,"next":null} "#
                + #"[{"Id":"p1","count":80,"size":1.5,"next":null},{"Id":"p2","count":443,"next":null}]"#),
        Case(
            #"{{lower "AbÉ"}} {{upper "abéß"}} {{title "the quick-brown fox_x o'neil ünder"}}"#,
            "abé ABÉß The Quick-Brown Fox_x O'Neil Ünder"),
        Case(
            #"{{join .Names ","}} {{join .Empty ","}} {{join .NilList ","}} {{join .Any.l "+"}} "#
                + #"{{split "a,b,c" ","}} {{len (split "" ",")}} {{split "abc" ""}}"#,
            "web,www   p+q [a b c] 1 [a b c]"),
        Case(
            #"[{{pad "x" 2 3}}] [{{pad "" 2 3}}] {{truncate "abcdef" 3}} {{truncate "ab" 3}} {{.ID | "#
                + #"printf "%.5s"}} {{truncate .ID 12}}"#,
            "[  x   ] [] abc ab 01234 0123456789ab"),
        Case(
            #"{{printf "%s" .Labels.zz}} {{printf "%v" .Labels.zz}} {{print .Labels.zz}}"#,
            "%!s(<nil>) <nil> <nil>"),
        Case(#"{{len (printf "%c" 233)}}"#, "2"),
    ]
}
