import Foundation

/// The checked-out repository that these tests read.
enum Repository {
    /// The folder that holds Package.swift.
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The names of the folders directly under a folder, sorted; files and hidden folders do not count.
    static func folders(under path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            at: root.appending(path: path), includingPropertiesForKeys: [.isDirectoryKey], options: .skipsHiddenFiles
        )
        .filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
        .map(\.lastPathComponent)
        .sorted()
    }

    /// Every Swift file below a folder, whatever the depth, in the order of the paths.
    static func swiftFiles(under path: String) throws -> [SourceFile] {
        let folder = root.appending(path: path)
        let walk = FileManager.default.enumerator(
            at: folder, includingPropertiesForKeys: nil, options: .skipsHiddenFiles)
        let files = (walk?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
        return try files.sorted { $0.path < $1.path }.map(SourceFile.init)
    }
}

/// One Swift file: as it stands, and with comments and the contents of strings blanked out.
struct SourceFile: CustomStringConvertible {
    /// The path from the repository's root.
    let path: String
    /// The lines as they stand.
    let lines: [Substring]
    /// The same lines, of the same lengths, where only code is left.
    let code: [Substring]

    var description: String { path }

    init(_ url: URL) throws {
        let text = try String(contentsOf: url, encoding: .utf8)
        self.init(path: String(url.path.dropFirst(Repository.root.path.count + 1)), text: text)
    }

    init(path: String, text: String) {
        self.path = path
        var scanner = CodeScanner(text)
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        code = scanner.codeOnly().split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// "path:line", counted from 1, for messages.
    func place(_ index: Int) -> String { "\(path):\(index + 1)" }
}

/// Tells Swift code from comments and from what stands inside strings.
///
/// It knows nested block comments, multi-line and raw strings, and code inside `\(…)`. Regular
/// expression literals are not known; one that holds a quotation mark would mislead it.
struct CodeScanner {
    private let text: [UInt8]
    private var index = 0
    private var output: [UInt8] = []

    private static let newline = UInt8(ascii: "\n")
    private static let quote = UInt8(ascii: "\"")
    private static let hash = UInt8(ascii: "#")

    init(_ text: String) {
        self.text = Array(text.utf8)
        output.reserveCapacity(self.text.count)
    }

    /// The text with blanks for every byte that is not code; line breaks stay where they are.
    mutating func codeOnly() -> String {
        scanCode(untilParenthesis: false)
        return String(decoding: output, as: UTF8.self)
    }

    /// Scans code to the end of the text, or to the parenthesis that closes an interpolation.
    private mutating func scanCode(untilParenthesis: Bool) {
        var depth = 0
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "/"), starts("//") {
                while index < text.count, text[index] != Self.newline { blank() }
            } else if byte == UInt8(ascii: "/"), starts("/*") {
                scanBlockComment()
            } else if byte == Self.quote || byte == Self.hash, let hashes = stringStart() {
                scanString(hashes: hashes)
            } else {
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == UInt8(ascii: ")") {
                    if untilParenthesis, depth == 0 { return }
                    depth -= 1
                }
                output.append(byte)
                index += 1
            }
        }
    }

    private mutating func scanBlockComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                blank(2)
            } else if starts("*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && index < text.count
    }

    /// The number of `#` before the quotation mark here, if a string begins here.
    private func stringStart() -> Int? {
        var end = index
        while end < text.count, text[end] == Self.hash { end += 1 }
        return end < text.count && text[end] == Self.quote ? end - index : nil
    }

    private mutating func scanString(hashes: Int) {
        let marks = String(repeating: "#", count: hashes)
        blank(hashes)
        let quote = starts("\"\"\"") ? "\"\"\"" : "\""
        let (end, escape, interpolation) = (quote + marks, "\\" + marks, "\\" + marks + "(")
        blank(quote.utf8.count)
        while index < text.count {
            if starts(end) {
                blank(end.utf8.count)
                return
            }
            if quote == "\"", text[index] == Self.newline { return }
            if starts(interpolation) {
                blank(interpolation.utf8.count)
                scanCode(untilParenthesis: true)
                blank()
            } else if starts(escape) {
                blank(escape.utf8.count + 1)
            } else {
                blank()
            }
        }
    }

    private func starts(_ mark: String) -> Bool {
        text[index...].starts(with: mark.utf8)
    }

    /// Replaces the next bytes by blanks; line breaks stay.
    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where index < text.count {
            output.append(text[index] == Self.newline ? Self.newline : UInt8(ascii: " "))
            index += 1
        }
    }
}
