internal import ContainerEngine
internal import GoTemplate

/// How rows reach the person: a table, JSON, or a Go template of theirs. Every list command goes through here.
enum Rendering {
    /// What `--format` says.
    enum Format {
        case table
        case json
        /// A template whose columns are aligned under a header made of its field names.
        case tableTemplate(String)
        case template(String)

        init(_ text: String?) {
            switch text {
            case nil, "table": self = .table
            case "json", "{{json .}}": self = .json
            case let text? where text.hasPrefix("table "):
                // As in Podman, a blank between two fields begins a column.
                self = .tableTemplate(
                    String(text.dropFirst(6).drop { $0 == " " }).replacing("}} {{", with: "}}\t{{"))
            case let text?: self = .template(text)
            }
        }
    }

    /// Writes a list.
    ///
    /// - Parameters:
    ///   - rows: the values that templates and JSON see.
    ///   - format: what `--format` says.
    ///   - columns: the table's header and the template of each column.
    ///   - headings: the header of a field in a template of the person's own, where it is not the field's name.
    ///   - heading: whether the header is shown.
    /// - Throws: `TemplateError` for a template that cannot be used.
    static func list(
        _ rows: [Value], format: Format, columns: [(header: String, template: String)],
        headings: [String: String] = [:], heading: Bool = true
    ) throws {
        switch format {
        case .json:
            Output.line(Value.array(rows).json(indent: "  "))
        case .template(let text):
            let template = try Template(unescaped(text))
            for row in rows { Output.line(try template.render(row)) }
        case .table:
            let template = try Template(columns.map(\.template).joined(separator: "\t"))
            try table(rows, template, heading ? columns.map(\.header) : nil)
        case .tableTemplate(let text):
            let template = try Template(unescaped(text))
            try table(rows, template, heading ? headers(of: unescaped(text), headings) : nil)
        }
    }

    private static func table(_ rows: [Value], _ template: Template, _ header: [String]?) throws {
        var cells = header.map { [$0] } ?? []
        for row in rows {
            for line in try template.render(row).split(separator: "\n", omittingEmptySubsequences: false) {
                cells.append(
                    line.split(separator: "\t", omittingEmptySubsequences: false).map { printable(String($0)) })
            }
        }
        Output.text(TabWriter.columns(rows: cells))
    }

    /// The header that Podman makes of a template: each action becomes its field's name in capitals.
    private static func headers(of text: String, _ headings: [String: String]) -> [String] {
        text.split(separator: "\t", omittingEmptySubsequences: false).map { cell in
            var header = ""
            var rest = cell[...]
            while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
                header += rest[..<open.lowerBound]
                let action = rest[open.upperBound..<close.lowerBound]
                let word = action.split(separator: " ").last { $0.hasPrefix(".") } ?? ""
                let field = String(word.split(separator: ".").last ?? "")
                header += headings[field] ?? field.uppercased()
                rest = rest[close.upperBound...]
            }
            return header + rest
        }
    }

    /// Podman takes `\t` and `\n` in a format for what they stand for.
    static func unescaped(_ text: String) -> String {
        text.replacing("\\t", with: "\t").replacing("\\n", with: "\n")
    }

    /// Control characters of names and commands must not reach a terminal as such.
    private static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) else { return text }
        return text.unicodeScalars.map { scalar in
            scalar.value < 32 || scalar.value == 127 ? "\\x" + hexadecimal(UInt8(scalar.value)) : String(scalar)
        }.joined()
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    /// Writes documents as `inspect` does: a JSON array with Podman's indentation, or each through a template.
    static func documents(_ documents: [Value], format: String?) throws {
        guard let format, format != "json" else {
            Output.line(Value.array(documents).json(indent: "     "))
            return
        }
        let template = try Template(unescaped(format))
        for document in documents { Output.line(try template.render(document)) }
    }
}
