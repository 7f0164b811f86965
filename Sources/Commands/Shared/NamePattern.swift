internal import ContainerEngine

/// A name as `--filter name=` has it: a regular expression that is found anywhere in it, as in Podman.
struct NamePattern {
    private let expression: Regex<AnyRegexOutput>

    /// - Throws: `EngineError` when the text is no regular expression.
    init(_ text: String) throws {
        // What is wrong where in it is not said in words for people.
        guard let expression = try? Regex(text) else {
            throw EngineError("invalid filter name=\(text): it is no regular expression")
        }
        self.expression = expression
    }

    func matches(_ name: String) -> Bool { name.contains(expression) }
}
