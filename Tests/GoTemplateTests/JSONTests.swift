import GoTemplate
import Testing

@Suite struct JSONTests {
    @Test(
        "JSON follows the rules of Go",
        arguments: [
            (.null, "null"), (true, "true"), (-7, "-7"), (1.5, "1.5"), (1.0, "1"), ("a", "\"a\""),
            (.int(.min), "-9223372036854775808"),
            (.array([]), "[]"), (.array([1, "a", nil]), #"[1,"a",null]"#), (.map([]), "{}"), (.structure([]), "{}"),
            (.map([("b", 1), ("a", 2), ("B", 3)]), #"{"B":3,"a":2,"b":1}"#),
            (.structure([.init("B", 1), .init("A", 2)]), #"{"B":1,"A":2}"#),
            (.nilMap, "null"), (.nilSlice, "null"),
            (.double(.infinity), "null"), (.double(.nan), "null"), (1e21, "1e+21"), (1e20, "100000000000000000000"),
            (1e-6, "0.000001"), (1e-7, "1e-7"), (-1.5e-10, "-1.5e-10"), (0.0, "0"), (-0.0, "-0"),
        ] as [(Value, String)])
    func writesCompact(value: Value, expected: String) {
        #expect(value.json() == expected)
    }

    @Test(
        "Characters are escaped as Go escapes them",
        arguments: [
            ("\"\\/", #""\"\\/""#), ("\n\r\t", #""\n\r\t""#), ("\u{0}\u{8}\u{C}\u{1F}", #""\u0000\u0008\u000c\u001f""#),
            ("\u{7F}", "\"\u{7F}\""), ("\u{2028}\u{2029}", #""\u2028\u2029""#), ("é😀", "\"é😀\""), ("\r\n", #""\r\n""#),
        ])
    func escapes(text: String, expected: String) {
        #expect(Value.string(text).json() == expected)
        #expect(Value.map([(text, 1)]).json() == "{\(expected):1}")
    }

    @Test("HTML is escaped only where it is asked for")
    func escapesHTML() {
        #expect(Value.string("<a>&").json(escapeHTML: true) == #""\u003ca\u003e\u0026""#)
        #expect(Value.string("<a>&").json(escapeHTML: false) == #""<a>&""#)
    }

    @Test("Empty fields are left out where the struct says so")
    func omitsEmpty() {
        let empty: [Value] = [nil, false, 0, 0.0, "", [], .map([]), .nilMap, .nilSlice]
        let fields = empty.map { Object.Field("F", json: "f", omitEmpty: true, $0) }
        #expect(Value.structure(fields).json() == "{}")
        #expect(Value.structure([.init("F", json: "f", omitEmpty: true, .structure([]))]).json() == #"{"f":{}}"#)
        #expect(Value.structure(empty.map { .init("F", $0) }).json().contains("F"))
    }

    @Test("Indented JSON is that of podman inspect")
    func indents() {
        let value: Value = [
            .structure([
                .init("Id", "a"), .init("List", [1, 2]), .init("None", []), .init("Map", .map([("k", .map([]))])),
            ])
        ]
        let expected = """
            [
                 {
                      "Id": "a",
                      "List": [
                           1,
                           2
                      ],
                      "None": [],
                      "Map": {
                           "k": {}
                      }
                 }
            ]
            """
        #expect(value.json(indent: "     ") == expected)
    }
}
