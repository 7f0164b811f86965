import Testing

@Suite("Sizes") struct Sizes {
    static let sourceFileLimit = 500
    static let testFileLimit = 600
    static let functionLimit = 60

    @Test("A source file has at most 500 lines")
    func sourceFiles() throws {
        try check("Sources", limit: Self.sourceFileLimit)
    }

    @Test("A test file has at most 600 lines")
    func testFiles() throws {
        try check("Tests", limit: Self.testFileLimit)
    }

    @Test("A function has at most 60 lines", arguments: ["Sources", "Tests", "Examples/whoami/Sources"])
    func functionLengths(folder: String) throws {
        let files = try Repository.swiftFiles(under: folder)
        let found = files.flatMap { file in functions(in: file).map { (file, $0) } }
        print("Sizes: \(found.count) functions in \(files.count) files of \(folder)")
        #expect(!files.isEmpty && !found.isEmpty)
        for (file, function) in found where function.lines > Self.functionLimit {
            Issue.record("\(file.place(function.start)): \(function.name) has \(function.lines) lines")
        }
    }

    private func check(_ folder: String, limit: Int) throws {
        let files = try Repository.swiftFiles(under: folder)
        print("Sizes: \(files.count) files in \(folder)")
        #expect(!files.isEmpty)
        for file in files where file.lines.count > limit {
            Issue.record("\(file) has \(file.lines.count) lines; \(limit) is the limit")
        }
    }
}

/// A function, initializer, subscript or computed property, from its name to its closing brace.
struct Function {
    let name: String
    /// The index of the line that declares it.
    let start: Int
    let lines: Int
}

/// The functions of a file, by a scan of its braces. Closures count with the function that they are in.
func functions(in file: SourceFile) -> [Function] {
    var found: [Function] = []
    var open: [(name: String, start: Int, isFunction: Bool)?] = []
    // The declaration that waits for its opening brace. A closing brace, or a declaration without a
    // body before the next one, ends the wait.
    var pending: (name: String, start: Int, isFunction: Bool)?
    for (index, line) in file.code.enumerated() {
        if let declared = declaration(in: line) { pending = (declared.name, index, declared.isFunction) }
        for character in line {
            if character == "{" {
                open.append(pending)
                pending = nil
            } else if character == "}", let last = open.popLast() {
                pending = nil
                guard let last, last.isFunction else { continue }
                found.append(Function(name: last.name, start: last.start, lines: index - last.start + 1))
            }
        }
    }
    return found.sorted { $0.start < $1.start }
}

/// What a line declares, if it begins a declaration: attributes and modifiers may stand before it.
private func declaration(in line: Substring) -> (name: String, isFunction: Bool)? {
    let form =
        #/
        \s* (?: @\w+ (?: \( [^)]* \) )? \s+ )*       # attributes
        (?: [a-z]+ (?: \( [a-z]+ \) )? \s+ )*?       # modifiers
        (?: (?: func | var ) \s+ (?<name> [^\s(<:]+ )
          | (?<word> init | subscript | deinit ) \b
          | (?: struct | enum | class | extension | protocol | actor | let | case ) \s+ \w )
        /#
    guard let match = line.prefixMatch(of: form) else { return nil }
    guard let name = match.name ?? match.word else { return ("", false) }
    return (String(name), true)
}
