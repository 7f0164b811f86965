internal import FoundationEssentials
internal import OCISpec

/// One instruction of `--change`, as a Dockerfile writes it.
enum ImageChange {
    /// Applies an instruction to how an image is run.
    ///
    /// - Throws: `EngineError` naming the instruction.
    static func apply(_ text: String, to execution: inout ImageConfiguration.Execution) throws {
        let parts = text.split(maxSplits: 1, whereSeparator: { $0 == " " || $0 == "=" || $0 == "\t" })
        guard parts.count == 2 else { throw EngineError("invalid change \"\(text)\": must be INSTRUCTION value") }
        let value = parts[1].trimmed
        switch parts[0].uppercased() {
        case "CMD": execution.command = try command(value, text)
        case "ENTRYPOINT": execution.entrypoint = try command(value, text)
        case "ENV":
            for (name, content) in try pairs(value, text) {
                execution.environment.removeAll { $0.hasPrefix("\(name)=") }
                execution.environment.append("\(name)=\(content)")
            }
        case "EXPOSE":
            for port in words(value) { execution.exposedPorts.insert(port.contains("/") ? port : "\(port)/tcp") }
        case "LABEL":
            for (name, content) in try pairs(value, text) {
                execution.labels = (execution.labels ?? [:]).merging([name: content]) { $1 }
            }
        case "STOPSIGNAL": execution.stopSignal = value
        case "USER": execution.user = value
        case "VOLUME":
            for path in try value.hasPrefix("[") ? list(value, text) : words(value) { execution.volumes.insert(path) }
        case "WORKDIR": execution.workingDirectory = value
        default: throw EngineError("invalid change \"\(text)\": \(parts[0]) cannot be changed")
        }
    }

    /// A JSON array of words, or a line for the shell.
    private static func command(_ value: String, _ text: String) throws -> [String] {
        value.hasPrefix("[") ? try list(value, text) : ["/bin/sh", "-c", value]
    }

    private static func list(_ value: String, _ text: String) throws -> [String] {
        do { return try JSONDecoder().decode([String].self, from: Data(value.utf8)) } catch {
            throw EngineError("invalid change \"\(text)\": not a JSON array of strings")
        }
    }

    /// `A=1 B="two words"`, or `A one value`.
    private static func pairs(_ value: String, _ text: String) throws -> [(String, String)] {
        let all = words(value)
        guard let first = all.first else { throw EngineError("invalid change \"\(text)\": it names nothing") }
        guard first.contains("=") else {
            guard all.count > 1 else { throw EngineError("invalid change \"\(text)\": \(first) has no value") }
            return [(first, String(value.dropFirst(first.count)).trimmed)]
        }
        return try all.map { word in
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw EngineError("invalid change \"\(text)\": \(word) is not name=value")
            }
            return (String(parts[0]), String(parts[1]))
        }
    }

    /// Words between blanks; quotes and backslashes keep blanks inside.
    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if character.isWhitespace {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let done = word { words.append(done) }
        return words
    }
}

extension StringProtocol {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
