/// A template in the language of Go's `text/template`, as Podman's `--format` takes it.
///
/// Besides the language's own functions it knows those that Podman adds: `json`, `lower`, `upper`, `title`, `join`,
/// `split`, `pad` and `truncate` (`containers/common/pkg/report`). The function `call` is not there, for no value is a
/// function.
public struct Template: Sendable {
    /// The name in error messages; Podman gives the name of the command.
    public let name: String
    let text: String
    /// What each `define` and `block` holds, and under the template's own name what is outside of them.
    let definitions: [String: [Statement]]

    /// Reads a template.
    ///
    /// - Parameters:
    ///   - text: the template. Control structures and parentheses nest at most 100 deep.
    ///   - name: what error messages call it.
    /// - Throws: ``TemplateError`` with the line and what is wrong there, for example
    ///   `template: format:1: unclosed action`.
    public init(_ text: String, name: String = "format") throws(TemplateError) {
        self.name = name
        self.text = text
        var parser = Parser(text: text, name: name)
        definitions = try parser.parse()
    }

    /// Writes the template over the data.
    ///
    /// - Throws: ``TemplateError`` where the template does not fit the data or a function fails, or where templates
    ///   call each other more than 1000 deep.
    public func render(_ data: Value) throws(TemplateError) -> String {
        var evaluator = Evaluator(template: self, data: data)
        return try evaluator.run()
    }
}
