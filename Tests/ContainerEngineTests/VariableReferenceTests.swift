import Testing

@testable import ContainerEngine

@Suite("References to variables")
struct VariableReferenceTests {
    private static let variables = ["hello=world", "two=2", "empty=", "path=/a=b"]

    @Test(
        "A reference stands for the variable's value",
        arguments: [
            ("$hello-some", "world-some"), ("${hello}some", "worldsome"), ("a${two}${hello}", "a2world"),
            ("$path", "/a=b"), ("$nosuch.", "."), ("${}", ""), ("$$x", "$"), ("a$", "a$"), ("$-", "$-"),
            ("$2two", "two"),
            ("${nosuch:-$two}", "2"), ("${empty:-x}", "x"), ("${hello:-x}", "world"), ("${hello:+x$two}", "x2"),
            ("${empty:+x}", ""), ("'$hello'", "$hello"), ("\"$hello 'x'\"", "world 'x'"), ("\\$hello", "$hello"),
            ("\"\\$hello \\x \\\"\"", "$hello \\x \""), ("'open", "open"), ("é$hello", "éworld"), ("", ""),
        ])
    func values(text: String, wanted: String) throws {
        #expect(try VariableReferences.expand(text, Self.variables) == wanted)
    }

    @Test(
        "A reference without end or with another modifier is refused in Podman's words",
        arguments: [
            ("${hello", "Missing ':' in substitution: ${hello"), ("${a b}", "Missing ':' in substitution: ${a b}"),
            ("${a:?x}", "Unsupported modifier (?) in substitution: ${a:?x}"),
            ("${a:", "Unsupported modifier () in substitution: ${a:"),
        ])
    func refusals(text: String, message: String) {
        let error = #expect(throws: EngineError.self) { try VariableReferences.expand(text, Self.variables) }
        #expect(error?.message == message)
    }
}
