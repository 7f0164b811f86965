/// Columns of text, aligned with spaces as Go's `text/tabwriter` does it.
///
/// Podman makes its tables with `tabwriter.NewWriter(os.Stdout, 12, 2, 2, ' ', 0)`
/// (`containers/common/pkg/report`): columns at least 12 wide, at least two spaces between them.
public enum TabWriter {
    private struct Cell {
        /// Where it is in the text.
        let bytes: Range<Int>
        /// In characters.
        let width: Int
    }

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
        // All that separates is ASCII, so no scalar is cut.
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        output.reserveCapacity(2 * bytes.count)
        var lines: [[Cell]] = []
        var cells: [Cell] = []
        var (start, width) = (0, 0)
        func endCell(at end: Int) {
            cells.append(Cell(bytes: start..<end, width: width))
            (start, width) = (end + 1, 0)
        }
        func endLine(at end: Int) {
            endCell(at: end)
            lines.append(cells)
            cells.removeAll(keepingCapacity: true)
        }
        func endColumns() {
            align(lines, of: bytes, minWidth: max(0, minWidth), padding: max(0, padding), to: &output)
            lines = []
        }
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "\t"), 0x0B: endCell(at: index)
            case UInt8(ascii: "\n"): endLine(at: index)
            case 0x0C:
                // A form feed ends a line and with it all columns.
                endLine(at: index)
                endColumns()
                output.append(UInt8(ascii: "\n"))
            // Every scalar has one byte in UTF-8 that continues none.
            default: width += byte & 0xC0 != 0x80 ? 1 : 0
            }
        }
        // Text that ends with a tab ends with that cell, as no other has begun.
        if cells.isEmpty || start < bytes.count { endCell(at: bytes.count) }
        lines.append(cells)
        endColumns()
        return String(decoding: output, as: UTF8.self)
    }

    private static func align(
        _ lines: [[Cell]], of text: [UInt8], minWidth: Int, padding: Int, to output: inout [UInt8]
    ) {
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
                widths[open[column]] = max(widths[open[column]], cell.width + padding)
            }
            return open
        }
        for (index, (cells, blocks)) in zip(lines, blocks).enumerated() {
            if index > 0 { output.append(UInt8(ascii: "\n")) }
            for (column, cell) in cells.enumerated() {
                output.append(contentsOf: text[cell.bytes])
                guard column < blocks.count else { continue }
                let missing = widths[blocks[column]] - cell.width
                output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: max(0, missing)))
            }
        }
    }
}
