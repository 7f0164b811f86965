import GoTemplate
import Testing

/// The expectations are the output of Go's `tabwriter.NewWriter(os.Stdout, 12, 2, 2, ' ', 0)`.
@Suite struct TabWriterTests {
    @Test("The table of podman network ls is aligned as Podman's")
    func alignsTable() {
        let rows = [["NETWORK ID", "NAME", "DRIVER"], ["2f259bab93aa", "podman", "bridge"]]
        let expected = """
            NETWORK ID    NAME        DRIVER
            2f259bab93aa  podman      bridge

            """
        #expect(TabWriter.columns(rows: rows) == expected)
    }

    @Test(
        "Text is aligned as Go aligns it",
        arguments: [
            ("", ""),
            ("\n", "\n"),
            ("a", "a"),
            ("a\n", "a\n"),
            ("a\tb\n", "a           b\n"),
            ("a\tb", "a           b"),
            ("a\t", "a"),
            ("a\t\n", "a           \n"),
            ("0123456789\tx\n", "0123456789  x\n"),
            ("0123456789a\tx\n", "0123456789a  x\n"),
            // The last cell of a line makes no column wider.
            ("a\tb\n0123456789abcdef\n", "a           b\n0123456789abcdef\n"),
            // A line with fewer cells ends the column.
            (
                "0123456789abcdef\tx\nplain\na\tb\n",
                "0123456789abcdef  x\nplain\na           b\n"
            ),
            (
                "a\t0123456789abcdef\tx\nb\tc\nd\te\tf\n",
                "a           0123456789abcdef  x\nb           c\nd           e           f\n"
            ),
            // Characters count, not bytes.
            ("éééééééééééé\tx\naaaaaaaaaaaa\tx\n", "éééééééééééé  x\naaaaaaaaaaaa  x\n"),
            // A form feed ends all columns.
            ("0123456789abcdef\tx\u{C}a\tb\n", "0123456789abcdef  x\na           b\n"),
            ("a\u{B}b\n", "a           b\n"),
        ])
    func alignsText(text: String, expected: String) {
        #expect(TabWriter.columns(text: text) == expected)
    }

    @Test("Width and padding are those that are asked for")
    func takesWidths() {
        #expect(TabWriter.columns(rows: [["a", "b"], ["ccc", "d"]], minWidth: 0, padding: 1) == "a   b\nccc d\n")
        #expect(TabWriter.columns(rows: [["a", "b"]], minWidth: -5, padding: -5) == "ab\n")
        #expect(TabWriter.columns(rows: []) == "")
    }

    @Test("A line of very many cells is aligned in one go")
    func alignsManyCells() {
        let text = TabWriter.columns(rows: [Array(repeating: "x", count: 20_000)], minWidth: 2, padding: 1)
        #expect(text.utf8.count == 2 * 20_000)
    }
}
