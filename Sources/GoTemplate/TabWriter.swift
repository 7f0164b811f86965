/// Columns of text, aligned with spaces as Go's `text/tabwriter` does it.
///
/// Podman makes its tables with `tabwriter.NewWriter(os.Stdout, 12, 2, 2, ' ', 0)`
/// (`containers/common/pkg/report`): columns at least 12 wide, at least two spaces between them.
public enum TabWriter {
    private typealias Cell = Substring.UnicodeScalarView

    /// Aligns a table given by its rows; each row becomes a line.
    ///
    /// - Parameters:
    ///   - rows: the cells; tabs and line feeds in them count as in `columns(text:)`.
    ///   - minWidth: the least width of a column with its padding, in characters.
    ///   - padding: how many spaces follow the widest cell of a column.
    /// - Returns: the lines, each ended by a line feed.
    public static func columns(rows: [[String]], minWidth: Int = 12, padding: Int = 2) -> String {
        columns(text: rows.map { $0.joined(separator: "\t") + "\n" }.joined(), minWidth: minWidth, padding: padding)
    }

    /// Aligns text whose cells end with tabs and whose rows end with line feeds.
    ///
    /// The text after a line's last tab is in no column and gets no padding. A column ends at the first line that
    /// has no tab for it. Characters are counted as Unicode scalars.
    public static func columns(text: String, minWidth: Int = 12, padding: Int = 2) -> String {
        // A form feed ends a line and with it all columns.
        let sections = text.unicodeScalars.split(separator: "\u{C}", omittingEmptySubsequences: false)
        return sections.enumerated().map { index, section in
            var lines = section.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                line.split(omittingEmptySubsequences: false) { $0 == "\t" || $0 == "\u{B}" }
            }
            // Text that ends with a tab ends with that cell, as no other has begun.
            if index == sections.count - 1, let last = lines.last, last.count > 1, last.last?.isEmpty ?? false {
                lines[lines.count - 1].removeLast()
            }
            return aligned(lines, minWidth: max(0, minWidth), padding: max(0, padding))
        }.joined(separator: "\n")
    }

    private static func aligned(_ lines: [[Cell]], minWidth: Int, padding: Int) -> String {
        // A block is one column over consecutive lines; a line's blocks are found by their index in `widths`.
        var widths: [Int] = []
        var open: [Int] = []
        let blocks = lines.map { cells in
            // The last cell of a line belongs to no column.
            let columns = cells.dropLast()
            open.removeLast(max(0, open.count - columns.count))
            for (column, cell) in columns.enumerated() {
                if column == open.count {
                    open.append(widths.count)
                    widths.append(minWidth)
                }
                widths[open[column]] = max(widths[open[column]], cell.count + padding)
            }
            return open
        }
        return zip(lines, blocks).map { cells, blocks in
            var line = String.UnicodeScalarView()
            for (column, cell) in cells.enumerated() {
                line.append(contentsOf: cell)
                guard column < blocks.count else { continue }
                line.append(contentsOf: repeatElement(" ", count: max(0, widths[blocks[column]] - cell.count)))
            }
            return String(line)
        }.joined(separator: "\n")
    }
}
