import GoTemplate
import Synchronization
import Testing

/// What Go has no test data for: names in JSON, values that print one way and are another in JSON, methods.
@Suite struct ValueTests {
    private static let created = Value.printed(
        "2026-11-23 21:46:28 +0000 UTC", json: "2026-11-23T21:46:28Z", typeName: "time.Time")

    private static let container = Value.structure(
        [
            .init("ID", json: "Id", "abc"),
            .init("Id2", json: "ID2", "go name first"),
            .init("Other", json: "Id2", "json name second"),
            .init("Created", json: "created", created),
            .init("Labels", json: "labels", .nilMap),
            .init("Mounts", json: "mounts", .nilSlice),
            .init("Hidden", json: nil, "seen by templates only"),
            .method("Status") { _ in "Up 2 hours" },
            .method("Label", parameters: 1) { arguments in arguments[0] },
        ], typeName: "container")

    @Test(
        "A value is found, printed and written as its Go type would be",
        arguments: [
            Case("{{.ID}} {{.Id}}", "abc abc"),
            Case("{{.Id2}} {{.ID2}} {{.Other}}", "go name first go name first json name second"),
            Case("{{.Created}} {{json .Created}} {{printf \"%s %q\" .Created .Created}}", createdText),
            Case("{{.Labels}} {{json .Labels}} {{len .Labels}} {{range .Labels}}x{{else}}-{{end}}", "map[] null 0 -"),
            Case("{{.Mounts}} {{json .Mounts}} {{len .Mounts}} {{range .Mounts}}x{{else}}-{{end}}", "[] null 0 -"),
            Case("{{if .Mounts}}x{{end}}{{join .Mounts \",\"}}{{slice .Mounts 0}}", "[]"),
            Case("{{.Hidden}} {{.Status}} {{.Label \"k\"}}", "seen by templates only Up 2 hours k"),
            Case("{{.}}", "{abc go name first json name second 2026-11-23 21:46:28 +0000 UTC map[] []}"),
            Case(
                "{{json .}}",
                #"{"Id":"abc","ID2":"go name first","Id2":"json name second","created":"2026-11-23T21:46:28Z","#
                    + #""labels":null,"mounts":null}"#),
            Case("{{with 0}}a{{else with 0}}b{{else with 3}}{{.}}{{else}}c{{end}}", "3"),
            Case("{{range 3}}{{.}}{{end}}{{range $i, $n := 2}}{{$i}}{{$n}}{{end}}", "0120011"),
        ])
    func behavesAsGoType(_ example: Case) throws {
        #expect(try Template(example.template).render(Self.container) == example.expected)
    }

    @Test func aTypesFieldsAreFoundWhenTheyAreAskedForAndNotBefore() throws {
        let asked = Mutex<[Int]>([])
        let type = StructureType("row", fields: [("Size", "Size"), ("ID", "Id"), ("Hidden", nil)])
        let value = type.value { number in
            asked.withLock { $0.append(number) }
            return ["12", "abc", "seen by templates only"][number]
        }
        #expect(try Template("{{.ID}} {{.Id}} {{.Hidden}}").render(value) == "abc abc seen by templates only")
        #expect(asked.withLock { $0 } == [1, 1, 2])
        #expect(try Template("{{json .}} {{.}}").render(value) == #"{"Size":"12","Id":"abc"} {12 abc}"#)
        let error = #expect(throws: TemplateError.self) { try Template("{{.Nothing}}").render(value) }
        #expect(error?.message.hasSuffix("can't evaluate field Nothing in type row") == true)
    }

    private static let createdText =
        "2026-11-23 21:46:28 +0000 UTC \"2026-11-23T21:46:28Z\" "
        + "2026-11-23 21:46:28 +0000 UTC \"2026-11-23 21:46:28 +0000 UTC\""

    @Test(
        "A name that is not there, or cannot be, is named with its type",
        arguments: [
            Case("{{.id}}", "<.id>: can't evaluate field id in type container"),
            Case("{{.Created.Unix}}", "<.Created.Unix>: can't evaluate field Unix in type time.Time"),
            Case("{{.Label 1}}", "<1>: expected string; found 1"),
            Case("{{len .Created}}", "<len .Created>: error calling len: len of type time.Time"),
        ])
    func namesTypeInError(_ example: Case) throws {
        let error = #expect(throws: TemplateError.self) { try Template(example.template).render(Self.container) }
        #expect(error?.stage == .execute)
        #expect(error?.message.hasSuffix(example.expected) == true)
    }

    @Test("The template's name stands in its errors")
    func namesTemplate() throws {
        let parse = #expect(throws: TemplateError.self) { try Template("{{", name: "ls") }
        #expect(parse?.stage == .parse)
        #expect(parse?.description == "template: ls:1: unclosed action")
        let execute = #expect(throws: TemplateError.self) { try Template("\n {{.X}}", name: "ls").render("") }
        #expect(execute?.message == "template: ls:2:3: executing \"ls\" at <.X>: can't evaluate field X in type string")
    }

    @Test("What a map gives for a key it has not is the zero value of its elements")
    func findsZeroValue() throws {
        let template = try Template("{{index . \"x\"}}")
        #expect(try template.render(.map([("a", "text")])) == "")
        #expect(try template.render(.map([("a", 1)])) == "0")
        #expect(try template.render(.map([("a", 1), ("b", "text")])) == "<no value>")
        #expect(try template.render(.object(.map([], missing: 7))) == "7")
    }

    @Test("Of two equal keys in a map the last counts")
    func keepsLastKey() {
        #expect(Value.map([("b", 1), ("a", 2), ("b", 3)]).json() == #"{"a":2,"b":3}"#)
    }

    @Test("A method is called only when a template names it")
    func callsMethodLate() throws {
        let data = Value.structure([
            .init("A", 1),
            .method("B") { _ in
                Issue.record("called"); return 0
            },
        ])
        #expect(try Template("{{.A}} {{json .}} {{.}}").render(data) == "1 {\"A\":1} {1}")
    }
}
