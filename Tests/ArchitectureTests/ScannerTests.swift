import Testing

@Suite("The scanner that the other checks stand on") struct ScannerTests {
    @Test(
        "keeps code, and blanks comments and strings",
        arguments: [
            ("a // unsafe", "a"),
            ("a /* x /* y */ z */ b", "a                   b"),
            (#"f("unsafe") + b"#, "f(        ) + b"),
            (#"f("a\"b") c"#, "f(      ) c"),
            (##"f(#"a"b"#) c"##, "f(       ) c"),
            (#"f("\(try! g("x)") + 1)!") c"#, "f(   try! g(    ) + 1   ) c"),
            ("f(\"\"\"\n  \" unsafe {\n  \"\"\") c", "f(\n\n     ) c"),
            ("\"open\nb", "\nb"),
            ("f(\"äß\") // ö\nü", "f(      )\nü"),
        ])
    func blanks(text: String, code: String) {
        var scanner = CodeScanner(text)
        let result = scanner.codeOnly()
        #expect(result.utf8.count == text.utf8.count)
        #expect(result.trimmingLineEnds == code)
    }

    @Test("finds functions and their lengths")
    func functionLengths() {
        let text = """
            protocol P {
                func a()
                var b: Int { get }
            }
            extension P {
                @discardableResult public static func c(
                    extension: [Int]
                ) -> Int {
                    each { item in
                        if item { 1 }
                    }
                }
                init?() { self = nil }
                var d: String {
                    "}"
                }
                let closure = {
                    1
                }
            }
            """
        let found = functions(in: SourceFile(path: "x", text: text)).map { "\($0.name) \($0.lines)" }
        #expect(found == ["b 1", "c 7", "init 1", "d 3"])
    }
}

extension String {
    /// Without the blanks that end its lines.
    fileprivate var trimmingLineEnds: String {
        split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in String(line.reversed().drop { $0 == " " }.reversed()) }
            .joined(separator: "\n")
    }
}
