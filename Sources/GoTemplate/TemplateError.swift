/// A template that could not be read, or that could not be rendered over its data.
///
/// The message is the one Go's `text/template` gives, which is what Podman prints after `Error: `, for example
/// `template: format:1:2: executing "format" at <.Nope>: can't evaluate field Nope in type container`.
public struct TemplateError: Error, Equatable, Sendable, CustomStringConvertible {
    /// When the error was found.
    public enum Stage: Sendable {
        /// The text is not a template: the user's spelling is wrong.
        case parse
        /// The template is well formed but does not fit the data.
        case execute
    }

    /// When the error was found.
    public let stage: Stage
    /// The whole text, starting with `template: `.
    public let message: String

    /// The message.
    public var description: String { message }
}

/// What a function of the template language found wrong with its arguments. The evaluator adds the place.
struct CallError: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}
