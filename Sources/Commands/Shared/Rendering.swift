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
            guard let text, text != "table" else {
                self = .table
                return
            }
            if Rendering.isJSON(text) {
                self = .json
            } else if text.hasPrefix("table ") {
                self = .tableTemplate(Rendering.columns(String(text.dropFirst(6).drop { $0 == " " })))
            } else {
                self = .template(Rendering.unescaped(text))
            }
        }
    }

    /// Writes a list.
    ///
    /// - Parameters:
    ///   - rows: the values that templates and JSON see; a lazy sequence keeps no more than one of a long table.
    ///   - format: what `--format` says.
    ///   - columns: the table's header and the template of each column.
    ///   - headings: the header of a field in a template of the person's own, where it is not the field's name.
    ///   - heading: whether the header is shown.
    /// - Throws: `TemplateError` for a template that cannot be used.
    static func list(
        _ rows: some Sequence<Value>, format: Format, columns: [(header: String, template: String)],
        headings: [String: String] = [:], heading: Bool = true
    ) throws {
        switch format {
        case .json:
            Output.line(Value.array(Array(rows)).json(indent: "  "))
        case .template(let text): Output.verbatim(try rendered(rows, text))
        case .table:
            let template = try Template(columns.map(\.template).joined(separator: "\t"))
            try table(rows, template, heading ? columns.map(\.header) : nil)
        case .tableTemplate(let text):
            try table(rows, try Template(text), heading ? headers(of: text, headings) : nil)
        }
    }

    /// The rows through a person's template, each on a line of its own. As in Podman, a template that begins with
    /// `{{range .}}` goes over the list itself.
    private static func rendered(_ rows: some Sequence<Value>, _ text: String) throws -> String {
        let template = try Template(text.hasSuffix("\n") ? text : text + "\n")
        guard rangesOverList(text) else { return try rows.map { try template.render($0) }.joined() }
        return try template.render(.array(Array(rows)))
    }

    /// Whether the template begins with a range over the whole list: `{{range .}}`, `{{range $i, $row := .}}`.
    private static func rangesOverList(_ text: String) -> Bool {
        guard text.hasPrefix("{{"), let end = text.firstRange(of: "}}") else { return false }
        let action = text[..<end.lowerBound].dropFirst(2)
        let words = action.drop { $0 == "-" }.split { $0.isWhitespace }.filter { $0 != "-" }
        guard words.first == "range", words.last == "." else { return false }
        return words.count == 2 || words.dropLast().last == ":="
    }

    private static func table(_ rows: some Sequence<Value>, _ template: Template, _ header: [String]?) throws {
        var text = header.map { $0.joined(separator: "\t") + "\n" } ?? ""
        for row in rows {
            text += printable(try template.render(row))
            text += "\n"
        }
        Output.text(TabWriter.columns(text: text))
    }

    /// The header that Podman makes of a template: each action becomes its field's name in capitals.
    private static func headers(of text: String, _ headings: [String: String]) -> [String] {
        let header = pieces(of: text).map { piece, isAction in
            guard isAction else { return String(piece) }
            let words = piece.dropFirst(2).dropLast(2).split(whereSeparator: \.isWhitespace)
            let word = words.last { $0.hasPrefix(".") } ?? ""
            let field = word.split(separator: ".").last.map(String.init) ?? ""
            return headings[field] ?? capitals(field)
        }
        return header.joined().split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }

    /// `ExitCode` as `EXIT CODE`.
    private static func capitals(_ field: String) -> String {
        var text = ""
        var followsSmall = false
        for character in field {
            if character.isUppercase && followsSmall { text += " " }
            followsSmall = character.isLowercase
            text += character.uppercased()
        }
        return text
    }

    /// What is outside of `{{` and `}}`, and, marked, what is inside, the braces included.
    private static func pieces(of text: String) -> [(text: Substring, isAction: Bool)] {
        var pieces: [(Substring, Bool)] = []
        var rest = text[...]
        while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
            pieces.append((rest[..<open.lowerBound], false))
            pieces.append((rest[open.lowerBound..<close.upperBound], true))
            rest = rest[close.upperBound...]
        }
        return pieces + [(rest, false)]
    }

    /// A template behind the word `table`: a space between two fields begins a column, too, as in Podman.
    private static func columns(_ text: String) -> String {
        let columns = pieces(of: unescaped(text)).map { piece, isAction in
            isAction ? piece : Substring(piece.replacing(" ", with: "\t"))
        }.joined()
        return columns.hasSuffix("\n") ? String(columns.dropLast()) : columns
    }

    /// Whether a format asks for JSON: `json`, or the template that says the same.
    static func isJSON(_ format: String) -> Bool {
        ["json", "{{json.}}"].contains(format.filter { !$0.isWhitespace })
    }

    /// Podman takes `\t` and `\n` in a format for what they stand for.
    static func unescaped(_ text: String) -> String {
        text.replacing("\\t", with: "\t").replacing("\\n", with: "\n")
    }

    /// Control characters of names and commands must not reach a terminal as such; those that make the table may.
    static func printable(_ text: String) -> String {
        func isRefused(_ value: UInt32) -> Bool { value < 32 && value != 9 && value != 10 || value == 127 }
        guard text.utf8.contains(where: { isRefused(UInt32($0)) }) else { return text }
        return text.unicodeScalars.map { scalar in
            isRefused(scalar.value) ? "\\x" + hexadecimal(UInt8(scalar.value)) : String(scalar)
        }.joined()
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    /// Writes documents as `inspect` does: a JSON array with Podman's indentation, `[]` for none, or each through a
    /// template; behind the word `table`, in columns without a header.
    static func documents(_ documents: [Value], format: String?) throws {
        guard let format, !format.isEmpty, !isJSON(format) else {
            Output.line(Value.array(documents).json(indent: "     "))
            return
        }
        guard !documents.isEmpty else { return }
        switch Format(format) {
        case .json, .table: Output.verbatim(try rendered(documents, format))
        case .template(let text): Output.verbatim(try rendered(documents, text))
        case .tableTemplate(let text): try table(documents, try Template(text), nil)
        }
    }
}
