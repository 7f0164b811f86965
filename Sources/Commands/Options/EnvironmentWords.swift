internal import ContainerEngine
internal import LinuxSys

/// `--env`, `--env-file` and the like: variables as `NAME=value`, later ones after earlier ones.
enum EnvironmentWords {
    /// The variables of files, then those of the command line.
    ///
    /// `NAME` stands for the caller's own value, if there is one, and `NAME*` for all of the caller's variables whose
    /// names begin so.
    ///
    /// - Throws: `EngineError`, in Podman's words, for a variable without a name or a file that cannot be read.
    static func variables(files: [String], words: [String]) throws -> [String] {
        try files.flatMap(variables(inFile:)) + words.flatMap(variables(word:))
    }

    /// Everything in the environment of this process.
    static func own() throws -> [String] {
        try File.read("/proc/self/environ").split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func variables(inFile path: String) throws -> [String] {
        let text: String
        do { text = try File.readText(path, limit: 1 << 20) } catch {
            throw EngineError("parsing env file \"\(path)\": open \(path): \(Failure.goText(error))")
        }
        do {
            return try text.split(whereSeparator: \.isNewline).map { String($0.drop(while: \.isWhitespace)) }
                .filter { !$0.hasPrefix("#") }.flatMap(variables(word:))
        } catch let error as EngineError {
            throw EngineError("parsing env file \"\(path)\": \(error.message)")
        }
    }

    private static func variables(word: String) throws -> [String] {
        guard let first = word.first else { return [] }
        if first == "=" { throw EngineError("invalid environment variable: \"\(word)\"") }
        if word.contains("=") { return [String(word.drop(while: \.isWhitespace))] }
        if word.hasSuffix("*") { return try own().filter { $0.hasPrefix(word.dropLast()) } }
        return StandardStream.environment(word).map { ["\(word)=\($0)"] } ?? []
    }
}
