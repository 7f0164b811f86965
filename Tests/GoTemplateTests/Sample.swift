import GoTemplate
import Testing

/// A template and what it gives over ``Sample/data``. The expectations are what Go 1.19 gave for the same struct.
struct Case: Sendable, CustomTestStringConvertible {
    let template: String
    let expected: String

    init(_ template: String, _ expected: String) {
        self.template = template
        self.expected = expected
    }

    var testDescription: String { template }

    /// What the template gives here: its text, or the message of its error.
    var outcome: String {
        do throws(TemplateError) {
            return try Template(template).render(Sample.data)
        } catch {
            return error.message
        }
    }
}

/// The data that the tables of templates are rendered over.
enum Sample {
    static let labels: [(String, Value)] = [("b", "two"), ("a", "one"), ("io.x/y", "z<&>")]

    static let data = Value.structure(
        [
            .init("ID", json: "Id", "0123456789abcdef"),
            .init("Name", "web"),
            .init("Running", true),
            .init("Pid", 42),
            .init("Ratio", 0.25),
            .init("Names", ["web", "www"]),
            .init("Labels", .map(labels)),
            .init("Any", .map([("n", nil), ("i", 7), ("f", 1.5), ("s", "x"), ("l", ["p", "q"])])),
            .init("Ports", [inner("p1", 80, 1.5), inner("p2", 443, 0.0)]),
            .init("State", inner("s", 3, 2.5)),
            .init("Health", nil),
            .init("NilMap", .nilMap),
            .init("NilList", .nilSlice),
            .init("Empty", []),
            .init("Text", "<a href=\"x\">Tom & 'Jerry'</a> = é\n"),
            .method("Status") { _ in "Up 2 hours" },
            .method("Label", parameters: 1) { arguments in
                guard case .string(let key) = arguments.first else { return "" }
                return labels.first { $0.0 == key }?.1 ?? ""
            },
        ], typeName: "main.Data")

    private static func inner(_ id: Value, _ count: Value, _ size: Value) -> Value {
        .structure(
            [
                .init("ID", json: "Id", id),
                .init("Count", json: "count", count),
                .init("Size", json: "size", omitEmpty: true, size),
                .init("Next", json: "next", nil),
            ], typeName: "main.Inner")
    }
}
