import Testing

@Suite("Safety") struct Safety {
    @Test("Raw memory and C are touched in LinuxSys only")
    func unsafeStaysInLinuxSys() throws {
        let files = try sources().filter { !$0.path.hasPrefix("Sources/LinuxSys/") }
        expectNone(of: #/\bunsafe\b|\bUnsafe\w+|\bimport\s+(?:CLinux|Glibc|Musl)\b/#, in: files)
    }

    @Test("No source file imports Foundation")
    func noFoundation() throws {
        expectNone(of: #/\bimport\s+(?:\w+\s+)?Foundation\b/#, in: try sources())
    }

    @Test("No source file ends the process where it could throw")
    func nothingTraps() throws {
        expectNone(of: #/\btry!|\sas!\s|\bfatalError\s*\(/#, in: try sources())
    }

    @Test("A dropped error has a comment that says why, on its line or the one before")
    func droppedErrorsAreExplained() throws {
        let files = try sources()
        var dropped = 0
        for file in files {
            for (index, code) in file.code.enumerated() where code.contains("try?") {
                dropped += 1
                let explained = [index, index - 1].contains { file.lines.indices.contains($0) && hasComment(file, $0) }
                #expect(explained, "\(file.place(index)): try? without a comment")
            }
        }
        print("Safety: \(dropped) dropped errors in \(files.count) files")
    }

    @Test(
        "The patterns find what they are for",
        arguments: [
            ("let a = unsafe b", true), ("nonisolated(unsafe) var a", true), ("UnsafePointer<Int>", true),
            ("import Glibc", true), ("let unsafely = 1 // unsafe", false), (#"print("unsafe")"#, false),
        ])
    func unsafePattern(text: String, isFound: Bool) {
        let file = SourceFile(path: "x", text: text)
        #expect(file.code[0].contains(#/\bunsafe\b|\bUnsafe\w+|\bimport\s+(?:CLinux|Glibc|Musl)\b/#) == isFound)
    }

    private func sources() throws -> [SourceFile] {
        let files = try Repository.swiftFiles(under: "Sources")
        #expect(!files.isEmpty)
        return files
    }

    private func expectNone(of pattern: Regex<Substring>, in files: [SourceFile]) {
        print("Safety: \(files.count) files")
        #expect(!files.isEmpty)
        for file in files {
            for (index, code) in file.code.enumerated() where code.contains(pattern) {
                Issue.record("\(file.place(index)): \(file.lines[index])")
            }
        }
    }

    /// Whether the line has a comment: its code is shorter than the line, and two slashes are gone.
    private func hasComment(_ file: SourceFile, _ index: Int) -> Bool {
        file.lines[index].contains("//") && !file.code[index].contains("//")
    }
}
