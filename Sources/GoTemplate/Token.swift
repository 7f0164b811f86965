/// One word of a template.
struct Token: Sendable {
    enum Kind: Sendable, Equatable {
        /// The text is what is wrong.
        case error
        case end
        case text
        case leftDelimiter, rightDelimiter
        case space
        case leftParenthesis, rightParenthesis
        case pipe, declare, assign, comma
        /// Printable ASCII that means nothing to the language.
        case character
        case identifier
        /// `.Name`, with the point.
        case field
        /// `$name`, with the dollar sign.
        case variable
        case dot
        case bool, number, characterConstant, string, rawString
        case keyword(Keyword)
    }

    enum Keyword: String, Sendable {
        case null = "nil"
        case block, `break`, `continue`, define, `else`, end, `if`, range, template, with
    }

    let kind: Kind
    let text: String
    /// The offset of the first byte in the template.
    let position: Int
    /// The line of the first byte, counted from 1.
    let line: Int

    /// The token as Go's parser names it in messages.
    var description: String {
        switch kind {
        case .end: "EOF"
        case .rightDelimiter: Quote.quoted("}}")
        case .error: text
        case .keyword, .dot: "<\(text)>"
        default:
            // Only the start of long tokens is shown.
            text.unicodeScalars.count > 10
                ? Quote.quoted(String(text.unicodeScalars.prefix(10))) + "..." : Quote.quoted(text)
        }
    }
}
