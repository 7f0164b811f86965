import Foundation
import Testing

/// A lint that cannot fail is decoration: each rule is broken on purpose, and must be reported.
@Suite("The lint bites") struct LintBites {
    static let violations: [(rule: String, code: String)] = [
        ("AllPublicDeclarationsHaveDocumentation", "public let a = 1\n"),
        ("AvoidRetroactiveConformances", "extension Int: @retroactive Sequence {}\n"),
        ("FileScopedDeclarationPrivacy", "fileprivate let a = 1\n"),
        ("NeverForceUnwrap", "let a = Int(\"1\")!\n"),
        ("NeverUseForceTry", "let a = try! b()\n"),
        ("NeverUseImplicitlyUnwrappedOptionals", "var a: Int!\n"),
        ("NoBlockComments", "/* a */\nlet a = 1\n"),
        ("OrderedImports", "import B\nimport A\n"),
        (
            "ValidateDocumentationComments",
            "/// Adds.\n///\n/// - Parameters:\n///   - c: Nothing.\n///   - d: Nothing.\nfunc a(e: Int, b: Int) {}\n"
        ),
        ("LineLength", "let a = [\(String(repeating: "1000, ", count: 30))1]\n"),
        ("Indentation", "func a() {\n  b()\n}\n"),
    ]

    @Test("A broken rule makes the lint fail", arguments: violations)
    func ruleBites(rule: String, code: String) throws {
        let result = try lint(code)
        #expect(result.status != 0, "\(rule) is not reported")
        #expect(result.report.contains("[\(rule)]"), "\(rule) is not named: \(result.report)")
    }

    @Test("Clean code passes the same lint")
    func cleanCodePasses() throws {
        let result = try lint("/// One.\npublic let one = 1\n")
        #expect(result.status == 0, "\(result.report)")
    }

    @Test("Every rule that the configuration turns on is broken here")
    func everyRuleIsTried() throws {
        let text = try Data(contentsOf: Repository.root.appending(path: ".swift-format"))
        let configuration = try JSONDecoder().decode(Configuration.self, from: text)
        let enabled = configuration.rules.filter(\.value).keys.sorted()
        print("LintBites: \(enabled.count) rules")
        #expect(!enabled.isEmpty)
        #expect(Set(enabled).subtracting(Self.violations.map(\.rule)).isEmpty)
    }

    private struct Configuration: Decodable {
        let rules: [String: Bool]
    }

    /// Lints one file that holds the code, as `make lint` does.
    private func lint(_ code: String) throws -> (status: Int32, report: String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "LintBites-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // The folder is of no use afterwards, and a test has nothing to add to a failed removal.
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "Planted.swift")
        try code.write(to: file, atomically: true, encoding: .utf8)

        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "swift", "format", "lint", "--strict",
            "--configuration", Repository.root.appending(path: ".swift-format").path, file.path,
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let report = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: report, as: UTF8.self))
    }
}
